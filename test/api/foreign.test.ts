import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reader } from '../../shared/email/reader.ts';
import { queryFunction } from '../rigs/query-function.ts';
import { runs } from '../rigs/runs.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { type AccountId, type Known, type KnownPage, knownPages, storeAccounts } from './accounts.ts';
import { askForForeign } from './foreign.ts';

describe("questions about another account's ids, cursors, recipients and references", () => {
  let emails: StoredEmails;
  let known: Readonly<Record<AccountId, Known>>;
  let pages: readonly KnownPage[];
  beforeAll(async () => {
    emails = await startStoredEmails();
    known = await storeAccounts(emails, 80);
    pages = await knownPages(emails);
  });
  afterAll(() => emails?.stop());

  const asking = () => ({ seed: 1, own: 'acct-adela', other: 'acct-bjorn=b+c@d:e.~_-', known, pages }) as const;

  it('get the same answers, byte for byte, as questions about unknown ones', async () => {
    const questions = runs(1_250);
    const { asked, told } = await askForForeign({ ...asking(), things: questions, call: queryFunction(emails) });
    expect(told.map(one => JSON.stringify(one))).toEqual([]);
    const some = expect.toSatisfy((count: number) => count >= questions / 25);
    expect(asked).toEqual({
      "another's id under the own account": { 404: some },
      "another's id under its account": { 404: some },
      'an id that nobody has': { 404: some },
      "another's lists": { 404: some },
      "another's recipient": { 200: some },
      "another's reference": { 200: some },
      "another's cursor": { 400: some },
      "another's ids at once": { 200: some },
      "another's references at once": { 200: some },
      "another's recipients at once": { 200: some },
    });
  }, 120_000);

  it('reveal a reader that shows them emails', async () => {
    const { page, newestTo } = emails.store;
    const store: Reader = {
      ...emails.store,
      page: (filter, request) => page({ ...filter, accountId: null }, request),
      newestTo: (recipients, _accountId, read) => newestTo(recipients, null, read),
    };
    const call = queryFunction(emails, { store });
    const { told } = await askForForeign({ ...asking(), things: 200, call });
    expect(new Set(told.map(({ kind }) => kind))).toEqual(
      new Set([
        "another's recipient",
        "another's reference",
        "another's references at once",
        "another's recipients at once",
      ]),
    );
  });
});
