/**
 * Writes the table of emails: one item per email, one conditional UpdateItem for all its events in one request. It
 * needs no read and no transaction: the condition is the merge (precedence.ts), and `ADD` to a set is idempotent and
 * commutes. Redelivery therefore changes nothing and loses nothing.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { abortable } from '../runtime/abortable.ts';
import { forEachConcurrently } from '../runtime/concurrency.ts';
import { day } from '../runtime/time.ts';
import { type CanonicalEvent, emailIdOf, isForeign } from './event.ts';
import { type HotEmails, hotEmailAfter, hotEmailIn } from './hot-emails.ts';
import { historyOf, type KnownItem, knownItem, knownItemOf } from './item.ts';
import { repeatKindOf } from './repeats.ts';
import { type Plan, planUpdate, rememberedUpdate, sentAtOf, updateInput } from './update.ts';

/**
 * Tries of one email's write before the provider must send it again. A later try has read the item and fails only if
 * another writer was faster. The caller's deadline usually ends them earlier.
 */
const maxAttempts = 100;

/**
 * Tries of a write after an error that may pass. The client itself has none, because the SDK's retry quota runs out
 * once many calls fail. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html (retry quota)
 */
const maxFailures = 3;

/** Milliseconds before the next try, spread by the email's id, which is as good as random. */
function backoff(failures: number, emailId: string): number {
  const spread = (emailId.charCodeAt(0) + emailId.charCodeAt(1)) % 32;
  return 25 * 2 ** failures + spread * 2;
}

/** Concurrent writes: more gains nothing (measured from 16 to 64). */
const concurrentWrites = 32;

export interface Unrecordable {
  /**
   * `item_full`: the item has no room for the event, which still decides the status. `refused_by_table`: DynamoDB
   * refuses the write as invalid, which is our fault. `foreign_account`: an account's own secret proved an event of
   * another account's email.
   */
  readonly reason: 'item_full' | 'refused_by_table' | 'foreign_account';
  readonly event: CanonicalEvent;
}

/** The outcomes of a request's events. Every event has exactly one. */
export interface Recorded {
  /** Events in the history, and counted repeats of opens and clicks. */
  readonly recorded: number;
  readonly duplicate: number;
  /** Repeats beyond the history's bound, and those of opens and clicks that may be counted already. */
  readonly dropped: number;
  /** Events of erased emails, which stay erased. */
  readonly erased: number;
  /** Events older than the retention, which are not written. */
  readonly expired: readonly CanonicalEvent[];
  /** Events that the table refuses on every try. */
  readonly unrecordable: readonly Unrecordable[];
  /** Events that were not written but may be on another try. */
  readonly failed: readonly { readonly events: readonly CanonicalEvent[]; readonly error: unknown }[];
}

export const nothingRecorded: Recorded = {
  recorded: 0,
  duplicate: 0,
  dropped: 0,
  erased: 0,
  expired: [],
  unrecordable: [],
  failed: [],
};

export interface Recorder {
  /**
   * Records the events of one request. Never rejects: unwritten events are in `failed`.
   *
   * @param receivedAt arrival, in epoch milliseconds
   * @param signal aborting it starts no further write and waits for none
   */
  record(events: readonly CanonicalEvent[], receivedAt: number, signal?: AbortSignal): Promise<Recorded>;
}

export interface StoreOptions {
  /** For writes, a client that does not retry by itself. */
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

export interface RecorderOptions extends StoreOptions {
  readonly retentionDays: number;
  /** The account of emails that no event names an account for; without it they have none. */
  readonly defaultAccountId?: string | undefined;
  /** A memory of emails that are opened again and again; without it, each first write knows nothing of its item. */
  readonly hotEmails?: HotEmails | undefined;
}

export function createRecorder({
  client,
  tableName,
  retentionDays,
  defaultAccountId,
  hotEmails,
}: RecorderOptions): Recorder {
  return {
    async record(events, receivedAt, signal) {
      const total = { recorded: 0, duplicate: 0, dropped: 0, erased: 0 };
      const unrecordable: Unrecordable[] = events.filter(isForeign).map(withReason('foreign_account'));
      const own = unrecordable.length === 0 ? events : events.filter(event => !isForeign(event));
      const failed: { events: readonly CanonicalEvent[]; error: unknown }[] = [];
      const oldest = receivedAt - retentionDays * day;
      const expired = own.filter(({ occurredAt }) => occurredAt < oldest);
      const current = expired.length === 0 ? own : own.filter(({ occurredAt }) => occurredAt >= oldest);
      const pending = new Map(rotated([...byEmail(current)], receivedAt));
      const work = forEachConcurrently([...pending], concurrentWrites, async ([emailId, group]) => {
        if (signal?.aborted) return;
        try {
          const written = await recordEmail(emailId, group, receivedAt, signal);
          for (const count of ['recorded', 'duplicate', 'dropped', 'erased'] as const) total[count] += written[count];
          unrecordable.push(...written.unrecordable);
        } catch (error) {
          if (isRefused(error)) unrecordable.push(...group.map(withReason('refused_by_table')));
          else failed.push({ events: group, error });
        }
        pending.delete(emailId);
      });
      await (signal === undefined ? work : abortable(signal, work).catch(() => {}));
      // A pending write may still succeed; recording its events again changes nothing.
      const late = [...pending.values()].map(group => ({ events: group, error: signal?.reason }));
      return { ...total, expired, unrecordable: [...unrecordable], failed: [...failed, ...late] };
    },
  };

  async function recordEmail(
    emailId: string,
    group: readonly CanonicalEvent[],
    receivedAt: number,
    signal?: AbortSignal,
  ): Promise<Omit<Recorded, 'expired' | 'failed'>> {
    const { provider, messageId, recipient } = group[0]!;
    const expiresAt = receivedAt + retentionDays * day;
    const sentAt = sentAtOf(group, receivedAt);
    const target = { tableName, emailId, provider, messageId, recipient, now: receivedAt, sentAt, expiresAt };
    const isOpened = group.some(event => repeatKindOf(event) !== null);
    const hot = isOpened ? hotEmails?.recall(emailId) : undefined;
    let item: KnownItem | null = null;
    let failures = 0;
    for (let attempt = 1; ; attempt += 1) {
      const remembered = hot && item === null ? rememberedUpdate(group, hot, defaultAccountId) : null;
      const plan: Plan = remembered ?? planUpdate(group, item, defaultAccountId);
      const { update, added, counted, dropped, full, erased, emailIsForeign } = plan;
      const counts = (recorded: number) => ({
        recorded,
        duplicate: group.length - dropped - full.length - erased - recorded,
        dropped,
        erased,
        unrecordable: full.map(withReason('item_full')),
      });
      if (emailIsForeign) return { ...counts(0), duplicate: 0, unrecordable: group.map(withReason('foreign_account')) };
      if (update === null) {
        if (item !== null && isOpened) hotEmails?.remember(emailId, hotEmailIn(item));
        return counts(0);
      }
      try {
        const { Attributes } = await client.send(new UpdateCommand(updateInput(target, update)));
        const before = historyOf(Attributes ?? {});
        if (isOpened && hotEmails) {
          const known = item ?? knownItemOf(Attributes ?? {});
          hotEmails.remember(emailId, remembered?.after ?? hotEmailAfter(update, known, Math.ceil(expiresAt / 1000)));
        }
        return counts(counted + added.filter(element => !before.has(element)).length);
      } catch (error) {
        if (attempt === maxAttempts || signal?.aborted) throw error;
        if (error instanceof ConditionalCheckFailedException) {
          item = knownItem(error.Item);
          continue;
        }
        failures += 1;
        if (failures === maxFailures || isRefused(error)) throw error;
        await delay(backoff(failures, emailId), undefined, signal && { signal }).catch(() => {});
        if (signal?.aborted) throw error;
      }
    }
  }
}

/** Groups events by email, in order of arrival. The events of one request are all proved by secrets of one kind. */
function byEmail(events: readonly CanonicalEvent[]): Map<string, CanonicalEvent[]> {
  const groups = new Map<string, CanonicalEvent[]>();
  for (const event of events) {
    const emailId = emailIdOf(event);
    const group = groups.get(emailId);
    if (group === undefined) groups.set(emailId, [event]);
    else group.push(event);
  }
  return groups;
}

/** Rotates the list so that a retried request does not time out on the same emails again. */
function rotated<Item>(items: readonly Item[], turn: number): Item[] {
  const start = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function withReason(reason: Unrecordable['reason']): (event: CanonicalEvent) => Unrecordable {
  return event => ({ reason, event });
}

/** DynamoDB would refuse the same write on every try. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationException';
}
