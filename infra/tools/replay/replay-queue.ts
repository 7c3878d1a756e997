import type { Recorder } from '../../../shared/email/recorder.ts';
import type { ErasureLookUp } from '../../../shared/guards/erase-received.ts';
import type { Nonces } from '../../../shared/guards/nonces.ts';
import { type QuarantinePart, quarantinePart } from '../../../shared/queues/quarantine-messages.ts';
import { queueParsers } from '../../../shared/queues/queue-parsers.ts';
import type { QueuedMessage, QueuedRequest, QueueServices } from '../../../shared/queues/queued-request.ts';
import type { Counts } from '../../../shared/runtime/counts.ts';
import { errorName } from '../../../shared/runtime/log.ts';
import { boundedText } from '../../../shared/runtime/text.ts';
import { isoMillis } from '../../../shared/runtime/time.ts';
import { quarantinedRequest, Unreadable } from './quarantined-request.ts';
import type { QueueSweep } from './queue-sweep.ts';

/** What became of the messages of one provider and one reason. */
export interface Replayed extends Omit<Counts, 'received' | 'queued' | 'quarantined'> {
  messages: number;
  /** Messages that are done with, and deleted. */
  done: number;
  /** Events whose signature had proved something else before. */
  refused: number;
  /** Pieces that still cannot be read or recorded: their message stays. */
  unreadable: number;
  /** Messages that came so long ago that nobody can tell any more whether they are erased: they stay. */
  tooOld: number;
  /** Messages that stay because of something else: see `causes`. */
  failed: number;
}

export interface ReplayOptions {
  readonly queue: QueueSweep;
  /** What its messages are. */
  readonly kind: 'quarantine' | keyof typeof queueParsers;
  /** Only what this provider sent. */
  readonly provider?: string | undefined;
  /** Only what came at that time or later, in epoch milliseconds. */
  readonly since?: number | undefined;
  /** Looks, and changes nothing. */
  readonly dryRun: boolean;
  readonly services: QueueServices;
  readonly store: Pick<Recorder, 'record'>;
  readonly nonces: Nonces;
  readonly lookUpErasures: ErasureLookUp;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Once aborted, no further message is looked at, and all are given back. */
  readonly signal?: AbortSignal;
  /** Told after every message how many have been looked at. */
  readonly onMessage?: (seen: number) => void;
}

export interface ReplayReport {
  /** Messages that were looked at. */
  readonly seen: number;
  /** By `provider reason`. */
  readonly replayed: ReadonlyMap<string, Replayed>;
  /** Why messages failed, and how often. */
  readonly causes: ReadonlyMap<string, number>;
  /** Why the queue was not gone through to its end; null where it was, or where that was not wanted. */
  readonly broken: Error | null;
  /** Messages that could not be given back: they are in the queue again when their hold is over. */
  readonly stillHeld: number;
}

/** Messages that are read together: one, or the parts of one large content. */
interface Group {
  readonly messages: readonly QueuedMessage[];
  readonly reason: string;
  /** Whose it is and when it came, in epoch milliseconds, where that is known before it is read. */
  readonly of?: { readonly provider: string; readonly receivedAt: number };
  read(): QueuedRequest;
}

const groupsInFlight = 8;

/**
 * Erasures are recorded for 30 days: of what came longer ago nobody can tell whether it came before one. That it is so old
 * takes an SNS that could not reach its queue for weeks, or somebody who sent it again.
 */
const maxAgeMs = 28 * 24 * 60 * 60_000;

/**
 * Feeds the messages of a queue back: what can be read by now is recorded, and its messages are deleted once all of it is
 * in the table. What still cannot be read stays as it is, for another try. Recording what is recorded already changes
 * nothing.
 */
export async function replayQueue(options: ReplayOptions): Promise<ReplayReport> {
  const { queue, provider, since, dryRun, store, nonces, lookUpErasures, now, signal, onMessage } = options;
  const replayed = new Map<string, Replayed>();
  const causes = new Map<string, number>();
  let seen = 0;
  let broken: Error | null = null;
  const underWay = new Set<Promise<void>>();
  try {
    for await (const group of groupsOf(options)) {
      if (signal?.aborted) break;
      const work: Promise<void> = replay(group).finally(() => underWay.delete(work));
      underWay.add(work);
      if (underWay.size >= groupsInFlight) await Promise.race(underWay);
    }
  } catch (error) {
    // What was received until then is accounted for, and given back.
    broken = error as Error;
  }
  await Promise.all(underWay);
  return { seen, replayed, causes, broken, stillHeld: await queue.release() };

  /** Never rejects. */
  async function replay({ messages, reason, of, read }: Group): Promise<void> {
    seen += messages.length;
    onMessage?.(seen);
    let queued: QueuedRequest;
    try {
      queued = read();
    } catch (error) {
      if (!isWanted(of ?? { provider: '', receivedAt: 0 })) return;
      const count = countOf(`? ${boundedText(reason, 64)}`);
      count.messages += messages.length;
      // What stands in such a message is nobody's to say.
      if (of !== undefined && isTooOld(of)) return refuse(count, messages);
      const cause = error instanceof Unreadable ? error.message : `no message that can be read (${errorName(error)})`;
      return fail(count, messages, cause);
    }
    const { request, parsed, nonces: unproven } = queued;
    if (!isWanted(request)) return;
    const count = countOf(`${request.provider} ${boundedText(reason, 64)}`);
    count.messages += messages.length;
    if (isTooOld(request)) return refuse(count, messages);
    if (dryRun) {
      count.unreadable += parsed.quarantined.length;
      return;
    }
    try {
      const isProven =
        unproven.length === 0 || (await nonces(request.provider, unproven, request.receivedAt)) !== 'reused';
      if (!isProven) count.refused += parsed.events.length;
      const erase = await lookUpErasures(parsed.events.map(event => ({ event, receivedAt: request.receivedAt })));
      const events = isProven ? await erase(parsed.events) : [];
      if (isProven) count.erased += parsed.events.length - events.length;
      const { recorded, duplicate, dropped, erased, expired, unrecordable, failed } = await store.record(
        events,
        request.receivedAt,
      );
      count.recorded += recorded;
      count.duplicate += duplicate;
      count.dropped += dropped;
      count.erased += erased;
      count.expired += expired.length;
      count.unrelated += parsed.unrelated;
      const unreadable = parsed.quarantined.length + unrecordable.length;
      count.unreadable += unreadable;
      if (failed.length > 0) throw failed[0]?.error;
      if (unreadable > 0) return;
      for (const message of messages) await queue.delete(message);
      count.done += messages.length;
    } catch (error) {
      fail(count, messages, error);
    }
  }

  function isWanted(of: { readonly provider: string; readonly receivedAt: number }): boolean {
    return (provider === undefined || of.provider === provider) && (since === undefined || of.receivedAt >= since);
  }

  function isTooOld({ receivedAt }: { readonly receivedAt: number }): boolean {
    return receivedAt < now() - maxAgeMs;
  }

  function countOf(name: string): Replayed {
    const count = replayed.get(name) ?? {
      messages: 0,
      done: 0,
      recorded: 0,
      duplicate: 0,
      dropped: 0,
      erased: 0,
      expired: 0,
      unrelated: 0,
      refused: 0,
      unreadable: 0,
      tooOld: 0,
      failed: 0,
    };
    replayed.set(name, count);
    return count;
  }

  function refuse(count: Replayed, messages: readonly QueuedMessage[]): void {
    count.tooOld += messages.length;
  }

  function fail(count: Replayed, messages: readonly QueuedMessage[], error: unknown): void {
    count.failed += messages.length;
    const cause = error instanceof Error ? `${errorName(error)}: ${error.message}` : String(error);
    causes.set(cause, (causes.get(cause) ?? 0) + messages.length);
  }
}

async function* groupsOf({ queue, kind, services }: ReplayOptions): AsyncGenerator<Group> {
  const incomplete = new Map<string, { readonly message: QueuedMessage; readonly part: QuarantinePart }[]>();
  for await (const message of queue.messages()) {
    if (kind !== 'quarantine') {
      yield { messages: [message], reason: 'given_up', read: () => queueParsers[kind](message, services) };
      continue;
    }
    let part: QuarantinePart;
    try {
      part = quarantinePart(message.body);
    } catch (error) {
      const read = () => {
        throw error;
      };
      yield { messages: [message], reason: 'unreadable_message', read };
      continue;
    }
    const key = part.contentKey ?? message.messageId;
    const known = [...(incomplete.get(key) ?? []), { message, part }];
    incomplete.set(key, known);
    if (new Set(known.map(({ part }) => part.part)).size < part.parts) continue;
    incomplete.delete(key);
    yield groupOf(known);
  }
  // What lacks a part is said, and stays.
  for (const known of incomplete.values()) yield groupOf(known);

  function groupOf(known: readonly { readonly message: QueuedMessage; readonly part: QuarantinePart }[]): Group {
    // A provider's request may have been kept twice, part by part.
    const parts = new Map(known.map(({ part }) => [part.part, part.message]));
    const { reason, provider, receivedAt } = known[0]!.part.message;
    return {
      messages: known.map(({ message }) => message),
      reason,
      of: { provider, receivedAt: isoMillis(receivedAt) },
      read: () => quarantinedRequest([...parts.values()], services),
    };
  }
}
