export const minute = 60_000;
export const hour = 60 * minute;

/**
 * The tolerance of a time, in both directions, if each try is signed anew: that of Standard Webhooks' own libraries.
 */
export const freshWithinMs = 5 * minute;

/** The time by which a provider's clock may be ahead of ours. */
export const maxClockSkewMs = 10 * minute;

/**
 * Whether a header's unix time in whole seconds is one to believe.
 *
 * @param maxAgeMs milliseconds before `receivedAt` to which a request is taken; at least as long as the provider retries
 */
export function timeliness(
  seconds: string,
  receivedAt: number,
  maxAgeMs: number,
  maxAheadMs = maxClockSkewMs,
): 'malformed_signature' | 'stale_timestamp' | null {
  if (!/^[1-9]\d{8,9}$/.test(seconds)) return 'malformed_signature';
  const at = Number(seconds) * 1000;
  return at < receivedAt - maxAgeMs || at > receivedAt + maxAheadMs ? 'stale_timestamp' : null;
}
