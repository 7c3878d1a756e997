export interface Signed {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** How a provider signs what it sends, and what that proves: `signing.ts` in the folder of its fixtures. */
export interface Scheme {
  /** The header that proves the request genuine; null where the proof is in the body. */
  readonly header: string | null;
  /** The header that holds a signed time; null where there is none. */
  readonly timestamp: string | null;
  /** Whether a change of any byte of the body is noticed. */
  readonly bodyIsCovered: boolean;
  /** How old a request may be; null where nothing tells. */
  readonly oldestMinutes: number | null;
  /** @param at epoch milliseconds */
  sign(body: Buffer, signingKey: string, at: number): Signed;
}

/** What every provider of JSON sends. */
export const headers = { 'content-type': 'application/json' };

/** The time in whole seconds. */
export const seconds = (at: number) => String(Math.floor(at / 1000));
