/** How many requests API Gateway lets through: so many a second, and so many at once after a pause. */
export interface RateLimit {
  readonly ratePerSecond: number;
  readonly burst: number;
}

/** The limits of an AWS account for all its HTTP APIs of one region, unless AWS has raised or lowered them. */
export const accountLimit = { ratePerSecond: 10_000, burst: 5_000 } as const satisfies RateLimit;

/** A token bucket, which is full at first. */
export interface TokenBucket {
  /** Takes a token; false where none is left. */
  take(): boolean;
}

/** @param now epoch milliseconds */
export function createTokenBucket({ ratePerSecond, burst }: RateLimit, now: () => number): TokenBucket {
  let tokens = burst;
  let filledAt = now();
  return {
    take() {
      const at = now();
      // A clock that is set back takes no token away.
      tokens = Math.min(burst, tokens + (Math.max(0, at - filledAt) * ratePerSecond) / 1000);
      filledAt = at;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
