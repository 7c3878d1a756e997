import { describe, expect, it } from 'vitest';
import { table as de } from '../../functions/ui/elements/messages/de.ts';
import { en } from '../../functions/ui/elements/messages/en.ts';
import { enEmail } from '../../functions/ui/elements/messages/en-email.ts';
import type { Message, MessageTable } from '../../functions/ui/elements/messages/message.ts';
import { maxNote, noteKeyOf, noteKeys } from '../../functions/ui/elements/notes.ts';
import { limits, noteNames } from '../../shared/email/event.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { causeIds } from '../../shared/status/causes.ts';
import { caveatTexts } from '../../shared/status/caveats.ts';
import { causeTexts, statusTexts } from '../../shared/status/coded-texts.ts';

const english: MessageTable = { ...en, ...enEmail };

const coded = [...statusIds.map(statusTexts), ...causeIds.map(causeTexts)];

/** The code of each text that the API has. */
const codes = [
  ...coded.flatMap(texts => Object.values(texts).map(({ code }) => code)),
  ...Object.keys(caveatTexts).map(id => `caveat.${id}`),
].filter(code => code !== null);

const formsOf = (message: Message) => (typeof message === 'string' ? [message] : Object.values(message));

const placeholdersOf = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

describe("the words for Mailtrail's own notes", () => {
  it('name each of the notes, and no event that a provider reports', () => {
    expect(Object.keys(noteKeys).sort()).toEqual(Object.values(noteNames).sort());
    expect(noteKeyOf({ status: 'delivered', providerEvent: noteNames.handled })).toBeNull();
    expect(noteKeyOf({ status: null, providerEvent: 'toString' })).toBeNull();
  });

  it('have room for as many characters as the API takes', () => {
    expect(maxNote).toBe(limits.text);
  });
});

describe('the German messages', () => {
  it('have each message of the elements, each text of the API, and no other', () => {
    expect(Object.keys(de).sort()).toEqual([...Object.keys(english), ...codes].sort());
  });

  it('have the values of the English ones, in each of their forms', () => {
    for (const [key, message] of Object.entries(english)) {
      const wanted = placeholdersOf(formsOf(message)[0]!);
      for (const form of [...formsOf(message), ...formsOf(de[key]!)]) {
        expect([key, placeholdersOf(form)]).toEqual([key, wanted]);
      }
    }
  });

  it('have a form for each plural of German', () => {
    const wanted = new Intl.PluralRules('de').resolvedOptions().pluralCategories.toSorted();
    const plurals = Object.values(de).filter(message => typeof message !== 'string');
    expect(plurals.map(forms => Object.keys(forms).sort())).toEqual(plurals.map(() => wanted));
  });

  it('say something else to the people of an account exactly where English does', () => {
    const englishTexts = Object.fromEntries(
      coded.flatMap(texts => Object.values(texts).map(({ code, text }) => [code, text])),
    );
    const differing = (texts: MessageTable) =>
      codes.filter(code => code.endsWith('ForAccount') && texts[code] !== texts[code.replace('ForAccount', '')]);
    expect(differing(de)).toEqual(differing(englishTexts));
  });
});
