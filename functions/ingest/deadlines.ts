import { remainingMs } from '../../shared/http/remaining-time.ts';
import type { AbortAfter } from '../../shared/runtime/abortable.ts';

/** Until when the table is waited for, and until when the queues are; what is not durable by then counts as lost. */
export interface Deadlines {
  readonly table: AbortSignal;
  readonly queues: AbortSignal;
}

/**
 * Some providers wait 3 s and pause the webhook after 20 slow answers. So long after arrival we wait for nothing any
 * more, and ask for the request again. The last part of it is for the queues, which take what the table does not.
 */
const answerAfterMs = 2_300;
const reservedForQueuesMs = 800;

/** The least time of a request that waited long for a cold start: some of it may be recorded all the same. */
const minTimeMs = 500;

/**
 * The deadlines of a request, in time for its answer.
 *
 * @param timeEpoch when the gateway took the request, in epoch milliseconds
 */
export function requestDeadlines(timeEpoch: number, now: number, abortAfter: AbortAfter): Deadlines {
  const timeLeft = Math.max(remainingMs(answerAfterMs, timeEpoch, now), minTimeMs);
  return {
    table: abortAfter(Math.max(timeLeft - reservedForQueuesMs, Math.floor(timeLeft / 2))),
    queues: abortAfter(timeLeft),
  };
}
