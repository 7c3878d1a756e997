import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCountWork } from '../../functions/daily/work.ts';
import { type CanonicalEvent, canaryAccountId } from '../../shared/email/event.ts';
import { createReader } from '../../shared/email/reader.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { causeIds } from '../../shared/status/causes.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, supportToken } from '../rigs/query-function.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

describe('the counts of the daily digest', () => {
  let emails: StoredEmails;
  const recorded: string[] = [];
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  const record = async (event: Partial<CanonicalEvent>, at: number) => {
    const emailId = await emails.record([anEvent({ occurredAt: at, ...event })], at);
    recorded.push(emailId);
    return emailId;
  };
  const removeAll = async () => {
    for (const emailId of recorded.splice(0)) await emails.remove(emailId);
  };
  // Of a longer retention, each list would read hundreds of empty days.
  const reader = () => {
    const { client, tableName } = emails;
    return createReader({ client, tableName, retentionDays: 1, oldAfter: defaultOldAfter, now: () => noon });
  };
  const count = (since: number, limits?: Parameters<typeof createCountWork>[2], accountId: string | null = null) =>
    createCountWork(reader(), () => noon, limits)(since, accountId);

  /** Every email of a list of the API. */
  async function listed(query: string, accountId?: string): Promise<readonly { readonly emailId: string }[]> {
    const ask = queryFunction({ store: reader() });
    const found: { emailId: string }[] = [];
    let cursor: string | undefined;
    do {
      const all = `attention=act&limit=10${query}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const { json } =
        accountId === undefined
          ? await ask('GET /emails', { query: all, token: supportToken })
          : await ask('GET /accounts/{accountId}/emails', { query: all, path: { accountId }, token: supportToken });
      found.push(...json.emails);
      cursor = json.cursor;
    } while (cursor !== undefined);
    return found;
  }

  const accountIds = ['acme', 'globex', 'initech'] as const;
  const stored = fc.record({
    accountId: fc.constantFrom(...accountIds, undefined, canaryAccountId),
    statuses: fc.array(fc.constantFrom(...statusIds), { minLength: 1, maxLength: 3 }),
    cause: fc.constantFrom(...causeIds, undefined),
    minutesAgo: fc.integer({ min: 0, max: 5 * 24 * 60 }),
    isErased: fc.boolean().map(one => one && true),
  });

  it('equal the lists of the API: in total, by account and by cause, whatever the emails went through', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(stored, { maxLength: 20 }),
        fc.integer({ min: 0, max: 5 * 24 * 60 }).map(minutes => noon - minutes * minute),
        async (some, since) => {
          await removeAll();
          for (const { accountId, statuses, cause, minutesAgo, isErased } of some) {
            const at = noon - minutesAgo * minute;
            const { provider, messageId, recipient } = anEvent({ recipient: `${randomUUID()}@example.com` });
            const proof = accountId === canaryAccountId ? { provenFor: canaryAccountId } : {};
            const of = { provider, messageId, recipient, ...(accountId && { accountId }), ...proof };
            for (const status of statuses) await record({ ...of, status, ...(cause && { reason: { cause } }) }, at);
            if (isErased) await emails.erase(recipient);
          }
          const { all, accounts, atLeast } = await count(since);
          const inList = await listed('');
          expect([all.emails, atLeast]).toEqual([inList.length, false]);
          expect(all.newest).toEqual(inList.slice(0, 25).map(({ emailId }) => emailId));
          for (const accountId of accountIds) {
            const ofAccount = await listed('', accountId);
            expect(accounts.get(accountId)?.emails ?? 0).toBe(ofAccount.length);
            const apart = await count(since, undefined, accountId);
            expect(apart.all).toEqual(accounts.get(accountId) ?? { emails: 0, newEmails: 0, groups: [], newest: [] });
          }
          expect(accounts.has(canaryAccountId)).toBe(false);
          const caused = all.groups.find(({ cause }) => cause !== null);
          if (caused !== undefined) expect(await listed(`&cause=${caused.cause}`)).toHaveLength(caused.emails);
          const sum = (parts: Iterable<{ readonly emails: number; readonly newEmails: number }>) =>
            [...parts].reduce((one, { emails, newEmails }) => [one[0]! + emails, one[1]! + newEmails], [0, 0]);
          expect(sum(all.groups)).toEqual([all.emails, all.newEmails]);
          expect(sum(accounts.values())).toEqual([all.emails, all.newEmails]);
        },
      ),
      { numRuns: runs(12) },
    );
  }, 120_000);

  it('tell apart the emails that began to ask since a time', async () => {
    await removeAll();
    for (const ago of [0, 1, 2, 3]) await record({ accountId: 'acme', status: 'hard_bounced' }, noon - ago * day);
    expect((await count(noon - day)).all).toMatchObject({ emails: 4, newEmails: 2 });
    expect((await count(noon + 1)).all).toMatchObject({ emails: 4, newEmails: 0 });
  });

  it('are the least where there are more emails than one digest reads, and the newest come first', async () => {
    await removeAll();
    for (const ago of [0, 1, 2, 3]) await record({ accountId: `a${ago}`, status: 'rejected' }, noon - ago * day);
    const counted = await count(noon - day, { maxEmails: 3, maxReadMs: 1000 });
    expect(counted.all).toMatchObject({ emails: 3, newEmails: 2 });
    expect([counted.atLeast, counted.newAtLeast]).toEqual([true, false]);
    expect([...counted.accounts.keys()]).toEqual(['a0', 'a1', 'a2']);
    expect((await count(noon - 9 * day, { maxEmails: 3, maxReadMs: 1000 })).newAtLeast).toBe(true);
  });

  it('are the least where the time is over', async () => {
    await removeAll();
    for (let index = 0; index < 120; index += 1) await record({ accountId: 'acme', status: 'invalid' }, noon);
    const counted = await count(noon, { maxEmails: 5000, maxReadMs: 0 });
    expect([counted.all.emails, counted.atLeast]).toEqual([100, true]);
    expect((await count(noon)).all.emails).toBe(120);
  });

  it('never say that there is nothing to do before everything was read, however long that takes', async () => {
    const [email] = (await reader().page({ accountId: null, attention: 'act' }, { limit: 1, after: null })).shown;
    const next = { at: noon, emailId: null };
    const pages = [
      { shown: [], next },
      { shown: [], next },
      { shown: [email!], next },
    ];
    const slow = createCountWork({ page: async () => pages.shift()! }, () => noon, { maxEmails: 5000, maxReadMs: 0 });
    expect(await slow(noon, null)).toMatchObject({ all: { emails: 1 }, atLeast: true });
  });
});
