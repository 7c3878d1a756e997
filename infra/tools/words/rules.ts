/** The rules that sentences of README, docs and comments keep. */

import { type Sentence, sentencesOf } from './sentences.ts';

export const maxWords = 25;

/** Reports, for each rule, how a sentence breaks it. A cell of one word, `what`, is the head of a column. */
const rules = {
  length: ({ words }) => (words > maxWords ? `${words} words` : undefined),
  what: ({ text, words }) =>
    words > 1 &&
    /(?:^[^\p{L}\p{N}]*|: ["“‘'(]*)what(?:['’]s)?(?![\p{L}\p{N}])/iu.test(text) &&
    !/\?["”’')\]]*$/.test(text)
      ? 'begins with "What"'
      : undefined,
} as const satisfies Record<string, (sentence: Sentence) => string | undefined>;

export interface Fault {
  readonly line: number;
  readonly fault: string;
  readonly text: string;
}

/** Every breach of a rule in a Markdown document, in its order. */
export function faultsOf(markdown: string): { readonly sentences: number; readonly faults: readonly Fault[] } {
  const sentences = sentencesOf(markdown);
  const faults = sentences.flatMap(sentence =>
    Object.values(rules).flatMap(rule => {
      const fault = rule(sentence);
      return fault === undefined ? [] : [{ line: sentence.line, fault, text: sentence.text }];
    }),
  );
  return { sentences: sentences.length, faults };
}
