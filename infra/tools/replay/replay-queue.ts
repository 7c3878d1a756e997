import { isForeign } from '../../../shared/email/event.ts';
import type { Recorder } from '../../../shared/email/recorder.ts';
import type { ErasureLookUp } from '../../../shared/guards/erase-received.ts';
import type { Nonces } from '../../../shared/guards/nonces.ts';
import {
  type QuarantineMessage,
  type QuarantinePart,
  quarantinePart,
} from '../../../shared/queues/quarantine-messages.ts';
import { queueParsers } from '../../../shared/queues/queue-parsers.ts';
import type { QueuedMessage, QueuedRequest, QueueServices } from '../../../shared/queues/queued-request.ts';
import type { Counts } from '../../../shared/runtime/counts.ts';
import { errorName } from '../../../shared/runtime/log.ts';
import { isoMillis } from '../../../shared/runtime/time.ts';
import { quarantinedRequest, Unreadable } from '../../local/quarantine/quarantined-request.ts';
import {
  inertReason,
  messageContent,
  quarantineContent,
  type ShownContent,
} from '../../local/quarantine/shown-content.ts';
import type { QueueSweep } from './queue-sweep.ts';

/** Outcome of the messages of one provider and one reason. */
export interface Replayed extends Omit<Counts, 'received' | 'queued' | 'quarantined'> {
  messages: number;
  /** Messages that a dry run finds readable: a replay would record them. */
  ready: number;
  /** Messages whose events are all in the table: they are deleted. */
  done: number;
  /** Events whose signature had proved another content before. */
  refused: number;
  /** Pieces that still cannot be read or recorded: their message stays. */
  unreadable: number;
  /** Messages that came more than 28 days ago: nobody can tell any more whether they are erased. They stay. */
  tooOld: number;
  /** Messages that stay for another reason: see `causes`. */
  failed: number;
}

/** The counts before the first message. */
export const nothingReplayed: Readonly<Replayed> = {
  messages: 0,
  ready: 0,
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

export interface ReplayOptions {
  readonly queue: QueueSweep;
  /** The kind of its messages. */
  readonly kind: 'quarantine' | keyof typeof queueParsers;
  /** Only messages of this provider. */
  readonly provider?: string | undefined;
  /** Only messages that came at that time or later, in epoch milliseconds. */
  readonly since?: number | undefined;
  /** Reads the messages and changes nothing. */
  readonly dryRun: boolean;
  /** On a dry run, takes the content of each message that is wanted. */
  readonly show?: ((content: ShownContent) => void) | undefined;
  readonly services: QueueServices;
  readonly store: Pick<Recorder, 'record'>;
  readonly nonces: Nonces;
  readonly lookUpErasures: ErasureLookUp;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Once it aborts, the replay reads no further message and gives all of them back. */
  readonly signal?: AbortSignal;
  /** Called after every message with the number of messages read so far. */
  readonly onMessage?: (seen: number) => void;
}

export interface ReplayReport {
  /** Messages that were read. */
  readonly seen: number;
  /** By `provider reason`. */
  readonly replayed: ReadonlyMap<string, Replayed>;
  /** Why messages failed, and how often. */
  readonly causes: ReadonlyMap<string, number>;
  /** The error that kept the sweep from the queue's end; null where there was none. */
  readonly broken: Error | null;
  /** Messages that could not be given back: the queue gives them again when their hold ends. */
  readonly stillHeld: number;
}

/** Messages that are read together: one, or the parts of one large content. */
interface Group {
  readonly messages: readonly QueuedMessage[];
  readonly reason: string;
  /** Provider and time of arrival in epoch milliseconds, where they are known before the group is read. */
  readonly of?: { readonly provider: string; readonly receivedAt: number };
  read(): QueuedRequest;
  /** The content for an engineer, from which `show` makes redacted lines. */
  content(): ShownContent;
}

const groupsInFlight = 8;

/**
 * Erasure records last 30 days: nobody can tell whether an older message came before one. A message gets so old only if SNS
 * could not reach its queue for weeks, or if somebody sent it again.
 */
const maxAgeMs = 28 * 24 * 60 * 60_000;

/**
 * Feeds the messages of a queue back. It records the events that can be read by now, and deletes a message once all its
 * events are in the table. A piece that still cannot be read keeps its message in the queue, for another try. Recording an
 * event a second time changes nothing.
 */
export async function replayQueue(options: ReplayOptions): Promise<ReplayReport> {
  const { queue, provider, since, dryRun, show, store, nonces, lookUpErasures, now, signal, onMessage } = options;
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
    // The messages received until then are accounted for, and given back.
    broken = error as Error;
  }
  await Promise.all(underWay);
  return { seen, replayed, causes, broken, stillHeld: await queue.release() };

  /** Never rejects. */
  async function replay({ messages, reason, of, read, content }: Group): Promise<void> {
    seen += messages.length;
    onMessage?.(seen);
    let queued: QueuedRequest;
    try {
      queued = read();
    } catch (error) {
      if (!isWanted(of ?? { provider: '', receivedAt: 0 })) return;
      if (dryRun) show?.(content());
      // The provider in such a message may be any text.
      const count = countOf(`? ${inertReason(reason)}`);
      count.messages += messages.length;
      if (of !== undefined && isTooOld(of)) return refuse(count, messages);
      const cause = error instanceof Unreadable ? error.message : `no message that can be read (${errorName(error)})`;
      return fail(count, messages, cause);
    }
    const { request, parsed, nonces: unproven } = queued;
    if (!isWanted(request)) return;
    if (dryRun) show?.(content());
    const count = countOf(`${request.provider} ${inertReason(reason)}`);
    count.messages += messages.length;
    if (isTooOld(request)) return refuse(count, messages);
    if (dryRun) {
      count.unreadable += parsed.quarantined.length;
      if (parsed.quarantined.length === 0 && !parsed.events.some(isForeign)) count.ready += messages.length;
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
    const count = replayed.get(name) ?? { ...nothingReplayed };
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
      yield givenUp(message, kind);
      continue;
    }
    let part: QuarantinePart;
    try {
      part = quarantinePart(message.body);
    } catch (error) {
      yield noMessage(message, error);
      continue;
    }
    const key = part.contentKey ?? message.messageId;
    const known = [...(incomplete.get(key) ?? []), { message, part }];
    incomplete.set(key, known);
    if (new Set(known.map(({ part }) => part.part)).size < part.parts) continue;
    incomplete.delete(key);
    yield groupOf(known);
  }
  // A content that lacks a part is reported, and stays.
  for (const known of incomplete.values()) yield groupOf(known);

  function groupOf(known: readonly { readonly message: QueuedMessage; readonly part: QuarantinePart }[]): Group {
    // A provider's request may have been quarantined twice, part by part: of each part one counts.
    const byNumber = new Map(known.map(({ part }) => [part.part, part.message]));
    const parts = [...byNumber.values()] as [QuarantineMessage, ...QuarantineMessage[]];
    const [first] = parts;
    return {
      messages: known.map(({ message }) => message),
      reason: first.reason,
      of: { provider: first.provider, receivedAt: isoMillis(first.receivedAt) },
      read: () => quarantinedRequest(parts, services),
      content: () => quarantineContent(parts, services),
    };
  }

  function givenUp(message: QueuedMessage, kind: keyof typeof queueParsers): Group {
    const read = () => queueParsers[kind](message, services);
    return { messages: [message], reason: 'given_up', read, content: () => messageContent(message, 'given_up', read) };
  }
}

/** A text that is no message of the quarantine. */
function noMessage(message: QueuedMessage, error: unknown): Group {
  const read = () => {
    throw error;
  };
  const reason = 'unreadable_message';
  return { messages: [message], reason, read, content: () => messageContent(message, reason, read) };
}
