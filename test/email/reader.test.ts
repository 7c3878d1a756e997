import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReader, type EmailFilter, type Page, type Position } from '../../shared/email/reader.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const day = 24 * 60 * 60_000;

describe('the reader', () => {
  let stored: StoredEmails;
  let calls: string[] = [];
  beforeAll(async () => {
    stored = await startStoredEmails();
    const many = Array.from({ length: 1_300 }, (_, index) =>
      anEvent({ accountId: 'large', reference: 'shared', status: index === 0 ? 'invalid' : 'delivered' }),
    );
    for (const [index, event] of many.entries())
      await stored.record([{ ...event, occurredAt: noon + index }], noon + index);
  });
  afterAll(() => stored?.stop());

  const reader = (now = noon) => {
    const client = {
      send: (command: Parameters<DynamoDBDocumentClient['send']>[0]) => {
        calls.push(command.constructor.name.replace('Command', ''));
        return stored.client.send(command);
      },
    } as DynamoDBDocumentClient;
    return createReader({
      client,
      tableName: stored.tableName,
      retentionDays: 400,
      oldAfter: defaultOldAfter,
      now: () => now,
    });
  };
  const costOf = async (filter: EmailFilter, limit = 50, after: Position | null = null) => {
    calls = [];
    const page = await reader().page(filter, { limit, after });
    return {
      page,
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

  it('limits the calls per page, however few emails pass the filter, and goes on with the next page', async () => {
    for (const [filter, expected] of [
      [{ accountId: 'large', status: ['invalid', 'sent'] }, 1],
      [{ accountId: 'large', reference: 'another', recipient: 'jane@example.com' }, 0],
    ] as const) {
      let after: Position | null = null;
      let pages = 0;
      let found = 0;
      do {
        const { page, queries, batches }: { page: Page<unknown>; queries: number; batches: number } = await costOf(
          filter,
          50,
          after,
        );
        expect(queries).toBeLessThanOrEqual(32);
        expect(batches).toBeLessThanOrEqual(11);
        found += page.shown.length;
        after = page.next;
        pages += 1;
      } while (after !== null);
      expect([pages, found]).toEqual([2, expected]);
    }
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
    const few = await costOf({ accountId: 'large', reference: 'shared', status: ['rejected', 'sent'] }, 50);
    expect(few).toMatchObject({ page: { shown: [], next: null, isTruncated: true }, queries: 1, batches: 11 });
  });

  it("lists a reference at no extra cost for other accounts' emails, shows none of them and hides no own email", async () => {
    const ofNobody = { page: { shown: [], next: null }, queries: 1, batches: 0 };
    expect(await costOf({ accountId: 'another', reference: 'shared' })).toEqual(ofNobody);
    const own = await stored.record([anEvent({ accountId: 'another', reference: 'shared' })], noon - 1);
    const { page, queries } = await costOf({ accountId: 'another', reference: 'shared' }, 1);
    expect([page, queries]).toMatchObject([{ shown: [{ emailId: own }], next: null }, 1]);
  });

  it("lists a recipient with one Query more for other accounts' emails, shows none of them and hides no own email", async () => {
    const filter = { accountId: 'third', recipient: 'jane@example.com' };
    expect(await costOf(filter)).toEqual({ page: { shown: [], next: null }, queries: 2, batches: 0 });
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
      expect(calls.length).toBeLessThanOrEqual(64);
      days += calls.filter(call => call === 'Query').length;
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
});
