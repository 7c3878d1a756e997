import { enhancedCodeIn, replyCodeIn } from './smtp-reply.ts';

const furtherSentences = /(?<=[.!?])\s+(?=\p{Lu}).*$/su;

/**
 * What happened, in a provider's own words: their first sentence, to be classified where there is no reply. Those that
 * follow give advice, or say what the provider has done about it. A reply that is quoted, with its code, is left whole.
 */
export function statementIn(words: string | null | undefined): string | undefined {
  if (!words) return undefined;
  return enhancedCodeIn(words) || replyCodeIn(words) ? words : words.replace(furtherSentences, '');
}
