/** No cold start takes longer. A gateway that reports a longer wait has another clock than the function. */
const maxWaitMs = 10_000;

/**
 * The milliseconds that are left to answer a request.
 *
 * @param withinMs the time for an answer, counted from when the gateway took the request
 * @param timeEpoch when the gateway took the request, in epoch milliseconds
 * @param now in epoch milliseconds
 */
export function remainingMs(withinMs: number, timeEpoch: number, now: number): number {
  const waited = now - timeEpoch;
  return waited > 0 && waited < maxWaitMs ? withinMs - waited : withinMs;
}
