import { remainingMs } from '../../shared/http/remaining-time.ts';
import type { AbortAfter } from '../../shared/runtime/abortable.ts';

/** Deadlines for the table and for the queues. An event that is not stored by then counts as failed. */
export interface Deadlines {
  readonly table: AbortSignal;
  readonly queues: AbortSignal;
}

/**
 * Some providers wait 3 s and pause the webhook after 20 slow answers. 2.3 s after arrival the function stops waiting
 * and asks the provider to send the request again. The last 0.8 s are for the queues, which take the events that the
 * table did not.
 */
const answerAfterMs = 2_300;
const reservedForQueuesMs = 800;

/** The least time for a request that waited long for a cold start: some of its events may still be recorded. */
const minTimeMs = 500;

/**
 * The deadlines of a request, early enough for its answer.
 *
 * @param timeEpoch when the gateway received the request, in epoch milliseconds
 */
export function requestDeadlines(timeEpoch: number, now: number, abortAfter: AbortAfter): Deadlines {
  const timeLeft = Math.max(remainingMs(answerAfterMs, timeEpoch, now), minTimeMs);
  return {
    table: abortAfter(Math.max(timeLeft - reservedForQueuesMs, Math.floor(timeLeft / 2))),
    queues: abortAfter(timeLeft),
  };
}
