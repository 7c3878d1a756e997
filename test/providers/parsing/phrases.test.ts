import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { folded, phraseFinder, wordsOf } from '../../../shared/providers/parsing/phrases.ts';
import { allSignals } from '../../../shared/providers/parsing/signals.ts';
import { character } from '../../rigs/arbitrary-text.ts';

const finds = (phrase: string, text: string) => phraseFinder([[phrase]])(wordsOf(folded(text))).size > 0;

describe('a phrase', () => {
  it.each([
    ['user unknown', 'User unknown'],
    ['user unknown', '550 5.1.1 the user is unknown!'],
    ['user|mailbox full', 'the mailbox is full'],
    ['block*', 'blocklisted'],
    ['user .. unknown', 'user jane@example.com at this host unknown'],
    ['user not exist', "user doesn't exist"],
    ['user not exist', 'user does not exist'],
    ['n existe pas', "Cette adresse n'existe pas"],
    ['empfanger unbekannt', 'Empfänger unbekannt'],
    ['skrzynka pelna', 'Skrzynka jest pełna'.replace(' jest', '')],
    ['mail from ip#', 'Mail from 192.0.2.1'],
    ['try @', 'try <jane@example.com>'],
  ])('"%s" is found in "%s"', (phrase, text) => {
    expect(finds(phrase, text)).toBe(true);
  });

  it.each([
    ['user unknown', 'unknown user'],
    ['user unknown', 'user of this system unknown'],
    ['user .. unknown', 'user. The rest is unknown'],
    ['user .. unknown', 'user one two three four five unknown'],
    ['block*', 'unblock'],
    ['full', 'jane@full.example'],
    ['full', 'https://example.com/full'],
    ['full', 'mx.full.example'],
  ])('"%s" is not found in "%s"', (phrase, text) => {
    expect(finds(phrase, text)).toBe(false);
  });

  it('is found in its sentence alone, and said of it', () => {
    const found = phraseFinder([['full'], ['empty']])(wordsOf('It is full. It is empty. It is full.'));
    expect(found.get(0)).toEqual([0, 2]);
    expect(found.get(1)).toEqual([1]);
  });
});

it('takes any text apart into words, each of some sentence', () => {
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 2_000 }), text => {
      const { words, sentences } = wordsOf(folded(text));
      expect(words.length).toBe(sentences.length);
      expect([...sentences].sort((a, b) => a - b)).toEqual(sentences);
    }),
  );
});

const placeholders = /^(?:@|:\/\/|ip#|host#)$/;

it.each(allSignals.map((signal, index) => [index, signal.cause, signal] as const))(
  'signal %i, of %s, has no word that no text can have',
  (_, __, { says, unless = [] }) => {
    for (const phrase of [...says, ...unless]) {
      for (const alternative of phrase.split(' ').flatMap(part => part.split('|'))) {
        const word = alternative.replace(/\*$/, '');
        if (/^\.\.\.?$/.test(word) || placeholders.test(word)) continue;
        expect(wordsOf(folded(word)).words, phrase).toEqual([word]);
      }
    }
  },
);
