/** Tests that the pages of any list together have exactly the emails that its filter selects. */

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { createReader } from '../../shared/email/reader.ts';
import { isoText } from '../../shared/runtime/time.ts';
import { isActionable } from '../../shared/status/attention.ts';
import { type Status, statusIds } from '../../shared/status/catalogue.ts';
import { merge } from '../../shared/status/precedence.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, supportToken, tokenOf } from '../rigs/query-function.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

let stored: StoredEmails;
beforeAll(async () => {
  stored = await startStoredEmails();
});
afterAll(() => stored?.stop());

/** The test's own record of an email. */
interface KnownEmail {
  readonly first: CanonicalEvent;
  readonly events: CanonicalEvent[];
  readonly sentAt: number;
  attentionSince: number | undefined;
}

interface Filter {
  readonly account: number | null;
  readonly status?: Status;
  readonly attention?: true;
  readonly recipient?: number;
  readonly reference?: number;
  /** In hours after the beginning. */
  readonly from?: number;
  readonly to?: number;
}

const few = fc.integer({ min: 0, max: 2 });
const status = fc.constantFrom<Status>(...statusIds);
const hours = fc.integer({ min: 0, max: 96 });

const arbitraryEmail = fc.record({
  /** The number of the account. 2 stands for no account. */
  account: few,
  recipient: few,
  reference: few,
  statuses: fc.array(status, { minLength: 1, maxLength: 3 }),
  /** Whole hours, so that many emails have the same time. */
  seenAt: hours,
});

const filters = {
  status: fc.option(status, { nil: undefined, freq: 2 }),
  recipient: fc.option(few, { nil: undefined, freq: 2 }),
  reference: fc.option(few, { nil: undefined, freq: 2 }),
  from: fc.option(hours, { nil: undefined, freq: 2 }),
  to: fc.option(hours, { nil: undefined, freq: 2 }),
};
const arbitraryFilter: fc.Arbitrary<Filter> = fc
  .oneof(
    fc.record({
      account: fc.constantFrom(0, 1),
      attention: fc.option(fc.constant(true as const), { nil: undefined }),
      ...filters,
    }),
    fc.record({ account: fc.constant(null), attention: fc.constant(true as const), ...filters }),
    fc.record({ account: fc.constant(null), attention: fc.constant(undefined), ...filters, recipient: few }),
  )
  .filter(({ from, to }) => from === undefined || to === undefined || from < to)
  .map(
    filter =>
      Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as unknown as Filter,
  );

let sets = 0;

/** Creates a set of emails with separate accounts, recipients, references and days, and reads its lists over the API. */
function dataSet() {
  sets += 1;
  const name = `set${sets}`;
  const begin = noon + sets * 10 * day;
  const now = begin + 6 * day;
  const emails: KnownEmail[] = [];
  const reader = createReader({
    client: stored.client,
    tableName: stored.tableName,
    retentionDays: 400,
    now: () => now,
  });
  const call = queryFunction({ store: { ...stored.store, ...reader } }, { now: () => now });
  const account = (number: number) => (number === 2 ? {} : { accountId: `${name}-${number}` });
  const recipient = (number: number) => `${number}@${name}.example`;
  const reference = (number: number) => `${name}-${number}`;

  async function record(email: KnownEmail, event: CanonicalEvent, at: number) {
    await stored.record([event], at);
    email.events.push(event);
    const verdict = merge(email.events);
    if (verdict !== null && isActionable(verdict)) email.attentionSince ??= at;
  }

  return {
    emails,
    begin,
    async add({
      account: owner,
      recipient: to,
      reference: of,
      statuses,
      seenAt,
    }: typeof arbitraryEmail extends fc.Arbitrary<infer T> ? T : never) {
      const sentAt = begin + seenAt * 60 * minute;
      const first = anEvent({ ...account(owner), recipient: recipient(to), reference: reference(of), status: null });
      const email: KnownEmail = { first, events: [], sentAt, attentionSince: undefined };
      emails.push(email);
      for (const [index, next] of statuses.entries()) {
        const event = { ...first, status: next, eventId: `${first.eventId}-${index}`, occurredAt: sentAt + index };
        await record(email, event, sentAt + index * 7 * 60 * minute);
      }
    },
    /** Records another event of an existing email. */
    tell: (email: KnownEmail, next: Status, at: number) =>
      record(
        email,
        { ...email.first, status: next, eventId: `${email.first.eventId}-${email.events.length}`, occurredAt: at },
        at,
      ),

    /** The ids of the emails that a filter selects, with their times. */
    expected(filter: Filter) {
      const taken = emails.filter(({ first, events, sentAt }) => {
        const verdict = merge(events);
        return (
          (filter.account === null || first.accountId === account(filter.account).accountId) &&
          (filter.status === undefined || verdict?.status === filter.status) &&
          (!filter.attention || (verdict !== null && isActionable(verdict))) &&
          (filter.recipient === undefined || first.recipient === recipient(filter.recipient)) &&
          (filter.reference === undefined || first.reference === reference(filter.reference)) &&
          // A search by reference alone finds an email once its account is known.
          (filter.reference === undefined || filter.recipient !== undefined || first.accountId !== undefined) &&
          (filter.from === undefined || sentAt >= begin + filter.from * 60 * minute) &&
          (filter.to === undefined || sentAt < begin + filter.to * 60 * minute)
        );
      });
      const byAttention = filter.attention && filter.recipient === undefined && filter.reference === undefined;
      return taken.map(email => ({
        emailId: emailIdOf(email.first),
        at: byAttention ? email.attentionSince! : email.sentAt,
      }));
    },

    /** The ids in all pages of the list. `between` runs after each page. */
    async pagesOf(filter: Filter, limit: number, between: () => Promise<void> = async () => {}) {
      const query = new URLSearchParams({ limit: String(limit) });
      if (filter.status) query.set('status', filter.status);
      if (filter.attention) query.set('attention', 'true');
      if (filter.recipient !== undefined) query.set('recipient', recipient(filter.recipient));
      if (filter.reference !== undefined) query.set('reference', reference(filter.reference));
      // Support's list covers all accounts, so that it begins at this set's own days.
      const since = filter.from ?? (filter.account === null ? -1 : undefined);
      if (since !== undefined) query.set('from', isoText(begin + since * 60 * minute));
      if (filter.to !== undefined) query.set('to', isoText(begin + filter.to * 60 * minute));
      const seen: string[] = [];
      for (;;) {
        const { statusCode, json } =
          filter.account === null
            ? await call('GET /emails', { token: supportToken, query: query.toString() })
            : await call('GET /accounts/{accountId}/emails', {
                path: { accountId: account(filter.account).accountId! },
                token: tokenOf(account(filter.account).accountId!),
                query: query.toString(),
              });
        expect(statusCode).toBe(200);
        expect(json.emails.length).toBeLessThanOrEqual(limit);
        seen.push(...json.emails.map(({ emailId }: { emailId: string }) => emailId));
        if (json.cursor === undefined) return seen;
        query.set('cursor', json.cursor);
        await between();
      }
    },
  };
}

describe('the pages of a list', () => {
  it('have exactly the emails that the filter selects, each once, newest first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryEmail, { maxLength: 24 }),
        fc.array(fc.tuple(arbitraryFilter, fc.integer({ min: 1, max: 30 })), { minLength: 2, maxLength: 4 }),
        async (emails, lists) => {
          const set = dataSet();
          await Promise.all(emails.map(email => set.add(email)));
          for (const [filter, limit] of lists) {
            const seen = await set.pagesOf(filter, limit);
            const expected = new Map(set.expected(filter).map(({ emailId, at }) => [emailId, at]));
            expect(seen.toSorted()).toEqual([...expected.keys()].sort());
            const times = seen.map(emailId => expected.get(emailId)!);
            expect(times).toEqual(times.toSorted((a, b) => b - a));
          }
        },
      ),
      { numRuns: runs(50) },
    );
  }, 300_000);

  it('show no email twice and miss none that matched all the time, whatever is written between pages', async () => {
    const write = fc.oneof(fc.record({ new: arbitraryEmail }), fc.record({ of: fc.nat(), status, after: hours }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryEmail, { minLength: 4, maxLength: 20 }),
        arbitraryFilter,
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.array(write, { maxLength: 4 }), { maxLength: 12 }),
        async (emails, filter, limit, writes) => {
          const set = dataSet();
          await Promise.all(emails.map(email => set.add(email)));
          const idsOf = () => new Set(set.expected(filter).map(({ emailId }) => emailId));
          let thereAllTheTime = idsOf();
          const ever = new Set(thereAllTheTime);
          const seen = await set.pagesOf(filter, limit, async () => {
            for (const one of writes.pop() ?? []) {
              if ('new' in one) await set.add(one.new);
              else
                await set.tell(
                  set.emails[one.of % set.emails.length]!,
                  one.status,
                  set.begin + 4 * day + one.after * minute,
                );
              const there = idsOf();
              thereAllTheTime = new Set([...thereAllTheTime].filter(emailId => there.has(emailId)));
              for (const emailId of there) ever.add(emailId);
            }
          });
          expect(new Set(seen).size).toBe(seen.length);
          expect([...thereAllTheTime].filter(emailId => !seen.includes(emailId))).toEqual([]);
          expect(seen.filter(emailId => !ever.has(emailId))).toEqual([]);
        },
      ),
      { numRuns: runs(12) },
    );
  }, 300_000);
});
