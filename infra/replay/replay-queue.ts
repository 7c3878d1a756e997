import type { Nonces } from '../../functions/ingest/nonces.ts';
import type { QuarantineMessage } from '../../functions/ingest/quarantine.ts';
import {
  partsKeyOf,
  type QueuedRequest,
  type QueueReading,
  quarantinedReading,
  readings,
} from '../../functions/ingest/queue-readings.ts';
import { errorName } from '../../shared/log.ts';
import type { Recorder } from '../../shared/store.ts';
import type { HeldMessage, HeldQueue } from './held-queue.ts';

/** What became of the messages of one provider and one reason. */
export interface Replayed {
  messages: number;
  /** Done with, and deleted. */
  done: number;
  recorded: number;
  /** Events that were recorded already. */
  duplicate: number;
  /** Repeats of opens and clicks beyond what is kept of an email. */
  dropped: number;
  /** About no email. */
  unrelated: number;
  /** Pieces that still cannot be read or recorded: their message stays. */
  unreadable: number;
  /** Messages that stay because of something else: see `causes`. */
  failed: number;
}

export interface ReplayOptions {
  readonly queue: HeldQueue;
  /** What its messages are. */
  readonly holds: 'quarantine' | keyof typeof readings;
  /** Only what this provider sent. */
  readonly provider?: string | undefined;
  /** Only what came at that time or later, in epoch milliseconds. */
  readonly since?: number | undefined;
  /** Looks, and changes nothing. */
  readonly dryRun: boolean;
  readonly reading: QueueReading;
  readonly store: Pick<Recorder, 'record'>;
  readonly nonces: Nonces;
  /** Once aborted, no further message is looked at, and all are given back. */
  readonly signal?: AbortSignal;
  /** Told after every message how many have been looked at. */
  readonly onMessage?: (seen: number) => void;
}

export interface ReplayReport {
  /** By `provider reason`. */
  readonly replayed: ReadonlyMap<string, Replayed>;
  /** Why messages failed, and how often. */
  readonly causes: ReadonlyMap<string, number>;
}

/** Some messages are read together with others: the parts of one large content. */
interface Group {
  readonly messages: readonly HeldMessage[];
  readonly reason: string;
  read(): QueuedRequest;
}

/**
 * Feeds the messages of a queue back: what can be read by now is recorded, and its messages are deleted once all of it is
 * in the table. What still cannot be read stays as it is, for another try. Recording what is recorded already changes
 * nothing.
 */
export async function replayQueue(options: ReplayOptions): Promise<ReplayReport> {
  const { queue, provider, since, dryRun, store, nonces, signal } = options;
  const replayed = new Map<string, Replayed>();
  const causes = new Map<string, number>();
  const fail = (count: Replayed, messages: number, error: unknown) => {
    count.failed += messages;
    const cause = error instanceof Error ? `${errorName(error)}: ${error.message}` : String(error);
    causes.set(cause, (causes.get(cause) ?? 0) + messages);
  };
  const countOf = (name: string) => {
    const known = replayed.get(name) ?? {
      ...{ messages: 0, done: 0, recorded: 0, duplicate: 0, dropped: 0, unrelated: 0, unreadable: 0, failed: 0 },
    };
    replayed.set(name, known);
    return known;
  };
  try {
    for await (const group of groupsOf(options)) {
      if (signal?.aborted) break;
      let queued: QueuedRequest;
      try {
        queued = group.read();
      } catch (error) {
        const count = countOf(`? ${group.reason}`);
        count.messages += group.messages.length;
        fail(count, group.messages.length, error);
        continue;
      }
      const { request, reading: read, nonce } = queued;
      if (provider !== undefined && request.provider !== provider) continue;
      if (since !== undefined && request.receivedAt < since) continue;
      const count = countOf(`${request.provider} ${group.reason}`);
      count.messages += group.messages.length;
      if (dryRun) {
        count.unreadable += read.quarantined.length;
        continue;
      }
      try {
        // What was proved by what had proved something else before is none of the email's history.
        const isProven = nonce === null || (await nonces(request.provider, nonce, request.receivedAt));
        const events = isProven ? read.events : [];
        const { recorded, duplicate, dropped, unrecordable, failed } = await store.record(events, request.receivedAt);
        count.recorded += recorded;
        count.duplicate += duplicate;
        count.dropped += dropped;
        count.unrelated += read.unrelated;
        const unreadable = read.quarantined.length + unrecordable.length;
        count.unreadable += unreadable;
        if (failed.length > 0) throw failed[0]?.error;
        if (unreadable > 0) continue;
        for (const message of group.messages) await queue.delete(message);
        count.done += group.messages.length;
      } catch (error) {
        fail(count, group.messages.length, error);
      }
    }
  } finally {
    await queue.release();
  }
  return { replayed, causes };
}

async function* groupsOf({ queue, holds, reading, onMessage }: ReplayOptions): AsyncGenerator<Group> {
  const incomplete = new Map<string, { readonly message: HeldMessage; readonly holds: QuarantineMessage }[]>();
  let seen = 0;
  for await (const message of queue.messages()) {
    seen += 1;
    onMessage?.(seen);
    if (holds !== 'quarantine') {
      yield { messages: [message], reason: 'given_up', read: () => readings[holds](message, reading) };
      continue;
    }
    let part: ReturnType<typeof partsKeyOf>;
    try {
      part = partsKeyOf(message.body);
    } catch (error) {
      yield {
        messages: [message],
        reason: 'unreadable_message',
        read: () => {
          throw error;
        },
      };
      continue;
    }
    const { reason } = part.message;
    if (part.key === null) {
      yield { messages: [message], reason, read: () => quarantinedReading([part.message], reading) };
      continue;
    }
    const known = incomplete.get(part.key) ?? [];
    incomplete.set(part.key, known);
    known.push({ message, holds: part.message });
    if (new Set(known.map(({ holds }) => ('part' in holds ? holds.part : 0))).size < part.parts) continue;
    incomplete.delete(part.key);
    yield groupOf(known, reason);
  }
  // What lacks a part is said, and stays.
  for (const known of incomplete.values()) yield groupOf(known, known[0]!.holds.reason);

  function groupOf(
    known: readonly { readonly message: HeldMessage; readonly holds: QuarantineMessage }[],
    reason: string,
  ): Group {
    // A queue may give a message twice.
    const parts = new Map(known.map(({ holds }) => ['part' in holds ? holds.part : 0, holds]));
    return {
      messages: known.map(({ message }) => message),
      reason,
      read: () => quarantinedReading([...parts.values()], reading),
    };
  }
}
