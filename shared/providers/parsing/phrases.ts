/**
 * Finds phrases in the replies of mail servers. It goes word by word, so that the time depends on the length of the text
 * alone.
 *
 * A phrase is words with blanks between. `a|b` is either word, and `a*` is any word that begins so. `..` stands for up to
 * four words of any kind, and `...` for up to ten. Words stand in lower case, without accents. Articles, auxiliary verbs and numbers do not count, and
 * every form of "not" is `not`: `user not exist` finds "the user doesn't exist".
 */

/** Stands for an address, a link, an IP address, and a host or another name with dots. */
const address = '@';
const link = '://';
const ip = 'ip#';
const host = 'host#';

/** A text as words, each with the number of its sentence. */
export interface Words {
  readonly words: readonly string[];
  readonly sentences: readonly number[];
}

const fillers: ReadonlySet<string> = new Set(
  `a an the is are was were be been being does do did that this these those to of its it
   can could would will shall should may might s t e`.split(/\s+/),
);

const negations: ReadonlySet<string> = new Set(
  'cannot cant dont doesnt didnt isnt arent wasnt werent hasnt havent couldnt wouldnt wont'.split(' '),
);

const between = /[\s<>()[\]{}"|*]+/;
const withinChunk = /[,;:=!?]+/;
const withinPart = /[^a-z0-9'\u0080-\uffff]+/;
const endsSentence = /(?:[.;!?]|->|said:)$/;
const numeric = /^\d+$/;
const digitsAndDots = /^[\d.]+$/;

const ofAddress = /[\w.%+-]/;
const ofLink = /[^\s<>"']/;

/** Text without the words around each mark. The time grows with its length alone. */
function without(text: string, mark: string, letters: RegExp): string {
  let rest = '';
  let from = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, from)) {
    let start = at;
    let end = at + mark.length;
    while (start > from && letters.test(text[start - 1]!)) start -= 1;
    while (end < text.length && letters.test(text[end]!)) end += 1;
    rest += `${text.slice(from, start)} `;
    from = end;
  }
  return rest + text.slice(from);
}

/** Text without its addresses. */
export function withoutAddresses(text: string): string {
  return without(text, '@', ofAddress);
}

/** Text without its links. */
export function withoutLinks(text: string): string {
  return without(text, '://', ofLink);
}

/** Text in lower case and without accents, as phrases are written. */
export function folded(text: string): string {
  const lower = text.toLowerCase();
  if (/^[ -~\s]*$/.test(lower)) return lower;
  return lower
    .replaceAll(/[\u2018\u2019\u00b4`]/g, "'")
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('ł', 'l')
    .replaceAll('ß', 'ss');
}

/**
 * The words of a text.
 *
 * @param text as it came; in lower case and without accents already where `folded` made it so
 */
export function wordsOf(text: string): Words {
  const words: string[] = [];
  const sentences: number[] = [];
  let sentence = 0;
  const push = (word: string) => {
    words.push(word);
    sentences.push(sentence);
  };
  // "host mx.example.com[192.0.2.1] said" only names a server.
  const pushServer = (server: typeof host | typeof ip) => {
    if (words.at(-1) === 'host') words[words.length - 1] = host;
    else if (server !== ip || words.at(-1) !== host) push(server);
  };
  const pushWord = (word: string) => {
    if (word === '' || numeric.test(word)) return;
    if (negations.has(word) || word.endsWith("n't")) return push('not');
    if (!word.includes("'")) {
      if (!fillers.has(word)) push(word);
      return;
    }
    for (const part of word.split("'")) if (part !== '' && !numeric.test(part) && !fillers.has(part)) push(part);
  };
  for (const chunk of text.split(between)) {
    if (chunk.includes('://') || chunk.startsWith('www.')) {
      push(link);
      continue;
    }
    for (const part of chunk.split(withinChunk)) {
      const dot = part.indexOf('.');
      if (part.includes('@') && part.length > 1) push(address);
      else if (dot >= 0 && dot < part.length - 1) {
        // An enhanced status code is no word.
        if (!digitsAndDots.test(part)) pushServer(host);
        else if (part.split('.').length === 4) pushServer(ip);
      } else for (const word of part.split(withinPart)) pushWord(word);
    }
    if (endsSentence.test(chunk)) sentence += 1;
  }
  return { words, sentences };
}

interface Word {
  readonly exact: ReadonlySet<string>;
  readonly prefixes: readonly string[];
}

/** A word, after up to so many others. */
interface Step extends Word {
  readonly gap: number;
}

interface Phrase {
  readonly steps: readonly Step[];
  readonly topic: number;
}

const gaps: Readonly<Record<string, number>> = { '..': 4, '...': 10 };

function wordOf(text: string): Word {
  const alternatives = text.split('|');
  return {
    exact: new Set(alternatives.filter(word => !word.endsWith('*'))),
    prefixes: alternatives.filter(word => word.endsWith('*')).map(word => word.slice(0, -1)),
  };
}

function isWord({ exact, prefixes }: Word, word: string): boolean {
  if (exact.has(word)) return true;
  for (const prefix of prefixes) if (word.startsWith(prefix)) return true;
  return false;
}

const none: readonly never[] = [];

/** The number of letters by which phrases are found that begin with a prefix. */
const prefixLetters = 3;

/**
 * A finder of phrases.
 *
 * @param topics for each topic, its phrases
 * @returns for a text's words, the sentences in which each topic is spoken of; absent where it is not
 */
export function phraseFinder(topics: readonly (readonly string[])[]): (words: Words) => ReadonlyMap<number, number[]> {
  const byWord = new Map<string, Phrase[]>();
  const byPrefix = new Map<string, { readonly prefix: string; readonly phrase: Phrase }[]>();
  for (const [topic, phrases] of topics.entries()) {
    for (const phrase of phrases) {
      const steps: Step[] = [];
      let gap = 0;
      for (const part of phrase.split(' ')) {
        if (gaps[part] !== undefined) gap = gaps[part];
        else if (!fillers.has(part)) {
          steps.push({ ...wordOf(part), gap });
          gap = 0;
        }
      }
      const compiled = { steps, topic };
      const [first] = steps;
      for (const word of first!.exact) byWord.set(word, [...(byWord.get(word) ?? []), compiled]);
      for (const prefix of first!.prefixes) {
        const letters = prefix.slice(0, prefixLetters);
        if (letters.length < prefixLetters) throw new Error(`A phrase begins with too short a prefix: ${phrase}`);
        byPrefix.set(letters, [...(byPrefix.get(letters) ?? []), { prefix, phrase: compiled }]);
      }
    }
  }

  return ({ words, sentences }) => {
    const found = new Map<number, number[]>();
    const follows = (steps: readonly Step[], next: number, at: number): boolean => {
      if (next === steps.length) return true;
      const step = steps[next]!;
      const last = Math.min(at + 1 + step.gap, words.length - 1);
      for (let here = at + 1; here <= last && sentences[here] === sentences[at]; here += 1) {
        if (isWord(step, words[here]!) && follows(steps, next + 1, here)) return true;
      }
      return false;
    };
    const look = ({ steps, topic }: Phrase, at: number) => {
      const already = found.get(topic);
      const sentence = sentences[at]!;
      if (already?.at(-1) === sentence || !follows(steps, 1, at)) return;
      if (already === undefined) found.set(topic, [sentence]);
      else already.push(sentence);
    };
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at]!;
      for (const phrase of byWord.get(word) ?? none) look(phrase, at);
      if (word.length < prefixLetters) continue;
      for (const { prefix, phrase } of byPrefix.get(word.slice(0, prefixLetters)) ?? none) {
        if (word.startsWith(prefix)) look(phrase, at);
      }
    }
    return found;
  };
}
