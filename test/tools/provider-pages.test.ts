import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { documents } from '../../infra/tools/docs/provider-pages.ts';
import { providerNames } from '../fixtures/signing.ts';

const all = await documents();

it.each(all.map(({ file, text }) => [basename(file.pathname), file, text] as const))(
  '%s says what the adapters say (npm run docs writes it)',
  (_, file, text) => {
    expect(readFileSync(file, 'utf8')).toBe(text);
  },
);

it('there is a page for each provider, and none for any other', () => {
  const pages = readdirSync(new URL('../../docs/providers/', import.meta.url));
  expect(pages.toSorted()).toEqual(providerNames.map(name => `${name}.md`).toSorted());
});
