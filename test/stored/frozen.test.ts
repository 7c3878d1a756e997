import { describe, expect, it } from 'vitest';
import { emailIdOf } from '../../shared/email/event.ts';
import { encodeHistory, identityOf } from '../../shared/email/history.ts';
import { differences } from './differences.ts';
import { everyFixture, type StoredKind } from './forms.ts';
import { contains, formDifferences, frozen, thingDifferences } from './frozen.ts';
import { recipeFor } from './recipes.ts';

describe('an installation of an earlier version', () => {
  const compared = differences();

  it('keeps its data, its indexes and its messages through an update to this version', async () => {
    for (const { name, recipe, breaks } of await compared) {
      expect(breaks, `${name}: ${recipeFor(recipe, breaks)}`).toEqual([]);
    }
  });

  it('can be of this version too: npm run freeze has kept its forms, indexes and resources', async () => {
    for (const { name, news } of await compared) {
      expect(news, `${name}: run npm run freeze, and commit test/fixtures/stored`).toEqual([]);
    }
  });

  it('has stored forms of every kind', () => {
    for (const name of ['history', 'items', 'messages', 'records', 'news', 'indexes', 'resources'])
      expect(Object.keys(frozen(name)), name).not.toEqual([]);
  });
});

describe('the comparison with earlier versions', () => {
  const resource = { type: 'AWS::SQS::Queue', properties: {} };
  const index = { keys: ['accountId S', 'sentAt N'], projection: 'KEYS_ONLY' };

  it.each([
    ['a new logical id', { Retry: resource }, { Retry2: resource }, ['Retry is gone.'], ['Retry2']],
    [
      'a name',
      { Retry: resource },
      { Retry: { ...resource, properties: { QueueName: 'x' } } },
      ['Retry has changed.'],
      [],
    ],
    [
      'another projection',
      { byAccount: index },
      { byAccount: { ...index, projection: 'ALL' } },
      ['byAccount has changed.'],
      [],
    ],
    ['one more index', { byAccount: index }, { byAccount: index, byAccount2: index }, [], ['byAccount2']],
  ])('notices %s', (_, kept, today, breaks, news) => {
    expect(thingDifferences<unknown>(kept, today)).toMatchObject({ breaks, news });
  });

  const kind = (write: (text: string) => unknown, read: (form: never) => unknown): StoredKind<unknown> => ({
    written: () => ({ greeting: write('hello') }),
    read: read as (form: unknown) => unknown,
    identity: read as (form: unknown) => unknown,
  });
  const first = kind(
    text => [text],
    ([text]: string[]) => ({ text }),
  );

  it('takes a form with more in it that says the same, and keeps the earlier one beside it', async () => {
    const { next } = await formDifferences(first, {});
    const more = kind(
      text => [text, 'en'],
      ([text]: string[]) => ({ text }),
    );
    const { breaks, news, next: both } = await formDifferences(more, next);
    expect({ breaks, news }).toEqual({ breaks: [], news: ['greeting'] });
    expect(both.greeting!.map(({ form }) => form)).toEqual([['hello'], ['hello', 'en']]);
  });

  it('refuses a version that reads the earlier form otherwise', async () => {
    const { next } = await formDifferences(first, {});
    const moved = kind(
      text => ['en', text],
      ([, text]: string[]) => ({ text }),
    );
    expect((await formDifferences(moved, next)).breaks).toContain(
      'greeting: an earlier form is read otherwise, or not at all.',
    );
  });

  it('refuses a form whose content has become another thing to readers', async () => {
    const { next } = await formDifferences(first, {});
    const other = kind(
      text => [`${text}!`],
      ([text]: string[]) => ({ text }),
    );
    expect((await formDifferences(other, next)).breaks).toEqual([
      'greeting: the new form is another thing to readers, because its identity differs.',
    ]);
  });

  it('lets a later version read more, and never less', () => {
    expect(contains({ text: 'hello', language: 'en' }, { text: 'hello' })).toBe(true);
    expect(contains({ text: 'hello' }, { text: 'hello', language: 'en' })).toBe(false);
    expect(contains({ all: [1, 2] }, { all: [1] })).toBe(false);
    expect(contains(null, { text: 'hello' })).toBe(false);
  });
});

it('no provider gives two events of one email the same id, time and attribution, by which they are one when read', () => {
  for (const { provider, name, events } of everyFixture()) {
    const byEmail = Map.groupBy(events, emailIdOf);
    for (const ofEmail of byEmail.values()) {
      const distinct = new Set(ofEmail.map(encodeHistory));
      expect(new Set(ofEmail.map(identityOf)).size, `${provider}/${name}`).toBe(distinct.size);
    }
  }
});
