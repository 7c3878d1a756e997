import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countMeanings } from '../../infra/tools/docs/count-meanings.ts';
import { documents, guideOf } from '../../infra/tools/docs/provider-pages.ts';
import type { Guide } from '../../shared/providers/provider.ts';
import type { ProviderName } from '../../shared/providers/registry.ts';
import { noCounts } from '../../shared/runtime/counts.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { fixtureNames, parsedFixture } from '../fixtures/fixtures.ts';
import { providerNames } from '../fixtures/signing.ts';

const all = await documents();

it.each(all.map(({ file, text }) => [basename(file.pathname), file, text] as const))(
  '%s says what the adapters say (npm run docs writes it)',
  (_, file, text) => {
    expect(readFileSync(file, 'utf8')).toBe(text);
  },
);

it('there is a page for each provider and one about all, and none for any other', () => {
  const pages = readdirSync(new URL('../../docs/providers/', import.meta.url));
  expect(pages.toSorted()).toEqual(['README', ...providerNames].map(name => `${name}.md`).toSorted());
});

it('the page about all explains every count of an answer, in the order of the answer', () => {
  expect(Object.keys(countMeanings)).toEqual(Object.keys(noCounts()));
});

const seen: readonly Status[] = ['opened', 'link_clicked'];
const failed: readonly Status[] = ['deferred', 'soft_bounced', 'hard_bounced', 'invalid', 'rejected', 'marked_spam'];

/** Whether an event of a status brings the subject, by what the guide says. */
const bringsSubject = {
  always: () => true,
  'on bounces and complaints': status => failed.includes(status),
  'except on opens and clicks': status => !seen.includes(status),
  'only on opens and clicks': status => seen.includes(status),
  never: () => false,
} as const satisfies Record<Guide['subject'], (status: Status) => boolean>;

/** Fixtures whose special case is that the subject is absent. */
const withoutSubject: Partial<Readonly<Record<ProviderName, RegExp>>> = {
  // Identity notifications have it only with the original headers.
  ses: /^notification\./,
  sparkpost: /^(?:click\.after-sixty-days|generation_failure\.template)$/,
  mailgun: /^bracketed-message-id$/,
  app: /^email\.sent\.absent-as-null$/,
};

describe('a guide', () => {
  it.each(providerNames)('of %s names the events that bring the subject', async name => {
    const { subject } = await guideOf(name);
    const fixtures = fixtureNames(name).filter(fixtureName => !withoutSubject[name]?.test(fixtureName));
    for (const fixtureName of fixtures) {
      for (const { status, subject: brought } of parsedFixture(name, fixtureName).events) {
        if (status === null) continue;
        expect(brought !== undefined, `${fixtureName}: ${status}`).toBe(bringsSubject[subject](status));
      }
    }
  });
});
