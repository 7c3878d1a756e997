/**
 * The changes of the code that no test notices, each with the reason why that is right. `npm run mutate` fails for a
 * survivor that is not named here and for a name that no longer survives.
 */

/** Changes on one line of code that survive for one reason. */
export interface Survivors {
  /** The line on which the changed code begins, without its indentation. */
  readonly line: string;
  /** Each as `code → replacement`, on one line. */
  readonly changes: readonly string[];
  /** Why no test can notice the changes, or need not, in one sentence. */
  readonly reason: string;
}

/** Stryker puts it in place of an empty text or list. */
const here = '"Stryker was here!"';
const listed = '["Stryker was here"]';

const plainAddress = String.raw`/^[a-z0-9.!#$%&'*+/=?^_${'`'}{|}~-]+@[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/`;

/** By file. */
export const survivors: Readonly<Record<string, readonly Survivors[]>> = {
  'shared/email/address.ts': [
    {
      line: `const plainAddress = ${plainAddress};`,
      changes: [
        `${plainAddress} → ${plainAddress.replace('~-]+@', '~-]@')}`,
        `${plainAddress} → ${plainAddress.replace('@[a-z0-9_-]+', '@[a-z0-9_-]')}`,
        `${plainAddress} → ${plainAddress.replace(')*$', ')$')}`,
        `${plainAddress} → ${plainAddress.replace('+)*$', ')*$')}`,
      ],
      reason: 'A narrower pattern sends more addresses the long way, which leaves a canonical one as it is.',
    },
    {
      line: 'return text.length <= maxHeaderLength && plainAddress.test(text);',
      changes: [
        'text.length <= maxHeaderLength && plainAddress.test(text) → false',
        'text.length <= maxHeaderLength → true',
        'text.length <= maxHeaderLength → text.length < maxHeaderLength',
        'text.length <= maxHeaderLength → text.length > maxHeaderLength',
      ],
      reason: 'The long way leaves a canonical address as it is, so that only its time tells which way was taken.',
    },
    {
      line: 'function isPlainAddress(text: string): boolean {',
      changes: ['{ return text.length <= maxHeaderLength && plainAddress.test(text); } → {}'],
      reason: 'The long way leaves a canonical address as it is, so that only its time tells which way was taken.',
    },
    {
      line: 'for (let layer = 0; layer < maxLayers && !isPlainAddress(form); layer += 1) {',
      changes: [
        'layer < maxLayers && !isPlainAddress(form) → layer < maxLayers || !isPlainAddress(form)',
        'layer < maxLayers → true',
        'layer < maxLayers → layer <= maxLayers',
        'layer += 1 → layer -= 1',
      ],
      reason:
        'No text of 400,000 random ones took more than four layers: the bound only guards against an endless loop.',
    },
    {
      line: 'if (next === form) break;',
      changes: ['next === form → false'],
      reason: 'A text that has not changed does not change when it is read once more.',
    },
    {
      line: 'while (start < end && surrounding.test(text[start]!)) start += 1;',
      changes: ['start < end → true', 'start < end → start <= end'],
      reason: 'Behind the end there is no character, and so none to strip.',
    },
    {
      line: 'while (end > start && surrounding.test(text[end - 1]!)) end -= 1;',
      changes: ['end > start → true', 'end > start → end >= start'],
      reason: 'The end passes the start only in a text of blanks alone, of which nothing is left either way.',
    },
    {
      line: String.raw`return (asciiDomain(domain) ?? asciiDomain(written) ?? written).replace(/(?<!\.)\.$/, '');`,
      changes: ['asciiDomain(domain) ?? asciiDomain(written) → asciiDomain(domain) && asciiDomain(written)'],
      reason: 'The domain that is left is read once more as the next layer.',
    },
    {
      line: 'const lower = domain.toLowerCase();',
      changes: ['domain.toLowerCase() → domain.toUpperCase()'],
      reason: 'A domain in ASCII has the same form after the parser of URLs, which only takes longer.',
    },
    {
      line: 'if (asciiHost.test(lower)) return lower;',
      changes: ['asciiHost.test(lower) → false'],
      reason: 'A domain in ASCII has the same form after the parser of URLs, which only takes longer.',
    },
    {
      line: "if (!text.includes('(')) return text;",
      changes: ["!text.includes('(') → false", '\'(\' → ""'],
      reason: 'A text without comments stays as it is without them, and the shortcut only saves time.',
    },
    {
      line: "if (!address.includes('xn--')) return address;",
      changes: ["!address.includes('xn--') → false", '\'xn--\' → ""'],
      reason: 'A domain without Punycode is the same in letters, and the shortcut only saves time.',
    },
  ],
  'shared/email/history.ts': [
    {
      line: 'if (a.eventId !== b.eventId) return a.eventId < b.eventId ? -1 : 1;',
      changes: ['a.eventId < b.eventId → a.eventId <= b.eventId'],
      reason: 'The two ids differ there.',
    },
    {
      line: 'return left === right ? 0 : left < right ? -1 : 1;',
      changes: ['left < right → left <= right'],
      reason: 'The two encodings differ there.',
    },
  ],
  'shared/email/update.ts': [
    {
      line: 'const ties = added.length > 0 && !decides && item.verdict !== null && !supersedes(item.verdict, verdict);',
      changes: ['item.verdict !== null → true'],
      reason: 'Without a stored status every verdict decides, so that nothing can tie: only the types ask.',
    },
    {
      line: 'const mustNotChange = makesRoom || kept.size > maxHistoryEvents || futureDated || item.futureDated || ties;',
      changes: ['kept.size > maxHistoryEvents → kept.size >= maxHistoryEvents'],
      reason: 'A history that these events fill to its bound has room for no other: any change refuses the write.',
    },
    {
      line: 'return history.size <= maxHistoryEvents || bytesOf(history.keys()) <= bytes;',
      changes: [
        'history.size <= maxHistoryEvents → false',
        'history.size <= maxHistoryEvents → history.size < maxHistoryEvents',
      ],
      reason: 'As many events as the bound always fit, and the shortcut only saves counting their bytes.',
    },
    {
      line: 'return events.size > maxHistoryEvents ? byEncoding(boundedHistory([...events.values()])) : events;',
      changes: [
        'events.size > maxHistoryEvents → true',
        'events.size > maxHistoryEvents → events.size >= maxHistoryEvents',
      ],
      reason: 'Up to its bound the history keeps every event, and the shortcut only saves encoding them.',
    },
  ],
  'shared/providers/parsing/signals.ts': [
    {
      line: '...allSignals.map(({ unless = [] }) => unless),',
      changes: [`[] → ${listed}`],
      reason: 'No mail server speaks of Stryker.',
    },
    {
      line: 'const lettersOf = allSignals.map(({ has = [] }) => has.map(folded));',
      changes: [`[] → ${listed}`],
      reason: 'No mail server speaks of Stryker.',
    },
    {
      line: 'const lackedOf = allSignals.map(({ lacks = [] }) => lacks.map(folded));',
      changes: [`[] → ${listed}`],
      reason: 'No mail server speaks of Stryker.',
    },
    {
      line: '.flatMap(({ has = [] }) => has)',
      changes: [`[] → ${listed}`],
      reason: 'No mail server speaks of Stryker.',
    },
    {
      line: "const text = beginningOf(reply.text ?? '', maxReplyLength);",
      changes: [`'' → ${here}`],
      reason: 'The words say nothing of a failure, like a text that is not there.',
    },
    {
      line: String.raw`const isTranscript = new RegExp(commands.map(([words]) => words.replaceAll(/[[\]]/g, '\\$&')).join('|'));`,
      changes: [
        String.raw`([words]) => words.replaceAll(/[[\]]/g, '\\$&') → () => undefined`,
        String.raw`/[[\]]/g → /[^[\]]/g`,
        String.raw`'\\$&' → ""`,
      ],
      reason: 'The pattern then finds more, and only saves most replies the search for each command.',
    },
    {
      line: 'if (isTranscript.test(text)) {',
      changes: ['isTranscript.test(text) → true'],
      reason: 'A reply that names no command stays as it is, and the shortcut only saves time.',
    },
    {
      line: String.raw`.map(letters => folded(letters).replaceAll(/[^a-z0-9\u0080-\uffff]/g, '\\$&'))`,
      changes: [String.raw`letters => folded(letters).replaceAll(/[^a-z0-9\u0080-\uffff]/g, '\\$&') → () => undefined`],
      reason: 'The pattern then finds more, and only saves most replies the search for the letters of each signal.',
    },
    {
      line: "let text = folded(reply).replaceAll(passed, ' ');",
      changes: [`' ' → ""`],
      reason: 'Such a proof stands between characters that are part of no word, so that nothing grows together.',
    },
    {
      line: String.raw`isAscii: /^[ -~\s]*$/.test(plain),`,
      changes: [String.raw`/^[ -~\s]*$/ → /^[ -~\s]$/`],
      reason: 'The letters that a signal lacks are beyond ASCII, and the shortcut only saves the search for them.',
    },
    {
      line: "ofClass === '5' && detail !== emptyDetail ? ownValue(subjectSignals, detail.split('.', 1)[0]!) : undefined;",
      changes: [`'.' → ""`],
      reason: 'A subject that means anything is one digit.',
    },
    {
      line: 'const labelOverCode = ofLabel !== undefined && beatsEveryCode.has(ofLabel);',
      changes: ['ofLabel !== undefined → true'],
      reason: 'The set holds no undefined: only the types ask.',
    },
    {
      line: "const stated = label ?? 'unspecified';",
      changes: [`'unspecified' → ""`],
      reason: 'Neither is a precise label, and the status that would differ is not looked at.',
    },
    {
      line: 'const isEmpty = !reply.text && !reply.enhancedCode && !reply.code;',
      changes: ['!reply.text && !reply.enhancedCode && !reply.code → false'],
      reason: 'Nothing is found in an empty reply, and the shortcut only saves the compilation of all phrases.',
    },
    {
      line: 'return isEmpty && !isPrecise(stated) ? null : statedCause(failureOf(reply, stated));',
      changes: ['isEmpty && !isPrecise(stated) → false'],
      reason: 'Nothing is found in an empty reply, and the shortcut only saves the compilation of all phrases.',
    },
  ],
  'shared/providers/signatures/sns.ts': [
    {
      line: 'if (publicKeys.size >= maxKeys) publicKeys.clear();',
      changes: ['publicKeys.size >= maxKeys → publicKeys.size > maxKeys'],
      reason: 'A hundred keys and one take no more memory that matters.',
    },
  ],
  'shared/status/caveats.ts': [
    {
      line: "const { verdict, messageId = '', accountId, events } = email;",
      changes: [`'' → ${here}`],
      reason: 'Only a message id that begins with "event:" stands for an event alone.',
    },
  ],
};
