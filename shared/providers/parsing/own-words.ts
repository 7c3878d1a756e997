import type { Cause } from '../../status/causes.ts';
import { enhancedCodeIn, replyCodeIn } from './smtp-reply.ts';

const furtherSentences = /(?<=[.!?])\s+(?=\p{Lu}).*$/su;

/**
 * The first sentence of a provider's own words, which describes the failure. Without a server's reply it is classified.
 * Later sentences give advice or report what the provider did. A quoted reply with a code stays whole.
 */
export function statementIn(words: string | null | undefined): string | undefined {
  if (!words) return undefined;
  return enhancedCodeIn(words) || replyCodeIn(words) ? words : words.replace(furtherSentences, '');
}

/**
 * Whether a provider's own words for a message that it did not try name its suppression list. Such words are no
 * server's reply and are not classified as one.
 */
export function suppressionIn(words: string | null | undefined): Extract<Cause, 'suppressed'> | null {
  return words && /\bsuppress(?:ed|ion)\b/i.test(words) ? 'suppressed' : null;
}
