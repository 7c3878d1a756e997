/**
 * The table of emails: one item per email, written with one conditional UpdateItem for all events of one email in one
 * request. No reads before writes, no transactions: the condition is the merge (precedence.ts), and `ADD` to a set is
 * idempotent and commutes, so that redelivery costs nothing and loses nothing.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { abortable } from '../runtime/abortable.ts';
import { forEachConcurrently } from '../runtime/concurrency.ts';
import { day } from '../runtime/time.ts';
import { type CanonicalEvent, emailIdOf, isForeign } from './event.ts';
import { historyOf, type KnownItem, knownItem } from './item.ts';
import { type Plan, planUpdate, sentAtOf, updateInput } from './update.ts';

/**
 * Tries of one email's write before the provider has to send it again: each but the first knows the item, and fails only
 * where another writer was faster. The caller's deadline ends most of them earlier.
 */
const maxAttempts = 100;

/**
 * Tries of a write that fails for a reason that may pass. Our own, with a client that has none: the SDK gives up trying
 * again once many calls fail, just when it is needed.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html (retry quota)
 */
const maxFailures = 3;

/** Milliseconds before the next try; spread by the email's id, which is as good as random. */
function backoff(failures: number, emailId: string): number {
  const spread = (emailId.charCodeAt(0) + emailId.charCodeAt(1)) % 32;
  return 25 * 2 ** failures + spread * 2;
}

/** Writes in flight at once: more gains nothing (measured 16 to 64). */
const concurrentWrites = 32;

export interface Unrecordable {
  /**
   * The item has no room for the event, which decides the status all the same; DynamoDB says that the write itself is
   * wrong, which is our fault; or an account's own secret proved what is not about an email of that account.
   */
  readonly reason: 'item_full' | 'refused_by_table' | 'foreign_account';
  readonly event: CanonicalEvent;
}

/** What became of a request's events. Every event is in exactly one of these. */
export interface Recorded {
  readonly recorded: number;
  readonly duplicate: number;
  /** Repeats of opens, clicks and notes beyond the history's bound. */
  readonly dropped: number;
  /** Of emails that were erased, and stay so. */
  readonly erased: number;
  /** Longer ago than emails are kept: of these nothing is written. */
  readonly expired: readonly CanonicalEvent[];
  /** What the table will not take, however often it is tried. */
  readonly unrecordable: readonly Unrecordable[];
  /** Not written, and worth another try. */
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
   * Records the events of one request. Never rejects: what could not be written is in `failed`.
   *
   * @param receivedAt epoch milliseconds of arrival
   * @param signal once aborted, no further write is begun and none is waited for
   */
  record(events: readonly CanonicalEvent[], receivedAt: number, signal?: AbortSignal): Promise<Recorded>;
}

export interface StoreOptions {
  /** One that does not try again by itself, where it writes. */
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

export interface RecorderOptions extends StoreOptions {
  readonly retentionDays: number;
  /** The account of emails that no event names an account for; without it they have none. */
  readonly defaultAccountId?: string | undefined;
}

export function createRecorder({ client, tableName, retentionDays, defaultAccountId }: RecorderOptions): Recorder {
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
      // A write still on its way may yet succeed: recording its events once more changes nothing.
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
    let item: KnownItem | null = null;
    let failures = 0;
    for (let attempt = 1; ; attempt += 1) {
      const { update, added, dropped, full, erased, emailIsForeign }: Plan = planUpdate(group, item, defaultAccountId);
      const counts = (recorded: number) => ({
        recorded,
        duplicate: group.length - dropped - full.length - erased - recorded,
        dropped,
        erased,
        unrecordable: full.map(withReason('item_full')),
      });
      if (emailIsForeign) return { ...counts(0), duplicate: 0, unrecordable: group.map(withReason('foreign_account')) };
      if (update === null) return counts(0);
      try {
        const { Attributes } = await client.send(new UpdateCommand(updateInput(target, update)));
        const before = historyOf(Attributes ?? {});
        return counts(added.filter(element => !before.has(element)).length);
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

/** The events of each email, in the order in which they came. All are proved by secrets of one kind: they are one request's. */
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

/** The list from another place on: a request that is sent again because the time ran out does not run out at the same emails. */
function rotated<Item>(items: readonly Item[], turn: number): Item[] {
  const start = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function withReason(reason: Unrecordable['reason']): (event: CanonicalEvent) => Unrecordable {
  return event => ({ reason, event });
}

/** The same write would be refused again: what the table is asked for is not to be had, which no wait changes. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationException';
}
