/** Until when the table is waited for, and until when the queues are; what is not durable by then counts as lost. */
export interface Deadlines {
  readonly table: AbortSignal;
  readonly queues: AbortSignal;
}

/**
 * Some providers wait 3 s and pause the webhook after 20 slow answers. So long after arrival nothing is waited for any
 * more, what is not durable by then is asked for again; and so much of it is kept for the queues, which take what the
 * table does not.
 */
const answerAfterMs = 2_300;
const reservedForQueuesMs = 800;

/** What is left at least to a request that waited long for a cold start: some of it may be recorded all the same. */
const minTimeMs = 500;

/** The function's own timeout; a gateway that claims a longer wait has another clock than we. */
const maxRequestMs = 10_000;

/**
 * The deadlines of a request, in time for its answer.
 *
 * @param timeEpoch when the gateway took the request, in epoch milliseconds
 */
export function requestDeadlines(timeEpoch: number, now: number): Deadlines {
  const waited = now - timeEpoch;
  const timeLeft = waited > 0 && waited < maxRequestMs ? Math.max(answerAfterMs - waited, minTimeMs) : answerAfterMs;
  return {
    table: AbortSignal.timeout(Math.max(timeLeft - reservedForQueuesMs, Math.floor(timeLeft / 2))),
    queues: AbortSignal.timeout(timeLeft),
  };
}
