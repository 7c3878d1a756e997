/** No cold start takes longer. A longer wait in the gateway's times means that the clocks differ. */
const maxWaitMs = 10_000;

/**
 * The milliseconds that are left to answer a request.
 *
 * @param withinMs the time for an answer, counted from when the gateway received the request
 * @param timeEpoch when the gateway received the request, in epoch milliseconds
 * @param now in epoch milliseconds
 */
export function remainingMs(withinMs: number, timeEpoch: number, now: number): number {
  const waited = now - timeEpoch;
  return waited > 0 && waited < maxWaitMs ? withinMs - waited : withinMs;
}
