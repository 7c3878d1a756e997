/** Tests that the pages of any list together have exactly the emails that its filter selects. */

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { createReader } from '../../shared/email/reader.ts';
import { dayOf, isoText } from '../../shared/runtime/time.ts';
import { type Status, statuses, statusIds } from '../../shared/status/catalogue.ts';
import type { Cause } from '../../shared/status/causes.ts';
import { merge } from '../../shared/status/precedence.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, supportToken, tokenOf } from '../rigs/query-function.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Ages between those of the test's emails, so that some of each status are late. */
const oldAfter = { enqueued: 60 * hour, sent: 80 * hour, deferred: 100 * hour };

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

/** A bound of a list: a time in hours after the beginning, or a plain date in days after its day. */
type Bound = { readonly hours: number } | { readonly days: number };

interface Filter {
  readonly account: number | null;
  readonly status?: readonly Status[];
  readonly cause?: readonly Cause[];
  readonly attention?: 'act' | 'late';
  readonly recipient?: number;
  readonly reference?: number;
  readonly from?: Bound;
  readonly to?: Bound;
}

const few = fc.integer({ min: 0, max: 2 });
const status = fc.constantFrom<Status>(...statusIds);
const actionable: readonly Status[] = ['soft_bounced', 'hard_bounced', 'invalid', 'rejected', 'marked_spam'];
const cause = fc.constantFrom<Cause>('mailbox_full', 'unknown_user', 'unspecified');
const hours = fc.integer({ min: 0, max: 96 });
const bound: fc.Arbitrary<Bound> = fc.oneof(
  hours.map(after => ({ hours: after })),
  fc.integer({ min: 0, max: 4 }).map(after => ({ days: after })),
);

const arbitraryEmail = fc.record({
  /** The number of the account. 2 stands for no account. */
  account: few,
  recipient: few,
  reference: few,
  reports: fc.array(
    fc.record({
      status: fc.oneof({ weight: 4, arbitrary: status }, { weight: 1, arbitrary: fc.constant('handled' as const) }),
      cause: fc.option(cause, { nil: undefined }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  /** Whole hours, so that many emails have the same time. */
  seenAt: hours,
});

const attention = fc.constantFrom('act' as const, 'late' as const);
const filters = {
  status: fc.option(fc.uniqueArray(status, { minLength: 1, maxLength: 4 }), { nil: undefined, freq: 2 }),
  cause: fc.option(fc.uniqueArray(cause, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 1 }),
  recipient: fc.option(few, { nil: undefined, freq: 2 }),
  reference: fc.option(few, { nil: undefined, freq: 2 }),
  from: fc.option(bound, { nil: undefined, freq: 2 }),
  to: fc.option(bound, { nil: undefined, freq: 2 }),
};
const arbitraryFilter: fc.Arbitrary<Filter> = fc
  .oneof(
    fc.record({
      account: fc.constantFrom(0, 1),
      attention: fc.option(attention, { nil: undefined }),
      ...filters,
    }),
    fc.record({ account: fc.constant(null), attention: fc.constant('act' as const), ...filters }),
    fc.record({
      account: fc.constant(null),
      ...filters,
      status: fc.uniqueArray(fc.constantFrom(...actionable), { minLength: 1 }),
    }),
    fc.record({
      account: fc.constant(null),
      attention: fc.option(attention, { nil: undefined }),
      ...filters,
      recipient: few,
    }),
    fc.record({
      account: fc.constant(null),
      attention: fc.option(attention, { nil: undefined }),
      ...filters,
      reference: few,
    }),
  )
  .filter(
    ({ from, to }) => from === undefined || to === undefined || timesOf({ from, to }).from < timesOf({ from, to }).to,
  )
  .map(
    filter =>
      Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as unknown as Filter,
  );

let sets = 0;

/** The hours between a day's begin and the begin of a set, which is at noon. */
const untilNoon = 12;

/** The times of a filter, in milliseconds after a set's begin. */
function timesOf({ from, to }: Pick<Filter, 'from' | 'to'>) {
  const timeOf = (given: Bound | undefined, wholeDays: number, none: number) => {
    if (given === undefined) return none;
    return 'hours' in given ? given.hours * hour : (given.days + wholeDays) * day - untilNoon * hour;
  };
  return { from: timeOf(from, 0, -Infinity), to: timeOf(to, 1, Infinity) };
}

/** When an email was last handled. */
function handledAt(events: readonly CanonicalEvent[]): number {
  const notes = events.filter(({ providerEvent }) => providerEvent === 'mailtrail.handled');
  return Math.max(...notes.map(({ occurredAt }) => occurredAt));
}

/** The failures after the last handling. */
function openFailures(events: readonly CanonicalEvent[]): readonly CanonicalEvent[] {
  return events.filter(
    ({ status, occurredAt }) => actionable.some(one => one === status) && occurredAt > handledAt(events),
  );
}

/** The attention that the API must give an email at `now`, by the catalogue and its events alone. */
function attentionAt(now: number, events: readonly CanonicalEvent[]): 'act' | 'late' | null {
  const verdict = merge(events);
  if (verdict === null) return null;
  const { attention: asks } = statuses[verdict.status];
  if (asks === 'yes') return openFailures(events).length > 0 ? 'act' : null;
  const isOld = asks === 'when_old' && now - verdict.statusAt > oldAfter[verdict.status as 'sent'];
  return isOld && verdict.statusAt > handledAt(events) ? 'late' : null;
}

/** The cause that the deciding event states. */
function causeIn(events: readonly CanonicalEvent[], verdict: ReturnType<typeof merge>): Cause | undefined {
  return events.find(({ eventId }) => eventId === verdict?.statusEventId)?.reason?.cause;
}

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
    oldAfter,
    now: () => now,
  });
  const call = queryFunction({ store: { ...stored.store, ...reader } }, { now: () => now, oldAfter });
  const account = (number: number) => (number === 2 ? {} : { accountId: `${name}-${number}` });
  const recipient = (number: number) => `${number}@${name}.example`;
  const reference = (number: number) => `${name}-${number}`;

  async function record(email: KnownEmail, event: CanonicalEvent, at: number) {
    await stored.record([event], at);
    email.events.push(event);
    if (attentionAt(now, email.events) !== 'act') return;
    const isHandled = handledAt(email.events) > 0;
    const open = openFailures(email.events).map(({ occurredAt }) => occurredAt);
    email.attentionSince = isHandled ? Math.min(...open) : (email.attentionSince ?? at);
  }

  return {
    emails,
    begin,
    async add({
      account: owner,
      recipient: to,
      reference: of,
      reports,
      seenAt,
    }: typeof arbitraryEmail extends fc.Arbitrary<infer T> ? T : never) {
      const sentAt = begin + seenAt * hour;
      const first = anEvent({ ...account(owner), recipient: recipient(to), reference: reference(of), status: null });
      const email: KnownEmail = { first, events: [], sentAt, attentionSince: undefined };
      emails.push(email);
      for (const [index, { status: next, cause: why }] of reports.entries()) {
        const event = {
          ...first,
          ...(next === 'handled' ? { providerEvent: 'mailtrail.handled' } : { status: next }),
          eventId: `${first.eventId}-${index}`,
          occurredAt: sentAt + index,
          ...(why && { reason: { cause: why } }),
        };
        await record(email, event, sentAt + index * 7 * hour);
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
      const { from, to } = timesOf(filter);
      const isOfIndex = filter.recipient !== undefined || filter.reference !== undefined;
      // Across accounts, only the emails that ask somebody to act are in a list of their own.
      const onlyAsking = filter.account === null && !isOfIndex;
      const taken = emails.filter(({ first, events, sentAt }) => {
        const verdict = merge(events);
        return (
          (filter.account === null || first.accountId === account(filter.account).accountId) &&
          (filter.status === undefined || filter.status.some(one => one === verdict?.status)) &&
          (filter.cause === undefined || filter.cause.some(one => one === causeIn(events, verdict))) &&
          (filter.attention === undefined || filter.attention === attentionAt(now, events)) &&
          (!onlyAsking || attentionAt(now, events) === 'act') &&
          (filter.recipient === undefined || first.recipient === recipient(filter.recipient)) &&
          (filter.reference === undefined || first.reference === reference(filter.reference)) &&
          // A search by reference alone finds an email once its account is known.
          (filter.reference === undefined || filter.recipient !== undefined || first.accountId !== undefined) &&
          sentAt >= begin + from &&
          sentAt < begin + to
        );
      });
      const byAttention = !isOfIndex && (filter.attention === 'act' || onlyAsking);
      return taken.map(email => ({
        emailId: emailIdOf(email.first),
        at: byAttention ? email.attentionSince! : email.sentAt,
      }));
    },

    /** The number of an account's emails that ask somebody to act. */
    asking: ({ account: number }: Filter) =>
      emails.filter(
        ({ first, events }) => first.accountId === account(number!).accountId && attentionAt(now, events) === 'act',
      ).length,

    /** The ids in all pages of the list. `between` runs after each page. */
    async pagesOf(filter: Filter, limit: number, between: () => Promise<void> = async () => {}) {
      const query = new URLSearchParams({ limit: String(limit) });
      if (filter.status) query.set('status', filter.status.join());
      if (filter.cause) query.set('cause', filter.cause.join());
      if (filter.attention) query.set('attention', filter.attention);
      if (filter.recipient !== undefined) query.set('recipient', recipient(filter.recipient));
      if (filter.reference !== undefined) query.set('reference', reference(filter.reference));
      // Support's list covers all accounts, so that it begins at this set's own days.
      const since = filter.from ?? (filter.account === null ? { hours: -1 } : undefined);
      const inWords = (given: Bound) =>
        'hours' in given ? isoText(begin + given.hours * hour) : dayOf(begin + given.days * day);
      if (since !== undefined) query.set('from', inWords(since));
      if (filter.to !== undefined) query.set('to', inWords(filter.to));
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
        expect(json.total !== undefined).toBe(filter.attention === 'act');
        // Other sets have emails without an account, too.
        if (filter.account !== null && json.total)
          expect(json.total).toEqual({ count: this.asking(filter), more: false });
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
