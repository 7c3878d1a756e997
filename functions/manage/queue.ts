import { setTimeout as delay } from 'node:timers/promises';
import type { QueueSweep } from '../../shared/queues/queue-sweep.ts';
import type { QueuedMessage } from '../../shared/queues/queued-request.ts';
import { abortable } from '../../shared/runtime/abortable.ts';
import type { ErasedPlace } from './erase.ts';

/** Messages that are read together, and what becomes of them. */
export interface Sifted {
  readonly messages: readonly QueuedMessage[];
  /**
   * How much in them is erased once they are deleted, after what is to be kept of them was sent again; null where they
   * are to stay as they are.
   */
  sift(): Promise<number | null>;
}

/** Goes through the messages of a queue. */
export type SiftMessages = (messages: AsyncIterable<QueuedMessage>) => AsyncGenerator<Sifted>;

/** How often a queue is gone through at most, for what others held meanwhile and gave back, or worked off. */
const mostLooks = 3;

/** What is still held after that comes back by itself. */
const longestRelease = 2_500;

/** What is sifted message by message. */
export function oneByOne(sift: (message: QueuedMessage) => Promise<number | null>): SiftMessages {
  return async function* (messages) {
    for await (const message of messages) yield { messages: [message], sift: () => sift(message) };
  };
}

export interface LookOptions {
  /**
   * Messages that somebody else holds are on their way through it, and no remains: what they tell counts as not told yet,
   * and finds a tombstone where it is of an erased email.
   */
  readonly flows: boolean;
  /** Milliseconds. */
  readonly betweenLooks: number;
  /** Once aborted, no further message is looked at. */
  readonly signal: AbortSignal;
  /** Told why something of it remains. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Erases from a queue, which nobody else gets the messages of meanwhile. Never rejects.
 *
 * @param name as the sentence about what remains calls it
 */
export async function eraseFromQueue(
  name: string,
  queue: QueueSweep,
  siftMessages: SiftMessages,
  { flows, betweenLooks, signal, onFault }: LookOptions,
): Promise<ErasedPlace> {
  let erased = 0;
  let failed = 0;
  let heldByOthers = 0;
  const remains: string[] = [];

  async function* looks(): AsyncGenerator<QueuedMessage> {
    for (let look = 1; ; look += 1) {
      yield* queue.messages();
      heldByOthers = (await queue.size()).held;
      if (heldByOthers === 0 || look === mostLooks) return;
      await delay(betweenLooks, undefined, { signal });
    }
  }

  try {
    for await (const { messages, sift } of siftMessages(looks())) {
      signal.throwIfAborted();
      try {
        const count = await sift();
        if (count === null) continue;
        for (const message of messages) await queue.delete(message);
        erased += count;
      } catch (error) {
        failed += messages.length;
        onFault(error);
      }
    }
  } catch (error) {
    onFault(error);
    remains.push(`${name}: it could not be gone through to its end: ask again`);
  }
  await abortable(AbortSignal.timeout(longestRelease), queue.release()).catch(onFault);
  if (failed > 0) remains.push(`${name}: ${messagesIn(failed)} could not be erased: ask again`);
  // Not how many: an account is not to learn what there is of others.
  if (heldByOthers > 0 && !flows) {
    remains.push(`${name}: something in it is worked off, or waits for its next try: ask again in a minute`);
  }
  return { erased, remains };
}

function messagesIn(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`;
}
