/**
 * Writes the table of emails: one item per email, one conditional UpdateItem for all its events that are recorded at
 * once. It needs no read and no transaction: the condition is the merge (precedence.ts), and `ADD` to a set is idempotent and
 * commutes. Redelivery therefore changes nothing and loses nothing.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { sdkWrites, type Writes } from '../aws/writes.ts';
import { abortable } from '../runtime/abortable.ts';
import { forEachConcurrently } from '../runtime/concurrency.ts';
import { day } from '../runtime/time.ts';
import { type CanonicalEvent, emailIdOf, isForeign } from './event.ts';
import { encodeHistory, isFutureDated, withoutTexts } from './history.ts';
import { type HotEmail, type HotEmails, hotEmailAfter, hotEmailIn } from './hot-emails.ts';
import { historyOf, type Item, type KnownItem, knownItem } from './item.ts';
import { isRepeatable } from './repeats.ts';
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

/** The events of one request. */
export interface ReceivedEvents {
  readonly events: readonly CanonicalEvent[];
  /** Arrival, in epoch milliseconds. */
  readonly receivedAt: number;
}

export interface Recorder {
  /**
   * Records the events of one request. Never rejects: unwritten events are in `failed`.
   *
   * @param receivedAt arrival, in epoch milliseconds
   * @param signal aborting it starts no further write and waits for none
   */
  record(events: readonly CanonicalEvent[], receivedAt: number, signal?: AbortSignal): Promise<Recorded>;
  /**
   * Records several requests like `record`, and returns the outcome of each. Events of one email share a write, unless
   * different secrets proved them. An event that two requests bring is recorded for the one that arrived first.
   */
  recordAll(requests: readonly ReceivedEvents[], signal?: AbortSignal): Promise<readonly Recorded[]>;
}

export interface StoreOptions {
  /** For writes, a client that does not retry by itself. */
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

export interface RecorderOptions extends StoreOptions {
  readonly retentionDays: number;
  /** The calls for writes; through the client by default. */
  readonly writes?: Writes | undefined;
  /** The account of emails that no event names an account for; without it they have none. */
  readonly defaultAccountId?: string | undefined;
  /** A memory of emails that are opened again and again; without it, each first write knows nothing of its item. */
  readonly hotEmails?: HotEmails | undefined;
}

export function createRecorder({
  client,
  tableName,
  retentionDays,
  writes = sdkWrites(client),
  defaultAccountId,
  hotEmails,
}: RecorderOptions): Recorder {
  return {
    async record(events, receivedAt, signal) {
      const [outcome] = await recordAll([{ events, receivedAt }], signal);
      return outcome!;
    },
    recordAll,
  };

  async function recordAll(requests: readonly ReceivedEvents[], signal?: AbortSignal): Promise<Recorded[]> {
    const outcomes = new Map(requests.map(request => [request, outcomeOf(request)]));
    const parts = requests.map(request => ({ ...request, request, events: outcomes.get(request)!.current }));
    const groups = rotated(byEmail(parts.sort(inOrderOfArrival)), requests[0]?.receivedAt ?? 0);
    /** The parts without an outcome: one that is booked leaves at once, so that the abort books no second one. */
    const pending = new Set(groups.flat());
    const work = forEachConcurrently(groups, concurrentWrites, recordGroup);
    await (signal === undefined ? work : abortable(signal, work).catch(() => {}));
    // A pending write may still succeed; recording its events again changes nothing.
    fail([...pending], signal?.reason);
    return requests.map(request => {
      const { current: _, unrecordable, failed, ...outcome } = outcomes.get(request)!;
      return { ...outcome, unrecordable: [...unrecordable], failed: [...failed] };
    });

    async function recordGroup(group: readonly Part[]): Promise<void> {
      if (signal?.aborted) return;
      // A redelivery of a future-dated event has another time. Only the item tells that it is the same event.
      if (group.length > 1 && group.some(({ events }) => events.some(isFutureDated))) return oneAfterAnother(group);
      try {
        const written = await recordEmail(emailIdOf(group[0]!.events[0]!), group, signal);
        for (const [part, share] of sharesOf(group, written)) {
          if (!pending.delete(part)) continue;
          const outcome = outcomes.get(part.request)!;
          for (const count of ['recorded', 'duplicate', 'dropped', 'erased'] as const) outcome[count] += share[count];
          outcome.unrecordable.push(...share.unrecordable);
        }
      } catch (error) {
        if (!isRefused(error)) return fail(group, error);
        // The fault may be one request's own.
        if (group.length > 1) return oneAfterAnother(group);
        const [part] = group as [Part];
        const { request, events } = part;
        if (pending.delete(part))
          outcomes.get(request)!.unrecordable.push(...events.map(withReason('refused_by_table')));
      }
    }

    async function oneAfterAnother(group: readonly Part[]): Promise<void> {
      for (const part of group) await recordGroup([part]);
    }

    function fail(group: readonly Part[], error: unknown): void {
      for (const part of group) {
        if (pending.delete(part)) outcomes.get(part.request)!.failed.push({ events: part.events, error });
      }
    }
  }

  /** The outcome of a request before anything is written, with the events to write. */
  function outcomeOf({ events, receivedAt }: ReceivedEvents) {
    const unrecordable: Unrecordable[] = events.filter(isForeign).map(withReason('foreign_account'));
    const own = unrecordable.length === 0 ? events : events.filter(event => !isForeign(event));
    const oldest = receivedAt - retentionDays * day;
    const expired = own.filter(({ occurredAt }) => occurredAt < oldest);
    const current = expired.length === 0 ? own : own.filter(({ occurredAt }) => occurredAt >= oldest);
    const failed: Recorded['failed'][number][] = [];
    return { recorded: 0, duplicate: 0, dropped: 0, erased: 0, expired, unrecordable, failed, current };
  }

  /**
   * Writes an email. The first arrival bounds `sentAt` and decides when the email expires, as if each request had its own
   * write. The last one is the time of the update, and of a status that asks for attention.
   *
   * @param parts in order of arrival
   */
  async function recordEmail(emailId: string, parts: readonly Part[], signal?: AbortSignal): Promise<Written> {
    const group = parts.flatMap(({ events }) => events);
    const { provider, messageId, recipient } = group[0]!;
    const [firstAt, lastAt] = [parts[0]!.receivedAt, parts.at(-1)!.receivedAt];
    const expiresAt = firstAt + retentionDays * day;
    const sentAt = sentAtOf(group, firstAt);
    const target = { tableName, emailId, provider, messageId, recipient, now: lastAt, sentAt, expiresAt };
    const isOpened = group.some(isRepeatable);
    const hot = isOpened ? hotEmails?.recall(emailId) : undefined;
    let item: KnownItem | null = null;
    let failures = 0;
    for (let attempt = 1; ; attempt += 1) {
      const remembered = hot && item === null ? rememberedUpdate(group, hot, defaultAccountId) : null;
      const plan: Plan = remembered ?? planUpdate(group, item, defaultAccountId);
      const { update, added, counted, dropped, full, erased, emailIsForeign } = plan;
      const outcome = {
        elements: [],
        counted,
        dropped,
        isErased: erased > 0,
        unrecordable: full.map(withReason('item_full')),
      };
      if (emailIsForeign) return { ...outcome, unrecordable: group.map(withReason('foreign_account')) };
      if (update === null) {
        if (item !== null && isOpened) hotEmails?.remember(emailId, hotEmailIn(item));
        return outcome;
      }
      let old: Item;
      try {
        old = (await writes.updateItem(updateInput(target, update))).Attributes ?? {};
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
        continue;
      }
      if (isOpened) {
        const after = () => hotEmailAfter(update, item, old, Math.ceil(expiresAt / 1000));
        hotEmails?.remember(emailId, remembered?.after ?? readable(after));
      }
      const before = historyOf(old);
      return { ...outcome, elements: added.filter(element => !before.has(element)) };
    }
  }
}

/** null if a history holds an element of a later version, which this one cannot read. The write has succeeded anyway. */
function readable(email: () => HotEmail | null): HotEmail | null {
  try {
    return email();
  } catch {
    return null;
  }
}

/** The events of one email in a request. */
interface Part extends ReceivedEvents {
  readonly request: ReceivedEvents;
}

/** The outcomes of a write's events. The others are duplicates. */
interface Written extends Pick<Plan, 'counted' | 'dropped'>, Pick<Recorded, 'unrecordable'> {
  /** The elements that it added to the history. */
  readonly elements: readonly string[];
  /** All events are of an erased email. */
  readonly isErased: boolean;
}

function inOrderOfArrival(a: ReceivedEvents, b: ReceivedEvents): number {
  return a.receivedAt - b.receivedAt;
}

/**
 * Groups events by email. Events that secrets of different accounts proved share no write: its condition knows one
 * account. The events of one request are all proved by secrets of one kind.
 */
function byEmail(requests: readonly Part[]): Part[][] {
  const groups = new Map<string, Part[]>();
  for (const { request, receivedAt, events } of requests) {
    const own = new Map<string, CanonicalEvent[]>();
    for (const event of events) {
      const key = event.provenFor === undefined ? emailIdOf(event) : `${emailIdOf(event)} ${event.provenFor}`;
      const some = own.get(key);
      if (some !== undefined) some.push(event);
      else {
        const first = [event];
        own.set(key, first);
        const part = { request, receivedAt, events: first };
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [part]);
        else group.push(part);
      }
    }
  }
  return [...groups.values()];
}

type Share = Omit<Recorded, 'expired' | 'failed'>;

/** Divides the outcomes of a write among its requests. An event has its outcome for the first request that brings it. */
function sharesOf(group: readonly Part[], written: Written): ReadonlyMap<Part, Share> {
  const { elements, counted, dropped, isErased, unrecordable } = written;
  const shares = group.map(part => ({ part, recorded: 0, dropped: 0, unrecordable: [] as Unrecordable[] }));
  const [only] = shares as [(typeof shares)[number]];
  if (shares.length === 1) {
    only.recorded = elements.length + counted.length;
    only.dropped = dropped.length;
    only.unrecordable.push(...unrecordable);
  } else {
    const give = (outcome: 'recorded' | 'dropped', left: Set<string>, encoded: (event: CanonicalEvent) => string) => {
      for (const share of shares) {
        for (const event of left.size === 0 ? [] : share.part.events)
          if (left.delete(encoded(event))) share[outcome] += 1;
      }
    };
    const recorded = new Set([...elements, ...counted.map(encodeHistory)]);
    give('recorded', recorded, encodeHistory);
    // A deciding event is stored without its texts where it has no room for them.
    give('recorded', recorded, event => encodeHistory(withoutTexts(event)));
    give('dropped', new Set(dropped.map(encodeHistory)), encodeHistory);
    const bringers = shares.map(share => ({ share, events: new Set(share.part.events) }));
    for (const one of unrecordable)
      bringers.find(({ events }) => events.delete(one.event))!.share.unrecordable.push(one);
  }
  return new Map(
    shares.map(({ part, ...share }) => {
      const others = part.events.length - share.recorded - share.dropped - share.unrecordable.length;
      return [part, { ...share, erased: isErased ? others : 0, duplicate: isErased ? 0 : others }];
    }),
  );
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
