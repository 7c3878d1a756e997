import type { Cause } from '../causes.ts';

/**
 * Whether a provider's own words for a message that it did not try name its suppression list. They are no server's reply,
 * and are not classified as one.
 */
export function suppressionIn(words: string | null | undefined): Extract<Cause, 'suppressed'> | null {
  return words && /\bsuppress(?:ed|ion)\b/i.test(words) ? 'suppressed' : null;
}
