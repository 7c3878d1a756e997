import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partitionsOfDay } from '../../shared/email/attention-day.ts';
import type { Position } from '../../shared/email/position.ts';
import { createReader, type EmailFilter, type Page } from '../../shared/email/reader.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const day = 24 * 60 * 60_000;

describe('the reader', () => {
  let stored: StoredEmails;
  let calls: string[] = [];
  /** The look-ups of emails: the number of keys, and whether they are strongly consistent. */
  let lookUps: { readonly keys: number; readonly isStrong: boolean | undefined }[] = [];
  beforeAll(async () => {
    stored = await startStoredEmails();
    const many = Array.from({ length: 1_300 }, (_, index) =>
      anEvent({
        accountId: 'large',
        reference: 'shared',
        status: index === 0 ? 'invalid' : 'delivered',
        occurredAt: noon + index,
      }),
    );
    await stored.record(many, noon + many.length);
  });
  afterAll(() => stored?.stop());

  const reader = (now: number | (() => number) = noon) => {
    const client = {
      send: (command: Parameters<DynamoDBDocumentClient['send']>[0]) => {
        calls.push(command.constructor.name.replace('Command', ''));
        if (command instanceof BatchGetCommand) {
          const { Keys = [], ConsistentRead } = command.input.RequestItems![stored.tableName]!;
          lookUps.push({ keys: Keys.length, isStrong: ConsistentRead });
        }
        return stored.client.send(command);
      },
    } as DynamoDBDocumentClient;
    return createReader({
      client,
      tableName: stored.tableName,
      retentionDays: 400,
      oldAfter: defaultOldAfter,
      now: typeof now === 'number' ? () => now : now,
    });
  };
  const costOf = async (filter: EmailFilter, limit = 50, after: Position | null = null) => {
    calls = [];
    lookUps = [];
    const page = await reader().page(filter, { limit, after });
    return {
      page,
      lookedUp: lookUps.reduce((sum, { keys }) => sum + keys, 0),
      queries: calls.filter(call => call === 'Query').length,
      batches: calls.filter(call => call === 'BatchGet').length,
    };
  };

  it.each([1, 50, 100])('reads a page of %i email(s) with one Query and one BatchGetItem', async limit => {
    const { page, queries, batches } = await costOf({ accountId: 'large' }, limit);
    expect([page.shown.length, queries, batches]).toEqual([limit, 1, 1]);
  });

  it('reads one email with one GetItem', async () => {
    const { page } = await costOf({ accountId: 'large' }, 1);
    calls = [];
    await reader().email(page.shown[0]!.emailId);
    expect(calls).toEqual(['Get']);
  });

  it('reads an empty list with one Query', async () => {
    expect(await costOf({ accountId: 'nobody' })).toMatchObject({
      page: { shown: [], next: null },
      queries: 1,
      batches: 0,
    });
  });

  it('reads a hundred ids with one BatchGetItem', async () => {
    const { page } = await costOf({ accountId: 'large' }, 100);
    calls = [];
    const emails = await reader().emails(page.shown.map(({ emailId }) => emailId));
    expect(emails.size).toBe(100);
    expect(calls).toEqual(['BatchGet']);
  });

  it.each<[string, EmailFilter, number]>([
    ['statuses', { accountId: 'large', status: ['invalid', 'sent'] }, 1],
    ['causes', { accountId: 'large', cause: ['mailbox_full'] }, 0],
    ['late emails', { accountId: 'large', attention: 'late' }, 0],
    ['a reference of a recipient', { accountId: 'large', reference: 'another', recipient: 'jane@example.com' }, 0],
    ['statuses of a reference', { accountId: 'large', reference: 'shared', status: ['rejected'] }, 0],
  ])(
    'looks at no more than 300 emails per page of a list by %s, at half the price, and goes on with the next page',
    async (_, filter, expected) => {
      const isOfReference = filter.recipient === undefined && filter.reference !== undefined;
      let after: Position | null = null;
      let seen = 0;
      let found = 0;
      do {
        const cost: Awaited<ReturnType<typeof costOf>> = await costOf(filter, 50, after);
        expect(cost.queries).toBeLessThanOrEqual(32);
        expect(cost.lookedUp).toBeLessThanOrEqual(300);
        expect(lookUps.every(({ isStrong }) => isStrong === false)).toBe(true);
        if (cost.page.next !== null) expect(cost.lookedUp).toBe(300);
        found += cost.page.shown.length;
        seen += cost.lookedUp;
        after = cost.page.next;
      } while (after !== null);
      expect([seen, found]).toEqual([isOfReference ? 1_000 : 1_300, expected]);
    },
  );

  it('reads a page without filters strongly consistent', async () => {
    await costOf({ accountId: 'large' });
    expect(lookUps).toEqual([{ keys: 50, isStrong: true }]);
  });

  it('looks only at emails that ask somebody to act, in a list of those', async () => {
    const { page, lookedUp } = await costOf({ accountId: 'large', attention: 'act', status: ['invalid', 'rejected'] });
    expect([page.shown.length, page.next, lookedUp]).toEqual([1, null, 1]);
  });

  it('lists at most 1,000 emails of a reference, newest first, with one Query per page, and says that there are more', async () => {
    const times: number[] = [];
    let after: Position | null = null;
    do {
      const { page, queries } = await costOf({ accountId: 'large', reference: 'shared' }, 100, after);
      expect([queries, page.isTruncated]).toEqual([1, true]);
      times.push(...page.shown.map(({ sentAt }) => sentAt));
      after = page.next;
    } while (after !== null);
    expect(times).toHaveLength(1_000);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  it("lists a reference at no extra cost for other accounts' emails, shows none of them and hides no own email", async () => {
    const ofNobody = { page: { shown: [], next: null }, queries: 1, batches: 0, lookedUp: 0 };
    expect(await costOf({ accountId: 'another', reference: 'shared' })).toEqual(ofNobody);
    const own = await stored.record([anEvent({ accountId: 'another', reference: 'shared' })], noon - 1);
    const { page, queries } = await costOf({ accountId: 'another', reference: 'shared' }, 1);
    expect([page, queries]).toMatchObject([{ shown: [{ emailId: own }], next: null }, 1]);
  });

  it("lists a recipient with one Query more for other accounts' emails, shows none of them and hides no own email", async () => {
    const filter = { accountId: 'third', recipient: 'jane@example.com' };
    expect(await costOf(filter)).toMatchObject({ page: { shown: [], next: null }, queries: 2, batches: 0 });
    const own = await stored.record([anEvent({ accountId: 'third' })], noon - 1);
    expect((await costOf(filter, 1)).page).toMatchObject({ shown: [{ emailId: own }], next: null });
  });

  it("reads support's attention list day by day, several days per page, and ends at the retention", async () => {
    let after: Position | null = null;
    let days = 0;
    let pages = 0;
    const found: string[] = [];
    const now = noon + 100 * day;
    do {
      calls = [];
      const page: Page<{ emailId: string }> = await reader(now).page(
        { accountId: null, attention: 'act' },
        { limit: 50, after },
      );
      const queried = calls.filter(call => call === 'Query').length / partitionsOfDay;
      expect(queried).toBeLessThanOrEqual(32);
      days += queried;
      found.push(...page.shown.map(({ emailId }) => emailId));
      after = page.next;
      pages += 1;
    } while (after !== null);
    expect(found).toHaveLength(1);
    expect(days).toBeGreaterThan(400);
    expect(days).toBeLessThan(460);
    expect(pages).toBeLessThanOrEqual(15);
  });

  it('lists an email from the time of its first record, even if the retry queue brings an earlier bounce', async () => {
    const hour = 60 * 60_000;
    const delivered = anEvent({ accountId: 'late', recipient: 'late@example.com' });
    const emailId = await stored.record([delivered], noon);
    await stored.record([{ ...delivered, eventId: 'b', status: 'hard_bounced' }], noon - 2 * hour);
    for (const accountId of ['late', null]) {
      const filter = { accountId, attention: 'act' as const, from: noon - hour };
      const { shown } = await reader(noon + hour).page(filter, { limit: 50, after: null });
      expect(shown.map(email => email.emailId)).toContain(emailId);
    }
  });

  describe('lists late emails', () => {
    const late = { accountId: 'waiting', attention: 'late' } as const;
    const idsOf = ({ shown }: Page<{ emailId: string }>) => shown.map(({ emailId }) => emailId);
    const sent: string[] = [];
    beforeAll(async () => {
      for (const at of [noon - 91 * day, noon - 90 * day, noon - 30 * day, noon - day, noon - day - 1, noon])
        sent.push(await stored.record([anEvent({ accountId: 'waiting', status: 'sent', occurredAt: at })], at));
    });

    it('of the last 90 days, as soon as they have waited too long', async () => {
      const [, oldest, older, young, old] = sent;
      expect(idsOf(await reader().page(late, { limit: 10, after: null }))).toEqual([old, older, oldest]);
      expect(idsOf(await reader(noon + 1).page(late, { limit: 10, after: null }))).toEqual([young, old, older]);
    });

    it('from a later begin, and before an end, of which either may leave nothing', async () => {
      const within = async (bounds: Pick<EmailFilter, 'from' | 'to'>) =>
        idsOf(await reader().page({ ...late, ...bounds }, { limit: 10, after: null }));
      expect(await within({ from: noon - 30 * day })).toEqual([sent[4], sent[2]]);
      expect(await within({ from: noon - 400 * day, to: noon - 30 * day })).toEqual([sent[1]]);
      expect(await within({ to: noon - 90 * day })).toEqual([]);
      expect(await within({ from: noon - 400 * day, to: noon - 100 * day })).toEqual([]);
    });

    it('to its end, even if the last email of a page leaves the 90 days before the next page', async () => {
      let now = noon;
      const ticking = reader(() => now);
      const first = await ticking.page(late, { limit: 2, after: null });
      expect([idsOf(first), first.next]).toMatchObject([[sent[4], sent[2]], { emailId: sent[2] }]);
      now += 61 * day;
      expect(await ticking.page(late, { limit: 2, after: first.next })).toEqual({ shown: [], next: null });
    });

    it('of a reference and of a recipient, within the same 90 days', async () => {
      const facts = { reference: 'INV-late', recipient: 'late@waiting.example', status: 'deferred' } as const;
      for (const at of [noon - 91 * day, noon - 4 * day])
        await stored.record([anEvent({ accountId: 'waiting', ...facts, occurredAt: at })], at);
      for (const by of [{ reference: 'INV-late' }, { recipient: 'late@waiting.example' }]) {
        for (const accountId of ['waiting', null]) {
          const { shown } = await reader().page({ ...late, accountId, ...by }, { limit: 10, after: null });
          expect(shown.map(({ sentAt }) => sentAt)).toEqual([noon - 4 * day]);
        }
      }
    });
  });

  describe('counts the emails that ask somebody to act', () => {
    it.each([0, 7])('of an account that has %d of them, without reading one', async count => {
      const accountId = `counted-${count}`;
      for (let index = 0; index < count; index += 1)
        await stored.record([anEvent({ accountId, status: 'soft_bounced' }), anEvent({ accountId })], noon + index);
      calls = [];
      expect(await reader().actionableTotal(accountId)).toEqual({ count, more: false });
      expect(calls).toEqual(['Query']);
    });

    it.each([
      [999, { count: 999, more: false }],
      [1, { count: 1_000, more: false }],
      [1, { count: 1_000, more: true }],
    ])('up to 1,000: after %d more, %o', async (more, total) => {
      const events = Array.from({ length: more }, () => anEvent({ accountId: 'crowded', status: 'invalid' }));
      await stored.record(events, noon + 200 * day);
      expect(await reader().actionableTotal('crowded')).toEqual(total);
    });

    it('of all accounts and of none, of all days at once', async () => {
      calls = [];
      expect(await reader().actionableTotal(null)).toEqual({ count: 1_000, more: true });
      expect(calls).toEqual(['Scan']);
      const few = await startStoredEmails();
      try {
        for (const [accountId, age] of [
          ['acme', 0],
          ['globex', 399],
          [undefined, 31],
          ['acme', 31],
        ] as const) {
          const event = anEvent({ ...(accountId && { accountId }), status: 'rejected' });
          await few.record([event, anEvent()], noon - age * day);
        }
        expect(await few.store.actionableTotal(null)).toEqual({ count: 4, more: false });
      } finally {
        await few.stop();
      }
    });
  });
});
