/** The table here is a model that interprets the expressions; `recorder-contract.ts` holds a real engine to the same. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attentionDayOf } from '../../shared/email/attention-day.ts';
import { type CanonicalEvent, canonicalEvent, type EmailFacts, limits, noteNames } from '../../shared/email/event.ts';
import {
  boundedHistory,
  bytesOf,
  bytesToDecide,
  decidingEventOf,
  decodeHistory,
  distinctEvents,
  encodeHistory,
  inTime,
  maxHistoryBytes,
  maxHistoryEvents,
} from '../../shared/email/history.ts';
import { historyOf } from '../../shared/email/item.ts';
import { planUpdate, sentAtOf, updateInput } from '../../shared/email/update.ts';
import { isActionable } from '../../shared/status/attention.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { merge, supersedes, type Verdict, verdictOf } from '../../shared/status/precedence.ts';
import { aDelivery, arbitraryEvent, eventsOf, noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { histories } from '../status/histories.ts';
import { emailInMemory, type Outcome } from './email-in-memory.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** An event of the one email that these tests are about. */
function anEvent(changes: Partial<CanonicalEvent> = {}): CanonicalEvent {
  return { ...aDelivery, ...changes };
}

/** So many events of one kind, a second apart. */
const many = (count: number, changes: Partial<CanonicalEvent> = {}) =>
  Array.from({ length: count }, (_, index) =>
    anEvent({ status: 'opened', eventId: `o${index}`, occurredAt: noon + index * 1000, ...changes }),
  );

/** An event as the history gives it back. */
const inHistory = (event: CanonicalEvent) => decodeHistory(encodeHistory(event));

describe('an email in the table', () => {
  it.each(histories)('has the status $ends after $events, in one request or in one each, in any order', history => {
    const events = eventsOf(history);
    const verdict = merge(events);
    for (const arrival of [events, events.toReversed()]) {
      const email = emailInMemory();
      for (const event of arrival) email.record([event]);
      expect(email.email()).toMatchObject({ verdict, events: events.map(inHistory) });
      const atOnce = emailInMemory();
      expect(atOnce.record(arrival)).toMatchObject({ recorded: events.length, writes: 1 });
      expect(atOnce.email()).toMatchObject({ verdict, events: events.map(inHistory) });
    }
  });

  const arbitraryFacts = fc.record(
    {
      accountId: fc.constantFrom('acme', 'initech'),
      subject: fc.constantFrom('Invoice 7', 'Invoice 8'),
      reference: fc.constant('INV-7'),
      tags: fc.constantFrom(['invoices'], ['invoices', 'dunning']),
      reason: fc.constantFrom({ cause: 'mailbox_full' as const }, { cause: 'blocked' as const }, { code: '550' }),
    },
    { requiredKeys: [] },
  );
  const request = fc.array(
    fc.tuple(arbitraryEvent, arbitraryFacts).map(([event, facts]): CanonicalEvent => ({ ...event, ...facts })),
    { minLength: 1, maxLength: 3 },
  );

  /** Facts are set once. Within a request the earliest event sets them, and an event of another account sets none. */
  const told = (facts: EmailFacts, events: readonly CanonicalEvent[]): EmailFacts => {
    const inOrder = events.toSorted((a, b) => a.occurredAt - b.occurredAt);
    const accountId = facts.accountId ?? inOrder.find(event => event.accountId !== undefined)?.accountId;
    const own = inOrder.filter(event => (event.accountId ?? accountId) === accountId);
    const first = (name: 'subject' | 'reference' | 'tags') => facts[name] ?? own.find(event => event[name])?.[name];
    return { accountId, subject: first('subject'), reference: first('reference'), tags: first('tags') } as EmailFacts;
  };

  it('is what its events amount to, whatever comes first, comes twice or comes between two writes', () => {
    const requests = fc.array(fc.record({ events: request, meanwhile: fc.option(request) }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(requests, given => {
        const email = emailInMemory();
        const written: CanonicalEvent[] = [];
        let facts: EmailFacts = {};
        const record = (events: readonly CanonicalEvent[], meanwhile: readonly CanonicalEvent[] | null) => {
          email.record(events, { meanwhile: () => meanwhile && record(meanwhile, null) });
          written.push(...events);
          facts = told(facts, events);
          const { verdict, cause, events: history, accountId, subject, reference, tags } = email.email();
          expect(verdict).toEqual(merge(written));
          expect([...historyOf(email.item()!)].sort()).toEqual([...new Set(written.map(encodeHistory))].sort());
          expect(history).toEqual(distinctEvents(written.map(inHistory)));
          expect(cause).toBe(decidingEventOf(verdict, written)?.reason?.cause);
          expect({ accountId, subject, reference, tags }).toEqual(facts);
          expect(email.item()?.attentionAt !== undefined).toBe(verdict !== null && isActionable(verdict));
        };
        for (const { events, meanwhile } of given) record(events, meanwhile);
        const before = email.item();
        for (const { events } of given) expect(email.record(events)).toMatchObject({ recorded: 0 });
        expect(email.item()).toEqual(before);
      }),
      { numRuns: runs(60) },
    );
  });

  it('changes its status by a write exactly where the merge says so', () => {
    const pairs = statusIds.flatMap(status =>
      [-1, 0, 1].flatMap(later => ['a', 'c'].map(statusEventId => ({ status, statusAt: noon + later, statusEventId }))),
    );
    const eventOf = ({ status, statusAt, statusEventId }: Verdict) =>
      anEvent({ status, occurredAt: statusAt, eventId: statusEventId });
    for (const status of statusIds) {
      const stored = { status, statusAt: noon, statusEventId: 'b' };
      const email = emailInMemory();
      email.record([eventOf(stored)]);
      const before = email.item();
      for (const challenger of pairs) {
        email.replace(before);
        const wins = supersedes(challenger, stored);
        // A late event needs a second write, which leaves the status alone.
        expect(email.record([eventOf(challenger)])).toMatchObject({ recorded: 1, writes: wins ? 1 : 2 });
        expect(email.email().verdict).toEqual(wins ? challenger : stored);
      }
    }
  });

  it('holds the keys and times that lists and retention need', () => {
    const email = emailInMemory();
    email.record([anEvent({ status: 'sent', occurredAt: noon - minute })], { at: noon + 1 });
    const first = {
      provider: 'sendgrid',
      messageId: 'm1',
      recipient: 'jane@example.com',
      sentAt: noon - minute,
      // In seconds, and never before the retention is over.
      expiresAt: noon / 1000 + 400 * 24 * 60 * 60 + 1,
    };
    expect(email.item()).toMatchObject({ ...first, updatedAt: noon + 1 });
    email.record([anEvent({ occurredAt: noon - 2 * minute })], { at: noon + day });
    expect(email.item()).toMatchObject({ ...first, updatedAt: noon + day });
  });

  it('was sent at the earliest time in its first request, never after the arrival', () => {
    const at = (...minutes: number[]) => minutes.map(after => anEvent({ occurredAt: noon + after * minute }));
    expect(sentAtOf(at(-1, -3, -2), noon)).toBe(noon - 3 * minute);
    expect(sentAtOf(at(5, 7), noon)).toBe(noon);
  });

  it('is listed by attention only while its status asks for it, from the first time that it did', () => {
    const email = emailInMemory();
    const keys = () => {
      const { attentionSince, attentionAt, attentionDay } = email.item()!;
      return { attentionSince, attentionAt, attentionDay };
    };
    email.record([anEvent({ status: 'sent', eventId: 's' })]);
    expect(keys()).toEqual({});
    email.record([anEvent({ status: 'soft_bounced', eventId: 'b' })], { at: noon + minute });
    const first = {
      attentionSince: noon + minute,
      attentionDay: attentionDayOf(email.item()!.emailId!, noon + minute),
    };
    expect(keys()).toEqual({ ...first, attentionAt: noon + minute });
    email.record([anEvent({ eventId: 'd' })], { at: noon + day });
    expect(keys()).toEqual(first);
    email.record([anEvent({ status: 'marked_spam', eventId: 'm' })], { at: noon + 2 * day });
    expect(keys()).toEqual({ ...first, attentionAt: noon + minute });
  });

  it('asks for attention by the failures that no resolution covers, in any order of arrival', () => {
    const arbitraryNote = fc.record({
      note: fc.constantFrom(noteNames.handled, noteNames.successorDelivered),
      minutes: fc.integer({ min: 0, max: 5 }),
    });
    const resolution = arbitraryNote.map(({ note, minutes }) =>
      anEvent({
        status: null,
        providerEvent: note,
        eventId: `${note}@${minutes}`,
        occurredAt: noon + minutes * minute,
      }),
    );
    const requests = fc.array(fc.array(fc.oneof(arbitraryEvent, resolution), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 4,
    });
    const asks = new Set(['soft_bounced', 'hard_bounced', 'invalid', 'rejected', 'marked_spam']);
    fc.assert(
      fc.property(requests, fc.option(resolution), (given, meanwhile) => {
        const email = emailInMemory();
        const written = new Set<CanonicalEvent>();
        for (const events of given) {
          const by = meanwhile === null ? {} : { meanwhile: () => written.add(meanwhile) && email.record([meanwhile]) };
          email.record(events, by);
          for (const event of events) written.add(event);
          const all = [...written];
          const times = (wanted: (event: CanonicalEvent) => boolean) => all.filter(wanted).map(one => one.occurredAt);
          const resolvedAt = Math.max(...times(({ providerEvent }) => providerEvent.startsWith('mailtrail.')));
          const open = times(
            ({ status, evidence, occurredAt }) =>
              asks.has(String(status)) && evidence !== 'machine' && occurredAt > resolvedAt,
          );
          const isOpen = asks.has(String(merge(all)?.status)) && open.length > 0;
          const { attentionAt, attentionDay, emailId } = email.item()!;
          expect(attentionAt !== undefined).toBe(isOpen);
          if (!isOpen || resolvedAt < 0) continue;
          expect(attentionAt).toBe(Math.min(...open));
          expect(attentionDay).toBe(attentionDayOf(emailId!, attentionAt!));
        }
      }),
      { numRuns: runs(300) },
    );
  });

  it('asks again at the place of the first of several later failures', () => {
    const email = emailInMemory();
    const bounce = (after: number) =>
      anEvent({ status: 'soft_bounced', eventId: `b${after}`, occurredAt: noon + after * minute });
    const handled = { status: null, providerEvent: noteNames.handled, occurredAt: noon + minute } as const;
    email.record([bounce(0), anEvent({ ...handled, eventId: 'h' }), bounce(3), bounce(2)]);
    expect(email.item()?.attentionAt).toBe(noon + 2 * minute);
  });

  it("is not resolved by a provider's event of the name of a note", () => {
    const email = emailInMemory();
    email.record([anEvent({ status: 'soft_bounced', eventId: 'b' })]);
    const named = { providerEvent: noteNames.handled, occurredAt: noon + minute } as const;
    email.record([anEvent({ ...named, status: 'opened', evidence: 'machine', eventId: 'o' })]);
    expect(email.item()?.attentionAt).toBe(noon);
  });

  it('keeps every resolution in a full history, because the newest decides', () => {
    const email = emailInMemory();
    email.record(Array.from({ length: 120 }, (_, index) => anEvent({ status: null, eventId: `n${index}` })));
    email.record([anEvent({ status: 'soft_bounced', eventId: 'b1' })]);
    for (const minutes of [1, 3]) {
      const at = { occurredAt: noon + minutes * minute };
      email.record([anEvent({ status: null, providerEvent: noteNames.handled, eventId: `h${minutes}`, ...at })]);
      expect(email.item()?.attentionAt).toBeUndefined();
      const later = { eventId: `b${minutes}`, occurredAt: noon + (minutes + 1) * minute };
      email.record([anEvent({ status: 'soft_bounced', ...later })]);
      expect(email.item()?.attentionAt).toBe(later.occurredAt);
    }
  });

  it('has the cause of the event that decides its status, and none once that event states none', () => {
    const email = emailInMemory();
    const failure = (status: 'deferred' | 'soft_bounced', after: number, reason?: CanonicalEvent['reason']) =>
      anEvent({ status, eventId: `f${after}`, occurredAt: noon + after, ...(reason && { reason }) });
    email.record([
      failure('deferred', 2, { cause: 'greylisted' }),
      failure('soft_bounced', 3, { cause: 'mailbox_full' }),
      failure('deferred', 1, { cause: 'network' }),
    ]);
    expect(email.item()?.cause).toBe('mailbox_full');
    email.record([failure('deferred', 0, { cause: 'expired' })]);
    expect(email.item()?.cause).toBe('mailbox_full');
    email.record([failure('deferred', 5, { code: '451' })]);
    expect(email.item()).not.toHaveProperty('cause');
    expect(email.item()?.status).toBe('deferred');
  });

  it.each([
    [
      'in one request',
      (record: (...events: CanonicalEvent[]) => void, one: CanonicalEvent, other: CanonicalEvent) => record(one, other),
    ],
    [
      'in two',
      (record: (...events: CanonicalEvent[]) => void, one: CanonicalEvent, other: CanonicalEvent) => {
        record(one);
        record(other);
      },
    ],
  ])('has one cause in any order if two events differ in nothing else, %s', (_, tell) => {
    const [one, other] = (['blocked', 'policy'] as const).map(cause =>
      anEvent({ status: 'rejected', reason: { cause } }),
    );
    const causes = [[one!, other!] as const, [other!, one!] as const].map(([first, second]) => {
      const email = emailInMemory();
      tell((...events) => email.record(events), first, second);
      return email.item()?.cause;
    });
    expect(causes).toEqual(['blocked', 'blocked']);
  });
});

describe('a request of one email', () => {
  const sent = anEvent({ status: 'sent', eventId: 's', occurredAt: noon - minute });
  const delivered = anEvent({ eventId: 'd' });
  const note = anEvent({ status: null, eventId: 'n', providerEvent: 'unsubscribe' });

  it.each([
    ['new events', [], [sent, delivered], { recorded: 2, duplicate: 0, writes: 1 }],
    ['a new event that decides the status', [sent], [delivered], { recorded: 1, duplicate: 0, writes: 1 }],
    ['a late event', [delivered], [sent], { recorded: 1, duplicate: 0, writes: 2 }],
    ['a known event, twice', [delivered], [delivered, delivered], { recorded: 0, duplicate: 2, writes: 1 }],
    ['a known event and a new one', [sent], [sent, delivered], { recorded: 1, duplicate: 1, writes: 1 }],
    ['a known event and a late one', [delivered], [sent, delivered], { recorded: 1, duplicate: 1, writes: 2 }],
    ['a new note', [delivered], [note], { recorded: 1, duplicate: 0, writes: 1 }],
    ['a known note', [delivered, note], [note], { recorded: 0, duplicate: 1, writes: 1 }],
    ['a note to an email that has notes only', [note], [{ ...note, eventId: 'n2' }], { recorded: 1, writes: 1 }],
    [
      'a known note and a new one',
      [note],
      [note, { ...note, eventId: 'n2' }],
      { recorded: 1, duplicate: 1, writes: 1 },
    ],
    [
      'an open by a machine',
      [delivered],
      [{ ...note, status: 'opened', evidence: 'machine' }],
      { recorded: 1, writes: 1 },
    ],
  ] as [string, CanonicalEvent[], CanonicalEvent[], object][])(
    'with %s is counted event by event',
    (_, before, events, outcome) => {
      const email = emailInMemory();
      if (before.length > 0) email.record(before);
      expect(email.record(events, { at: noon + minute })).toMatchObject({
        ...outcome,
        dropped: 0,
        erased: 0,
        full: [],
      });
      expect(email.email().events).toEqual([...new Set([...before, ...events])].sort(inTime).map(inHistory));
    },
  );

  it('that brings nothing new leaves the item as it is', () => {
    const email = emailInMemory();
    const all = [sent, delivered, note].map(event => ({ ...event, accountId: 'acme' }));
    email.record(all);
    const before = email.item();
    for (const events of [...all.map(event => [event]), all]) {
      email.record(events, { at: noon + day, defaultAccountId: 'we' });
    }
    expect(email.item()).toEqual(before);
  });

  it.each([
    ['decides the status', delivered, `[${noon},"delivered","d","delivered"]`],
    ['is older than the status', sent, `[${noon - minute},"sent","s","delivered"]`],
  ])(
    'with an event that an earlier version has recorded in another form, and that %s, brings nothing new',
    (_, event, element) => {
      const email = emailInMemory();
      email.record([delivered]);
      email.replace({
        ...email.item(),
        history: new Set([element, encodeHistory(delivered)].slice(0, event === delivered ? 1 : 2)),
      });
      const before = email.item();
      expect(email.record([event])).toMatchObject({ recorded: 0, duplicate: 1 });
      expect(email.item()).toEqual(before);
    },
  );

  it('with an event that comes again with more words keeps it beside the first, and shows the one with more words', () => {
    const email = emailInMemory();
    const bounce = anEvent({ status: 'hard_bounced', reason: { code: '550' } });
    email.record([bounce]);
    const wordy = { ...bounce, reason: { code: '550', text: 'no such user' } };
    expect(email.record([wordy])).toMatchObject({ recorded: 1, duplicate: 0 });
    expect(historyOf(email.item()!).size).toBe(2);
    expect(email.email().events).toEqual([inHistory(wordy)]);
  });

  it.each([
    [50, 1],
    [51, 2],
  ])('with %d notes for a known email takes %d write, since an expression has at most 4 KB', (count, writes) => {
    const email = emailInMemory();
    email.record([delivered]);
    const notes = many(count, { status: null });
    expect(email.record(notes)).toMatchObject({ recorded: count, writes });
    expect(email.record(notes)).toMatchObject({ recorded: 0, duplicate: count, writes: 1 });
    const { condition } = planUpdate(notes, null).update!;
    expect(condition.expression.length).toBeLessThan(2_048);
  });

  it('that has no events adds none', () => {
    expect(planUpdate([], null)).toMatchObject({ added: [], dropped: [], full: [], erased: 0 });
  });

  it('asks DynamoDB for the item if the write is refused', () => {
    const target = { tableName: 'emails', emailId: 'id', now: noon, sentAt: noon, expiresAt: noon };
    const input = updateInput({ ...target, ...anEvent() }, planUpdate([delivered], null).update!);
    expect(input).toMatchObject({
      TableName: 'emails',
      Key: { emailId: 'id' },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  });
});

describe('another writer between two writes of an email', () => {
  const delivered = anEvent({ eventId: 'd' });
  const late = anEvent({ eventId: 's', status: 'sent' });
  /** An email that is delivered, and an event that is written late, with another writer between its two writes. */
  const disturbed = (
    event: Partial<CanonicalEvent>,
    stored: Partial<CanonicalEvent>,
    meanwhile: (email: ReturnType<typeof emailInMemory>) => void,
  ) => {
    const email = emailInMemory();
    email.record([{ ...delivered, ...stored }]);
    const outcome = email.record([{ ...late, ...event }], { meanwhile: () => meanwhile(email) });
    return { email, outcome, item: email.item() };
  };

  it('loses nothing and keeps its status', () => {
    const { email, outcome } = disturbed({}, {}, other =>
      other.record([anEvent({ eventId: 'b', status: 'hard_bounced' })]),
    );
    // The other one's event does not make the plan wrong.
    expect(outcome).toMatchObject({ recorded: 1, writes: 2 });
    expect(email.email().verdict?.status).toBe('hard_bounced');
    expect(email.email().events).toHaveLength(3);
  });

  it('does not make the event of another account, which decides the status, take a third write', () => {
    const event = { status: 'hard_bounced', eventId: 'b', accountId: 'initech', subject: 'x' } as const;
    const { email, outcome } = disturbed(event, { accountId: 'acme' }, other => other.record([late]));
    expect(outcome).toMatchObject({ recorded: 1, writes: 2 });
    expect(email.email().verdict?.status).toBe('hard_bounced');
    expect(email.email().events).toHaveLength(3);
  });

  it('does not make facts of a known event take a third write', () => {
    const email = emailInMemory();
    const ahead = anEvent({ eventId: 'a', status: 'sent', providerTime: noon + day });
    email.record([ahead]);
    email.record([delivered]);
    const meanwhile = () => email.record([anEvent({ eventId: 'o', status: 'opened' })]);
    const outcome = email.record([{ ...delivered, tags: ['invoices'] }], { meanwhile });
    expect(outcome).toMatchObject({ recorded: 0, duplicate: 1, writes: 2 });
    expect(email.item()?.tags).toEqual(['invoices']);
  });

  it('that records the same event makes it a duplicate', () => {
    const { email, outcome } = disturbed({}, {}, other => other.record([late]));
    expect(outcome).toMatchObject({ recorded: 0, duplicate: 1 });
    expect(email.email().events).toHaveLength(2);
  });

  it('does not keep the late event from deciding if the item has expired', () => {
    const { item, outcome } = disturbed({ accountId: 'acme' }, { accountId: 'acme' }, other => other.replace());
    expect(outcome.recorded).toBe(1);
    expect(item).toMatchObject({ status: 'sent', accountId: 'acme', provider: 'sendgrid', sentAt: noon });
  });

  it('does not keep another account from naming the email its own if the item has expired', () => {
    const note = { eventId: 'n', status: null, accountId: 'initech', subject: 'Invoice 7' };
    const { item } = disturbed(note, { accountId: 'acme' }, other => other.replace());
    expect(item).toMatchObject({ accountId: 'initech', subject: 'Invoice 7' });
  });

  it.each([
    ['a late event', {}],
    ['a note of another account', { status: null, accountId: 'initech', subject: 'x' }],
    ['an open of another account', { status: 'opened', accountId: 'initech', subject: 'x' }],
  ] as const)('that erases the email leaves a tombstone, which %s does not change', (_, event) => {
    const tombstone = { emailId: 'id', erasedAt: noon, expiresAt: noon };
    const { item, outcome } = disturbed({ eventId: 'x', ...event }, { accountId: 'acme' }, other =>
      other.replace(tombstone),
    );
    expect(outcome).toMatchObject({ recorded: 0, duplicate: 0, erased: 1 });
    expect(item).toEqual(tombstone);
  });

  it('that makes it the email of another account gets no subject of ours', () => {
    const { item, outcome } = disturbed({ subject: 'Invoice 7', accountId: 'acme' }, { accountId: 'acme' }, other => {
      other.replace();
      other.record([{ ...delivered, accountId: 'initech' }]);
    });
    expect(outcome.recorded).toBe(1);
    expect(item).toMatchObject({ accountId: 'initech' });
    expect(item).not.toHaveProperty('subject');
  });

  it('that makes it the email of another account takes an event that tells nothing, without a third write', () => {
    const { email, outcome } = disturbed({}, { accountId: 'acme' }, other => {
      other.replace();
      other.record([{ ...delivered, accountId: 'initech' }]);
    });
    expect(outcome).toMatchObject({ recorded: 1, writes: 2 });
    expect(email.email().events).toHaveLength(2);
  });

  it('that names another account first keeps the account, and our subject is not set', () => {
    const { item } = disturbed({ subject: 'Invoice 7', accountId: 'acme' }, {}, other =>
      other.record([anEvent({ eventId: 'o', status: 'opened', accountId: 'initech' })]),
    );
    expect(item).toMatchObject({ accountId: 'initech' });
    expect(item).not.toHaveProperty('subject');
  });

  it.each([
    ['would be counted', 6000],
    ['would be dropped', 1500],
  ])('that gives the email to another account keeps our open, which %s, as evidence of the conflict', (_, after) => {
    const email = emailInMemory();
    email.record(many(3));
    const ours = anEvent({ status: 'opened', eventId: 'a', occurredAt: noon + after, accountId: 'acme' });
    // It is dropped, and gives the email its account.
    const theirs = anEvent({ status: 'opened', eventId: 'i', occurredAt: noon + 500, accountId: 'initech' });
    email.record([ours], { meanwhile: () => email.record([theirs]) });
    expect(email.item()).toMatchObject({ accountId: 'initech' });
    expect(email.item()).not.toHaveProperty('repeats');
    expect(email.email().events).toContainEqual(inHistory(ours));
  });

  it('that tells another reference first keeps it, and the account is ours', () => {
    const { item } = disturbed({ reference: 'INV-7', accountId: 'acme' }, {}, other =>
      other.record([anEvent({ eventId: 'o', status: 'opened', reference: 'INV-8' })]),
    );
    expect(item).toMatchObject({ accountId: 'acme', reference: 'INV-8' });
  });
});

describe('an erased email', () => {
  it('stays erased, and each late event is counted', () => {
    const email = emailInMemory();
    const tombstone = { emailId: 'id', erasedAt: noon, expiresAt: noon };
    email.replace(tombstone);
    const note = anEvent({ status: null, eventId: 'n' });
    for (const events of [[anEvent()], [note], [anEvent(), note, anEvent({ accountId: 'acme', subject: 'x' })]]) {
      const none = { recorded: 0, duplicate: 0, dropped: 0, full: [], isForeign: false };
      expect(email.record(events)).toEqual({ ...none, erased: events.length, writes: 1 });
    }
    expect(email.item()).toEqual(tombstone);
  });
});

describe('the account of an email', () => {
  it('is the default account while no event names one, and the first that an event names otherwise', () => {
    const we = { defaultAccountId: 'we' };
    const nameless = emailInMemory();
    nameless.record([anEvent({ status: 'sent', eventId: 's' })]);
    expect(nameless.item()).not.toHaveProperty('accountId');
    nameless.record([anEvent({ reference: 'INV-7' })], we);
    expect(nameless.item()).toMatchObject({ accountId: 'we', reference: 'INV-7' });
    expect(nameless.email().events[1]).not.toHaveProperty('accountId');
    const named = emailInMemory();
    named.record([anEvent({ status: 'sent', eventId: 's' }), anEvent({ accountId: 'acme' })], we);
    named.record([anEvent({ status: 'opened', eventId: 'o' })], we);
    expect(named.item()?.accountId).toBe('acme');
  });

  it('keeps the facts of its own events, whatever another account tells in the same request or later', () => {
    const email = emailInMemory();
    const facts = { subject: 'Invoice 7', reference: 'INV-7', tags: ['invoices'] };
    const intruded = { subject: 'Won!', reference: 'X', tags: ['x'] };
    email.record([anEvent({ accountId: 'acme' })]);
    email.record([
      anEvent({ eventId: 'i', status: null, accountId: 'intruder', occurredAt: noon - 1, ...intruded }),
      anEvent({ eventId: 'o', status: 'opened', accountId: 'acme', ...facts }),
    ]);
    email.record([anEvent({ eventId: 'j', status: 'marked_spam', accountId: 'intruder', ...intruded })]);
    expect(email.item()).toMatchObject({ accountId: 'acme', ...facts });
  });

  it('gets no facts of a request in the name of another one, also if only one of its events tells them', () => {
    const email = emailInMemory();
    email.record([anEvent({ status: 'sent', accountId: 'acme' })]);
    const foreign = anEvent({ eventId: 'f', accountId: 'initech' });
    email.record([
      { ...foreign, subject: 'Won!' },
      { ...foreign, status: 'opened' },
    ]);
    expect(email.item()).toMatchObject({ accountId: 'acme', status: 'opened' });
    expect(email.item()).not.toHaveProperty('subject');
  });

  it('gets facts with an event that is known already, which stays a duplicate', () => {
    const email = emailInMemory();
    const event = anEvent();
    email.record([event]);
    const tagged = { ...event, tags: ['invoices'] };
    expect(email.record([tagged])).toMatchObject({ recorded: 0, duplicate: 1 });
    expect(email.item()?.tags).toEqual(['invoices']);
    expect(email.record([tagged])).toMatchObject({ recorded: 0, duplicate: 1, writes: 1 });
  });

  const proven = (accountId: string, changes: Partial<CanonicalEvent> = {}) =>
    anEvent({ accountId, provenFor: accountId, eventId: accountId, ...changes });

  it('that proves events by its own secret owns a new email, and records events of its own emails alone', () => {
    const email = emailInMemory();
    expect(email.record([proven('acme', { status: 'sent' })])).toMatchObject({ recorded: 1, isForeign: false });
    const before = email.item();
    for (const event of [
      proven('globex'),
      proven('globex', { status: null }),
      proven('globex', { status: 'enqueued' }),
    ]) {
      expect(email.record([event, event])).toMatchObject({ recorded: 0, duplicate: 0, full: [], isForeign: true });
    }
    expect(email.item()).toEqual(before);
    expect(email.record([proven('acme')])).toMatchObject({ recorded: 1, isForeign: false, writes: 1 });
    expect(email.record([proven('acme', { status: 'enqueued', eventId: 'late' })])).toMatchObject({ recorded: 1 });
    expect(email.item()).toMatchObject({ accountId: 'acme', status: 'delivered' });
  });

  it('that proves events by its own secret takes no email that nobody named an account for', () => {
    const email = emailInMemory();
    email.record([anEvent({ status: 'sent', eventId: 's' })]);
    const before = email.item();
    expect(email.record([proven('acme')])).toMatchObject({ recorded: 0, isForeign: true });
    expect(email.item()).toEqual(before);
  });

  it("that proves events by its own secret is kept from an email that became another's between two writes", () => {
    const email = emailInMemory();
    email.record([proven('acme')]);
    const outcome = email.record([proven('acme', { status: 'sent', eventId: 's' })], {
      meanwhile() {
        email.replace();
        email.record([anEvent({ accountId: 'globex' })]);
      },
    });
    expect(outcome).toMatchObject({ recorded: 0, isForeign: true });
    expect(email.email()).toMatchObject({ accountId: 'globex', events: [{ status: 'delivered' }] });
  });

  it('that proves events by its own secret owns the email if the old one has expired between two writes', () => {
    const email = emailInMemory();
    email.record([anEvent({ accountId: 'acme' })]);
    const late = proven('acme', { status: 'sent', eventId: 's' });
    expect(email.record([late], { meanwhile: () => email.replace() })).toMatchObject({ recorded: 1, isForeign: false });
    expect(email.item()).toMatchObject({ accountId: 'acme', status: 'sent' });
  });
});

describe('an email that a machine opens again and again', () => {
  it('keeps a short history, although no process remembers it', () => {
    const email = emailInMemory();
    email.record([anEvent({ occurredAt: noon - minute })]);
    const opens = many(40, { evidence: 'machine' });
    for (const open of opens) expect(email.record([open])).toMatchObject({ recorded: 1 });
    const { events, repeats } = email.email();
    expect(events).toHaveLength(8);
    expect(repeats).toEqual(new Map([['Om', { count: 33, last: opens.at(-1)!.occurredAt }]]));
  });
});

describe('a full history', () => {
  const notes = many(maxHistoryEvents + 30, { status: null });
  const sent = anEvent({ status: 'sent', eventId: 's', occurredAt: noon - 1 });
  const stored = (email: ReturnType<typeof emailInMemory>) => email.email().events.map(encodeHistory);
  const expected = (events: readonly CanonicalEvent[]) => boundedHistory(events).toSorted(inTime).map(encodeHistory);

  it('drops and counts repeats of notes, known ones not', () => {
    const email = emailInMemory();
    expect(email.record(notes)).toMatchObject({ recorded: maxHistoryEvents, dropped: 30, duplicate: 0, writes: 1 });
    expect(email.record([notes.at(-1)!])).toMatchObject({ recorded: 0, dropped: 1, duplicate: 0 });
    expect(email.record([notes[0]!])).toMatchObject({ recorded: 0, dropped: 0, duplicate: 1 });
    expect(email.record([notes[0]!, notes.at(-1)!, sent])).toMatchObject({ recorded: 1, dropped: 1, duplicate: 1 });
    expect(stored(email)).toEqual(expected([...notes, sent]));
  });

  it('makes room for an event that is no repeat', () => {
    const email = emailInMemory();
    email.record(notes);
    const click = anEvent({ status: 'link_clicked', eventId: 'c', occurredAt: noon + day });
    expect(email.record([click])).toMatchObject({ recorded: 1, dropped: 0, writes: 2 });
    expect(stored(email)).toEqual(expected([...notes, click]));
    expect(email.email().verdict?.status).toBe('link_clicked');
  });

  it('takes events up to its bound in one write, and the first one beyond it in two', () => {
    const email = emailInMemory();
    const deferrals = many(maxHistoryEvents + 1, { status: 'deferred' });
    expect(email.record(deferrals.slice(0, maxHistoryEvents - 2))).toMatchObject({ writes: 1 });
    expect(email.record(deferrals.slice(-3, -1))).toMatchObject({ recorded: 2, writes: 1 });
    expect(email.record(deferrals.slice(-1))).toMatchObject({ recorded: 1, writes: 2 });
    expect(email.email().events).toHaveLength(maxHistoryEvents + 1);
  });

  it.each([1, 7, 130])('holds the same hundred events in any order, in requests of %d', size => {
    for (const all of [[...notes, sent], [sent, ...notes].toReversed()]) {
      const email = emailInMemory();
      for (let start = 0; start < all.length; start += size) email.record(all.slice(start, start + size));
      expect(stored(email)).toEqual(expected(all));
      expect(email.email().verdict).toEqual(merge(all));
    }
  });

  it('loses nothing to another writer between two writes that make room', () => {
    const email = emailInMemory();
    email.record(notes);
    const [click, spam] = [
      anEvent({ status: 'link_clicked', eventId: 'c' }),
      anEvent({ status: 'marked_spam', eventId: 'm' }),
    ];
    email.record([click], { meanwhile: () => email.record([spam]) });
    expect(stored(email)).toEqual(expected([...notes, click, spam]));
  });

  it('stays within its bound if another writer takes the last room between two writes', () => {
    const email = emailInMemory();
    email.record(notes.slice(0, maxHistoryEvents - 1));
    const [last, ...beyond] = notes.slice(maxHistoryEvents - 1);
    const outcome = email.record(beyond, { meanwhile: () => email.record([last!]) });
    expect(outcome).toMatchObject({ recorded: 0, dropped: beyond.length });
    expect(stored(email)).toEqual(expected(notes));
  });
});

describe('a history of as many bytes as an item holds', () => {
  const longest = {
    reason: { code: '451', text: 'x'.repeat(limits.text), cause: 'authentication_failed' },
    clickUrl: 'x'.repeat(limits.clickUrl),
    userAgent: 'x'.repeat(limits.userAgent),
  } as const;
  const deferrals = many(320, { status: 'deferred', ...longest });
  const bytes = (email: ReturnType<typeof emailInMemory>) => bytesOf(historyOf(email.item()!));
  const ids = (events: readonly CanonicalEvent[]) => events.map(({ eventId }) => eventId);
  let first:
    | { readonly item: ReturnType<ReturnType<typeof emailInMemory>['item']>; readonly outcome: Outcome }
    | undefined;
  /** An email with as many of the deferrals as have room. */
  const filled = () => {
    const email = emailInMemory();
    if (first === undefined) first = { outcome: email.record(deferrals), item: email.item() };
    email.replace(first.item);
    return { email, outcome: first.outcome };
  };

  it('names the events that have no room, and knows the others when they come again', () => {
    const { email, outcome } = filled();
    const { recorded, full } = outcome;
    expect(recorded).toBeGreaterThan(250);
    // The newest decides and has room before all others, which are kept by time.
    expect(full).toEqual(ids(deferrals.slice(recorded - 1, -1)));
    expect(email.email().verdict).toEqual(verdictOf(deferrals.at(-1)!));
    expect(bytes(email)).toBeLessThanOrEqual(maxHistoryBytes - bytesToDecide);
    expect(bytes(email)).toBeGreaterThan(maxHistoryBytes - bytesToDecide - 1_500);
    expect(email.record(deferrals)).toMatchObject({ recorded: 0, duplicate: recorded, full });
    const reversed = emailInMemory();
    expect(reversed.record(deferrals.toReversed())).toMatchObject({ recorded, full });
    expect(reversed.email()).toEqual(email.email());
  });

  it('takes all events but one if all but one have room', () => {
    const { recorded } = filled().outcome;
    const email = emailInMemory();
    const outcome = email.record([...deferrals.slice(0, recorded), deferrals.at(-1)!]);
    expect(outcome).toMatchObject({ recorded, full: ids(deferrals.slice(recorded - 1, recorded)) });
  });

  it('takes events up to the last byte', () => {
    const count = filled().outcome.recorded + 1;
    const plain = deferrals.slice(0, count).map(event => ({ ...event, userAgent: 'x' }));
    let left = maxHistoryBytes - bytesToDecide - bytesOf(plain.map(encodeHistory));
    const exact = plain.map(event => {
      const more = Math.min(left, limits.userAgent - 1);
      left -= more;
      return { ...event, userAgent: 'x'.repeat(1 + more) };
    });
    expect(bytesOf(exact.map(encodeHistory))).toBe(maxHistoryBytes - bytesToDecide);
    expect(emailInMemory().record(exact)).toMatchObject({ recorded: count, full: [] });
    const [longer, ...others] = exact.toReversed();
    const beyond = [...others, { ...longer!, userAgent: `${longer!.userAgent}x` }];
    expect(emailInMemory().record(beyond)).toMatchObject({ recorded: count - 1 });
  });

  it('keeps an event that decides the status without its texts, and knows it when it comes again', () => {
    const { email } = filled();
    const complaint = anEvent({ status: 'marked_spam', eventId: 'c', ...longest });
    const late = anEvent({ status: 'deferred', eventId: 'l', ...longest });
    expect(email.record([late, complaint])).toMatchObject({ recorded: 1, full: ['l'], duplicate: 0 });
    expect(email.record([late, complaint])).toMatchObject({ recorded: 0, full: ['l'], duplicate: 1 });
    const { verdict, events } = email.email();
    expect(verdict).toEqual(verdictOf(complaint));
    const { text: _, ...codes } = longest.reason;
    expect(decidingEventOf(verdict, events)).toMatchObject({ reason: codes });
    expect(decidingEventOf(verdict, events)?.reason).not.toHaveProperty('text');
    expect(email.item()?.cause).toBe('authentication_failed');
    expect(bytes(email)).toBeLessThanOrEqual(maxHistoryBytes);
  });

  it('is looked at anew if another writer comes between two writes', () => {
    const { email } = filled();
    const [complaint, late] = [
      anEvent({ status: 'marked_spam', eventId: 'c', ...longest }),
      anEvent({ status: 'deferred', eventId: 'l', ...longest }),
    ];
    const meanwhile = () => email.record([{ ...complaint, eventId: 'd' }]);
    expect(email.record([late, complaint], { meanwhile })).toMatchObject({ recorded: 1, full: ['l'], writes: 3 });
  });

  it('lets events decide the status that have no room even without their texts', () => {
    const { email } = filled();
    const accountId = 'a'.repeat(limits.accountId);
    const complaints = many(12, { status: 'marked_spam', accountId, ...longest }).toReversed();
    const outcomes = complaints.map(complaint => {
      const outcome = email.record([complaint]);
      expect(email.email().verdict).toEqual(verdictOf(complaint));
      return outcome;
    });
    const recorded = outcomes.filter(outcome => outcome.recorded === 1).length;
    expect(recorded).toBeGreaterThan(2);
    expect(outcomes.slice(recorded)).toMatchObject(
      complaints.slice(recorded).map(({ eventId }) => ({ recorded: 0, duplicate: 0, full: [eventId] })),
    );
    expect(email.item()).toMatchObject({ cause: 'authentication_failed', attentionAt: noon });
    expect(bytes(email)).toBeLessThanOrEqual(maxHistoryBytes);
    expect(bytes(email)).toBeGreaterThan(maxHistoryBytes - 300);
    // An event without room does not name the cause of one that is there.
    const tied = { ...complaints.at(-1)!, reason: { cause: 'blocked' as const }, subject: 'Invoice 7' };
    expect(email.record([tied])).toMatchObject({ recorded: 0, full: [tied.eventId] });
    expect(email.item()).toMatchObject({ cause: 'authentication_failed', subject: 'Invoice 7' });
  });

  it('drops repeats, and has no room for the first of a kind', () => {
    const email = emailInMemory();
    const click = anEvent({ status: null, eventId: 'c', providerEvent: 'click' });
    email.record([click, ...deferrals]);
    const repeat = { ...click, eventId: 'r', occurredAt: noon + minute };
    expect(email.record([repeat])).toMatchObject({ recorded: 0, dropped: 1, full: [] });
    expect(email.record([{ ...repeat, ...longest, providerEvent: 'unsubscribe' }])).toMatchObject({
      recorded: 0,
      dropped: 0,
      full: ['r'],
    });
  });

  it('holds a first request that is larger than any item, the deciding event whole', () => {
    const email = emailInMemory();
    const complaint = anEvent({ status: 'marked_spam', eventId: 'c', ...longest });
    const { recorded, full } = email.record([...deferrals, complaint]);
    expect(full).toEqual(ids(deferrals.slice(recorded - 1)));
    expect(email.email().events).toContainEqual(inHistory(complaint));
    // Another writer may have been first.
    const known = emailInMemory();
    known.record([anEvent({ eventId: 'd' })]);
    const again = known.record([...deferrals, complaint]);
    expect(again).toMatchObject({ writes: 2 });
    expect(bytes(known)).toBeLessThanOrEqual(maxHistoryBytes - bytesToDecide);
    expect(again.recorded + again.full.length).toBe(deferrals.length + 1);
  });
});

describe('an event dated into the future', () => {
  const tomorrow = noon + day;
  const draft = {
    messageId: 'm1',
    recipient: 'jane@example.com',
    status: 'deferred' as const,
    occurredAt: tomorrow,
    providerEvent: 'deferred',
  };
  const arrival = (at: number, changes: Partial<Parameters<typeof canonicalEvent>[0]> = {}) =>
    canonicalEvent({ ...draft, ...changes }, at, 'sendgrid') as CanonicalEvent;

  it('counts from its first arrival on, however often it is sent again', () => {
    const email = emailInMemory();
    email.record([arrival(noon)]);
    expect(email.item()?.futureDated).toBe(true);
    const bounce = anEvent({ status: 'soft_bounced', occurredAt: noon + minute });
    expect(email.record([bounce])).toMatchObject({ recorded: 1 });
    for (const at of [noon + 2 * minute, tomorrow]) {
      expect(email.record([arrival(at)], { at })).toMatchObject({ recorded: 0, duplicate: 1 });
    }
    expect(email.email().verdict).toEqual(verdictOf(bounce));
    expect(email.email().events).toHaveLength(2);
  });

  it('marks the email also beside events that are not', () => {
    const email = emailInMemory();
    const open = anEvent({ status: 'opened', eventId: 'o' });
    email.record([arrival(noon), open]);
    expect(email.item()?.futureDated).toBe(true);
    const known = emailInMemory();
    known.record([open]);
    known.record([arrival(noon), anEvent({ eventId: 'd' })]);
    expect(known.item()?.futureDated).toBe(true);
  });

  it('is recorded even if the email expires between its two writes', () => {
    const email = emailInMemory();
    email.record([anEvent()]);
    expect(email.record([arrival(noon)], { meanwhile: () => email.replace() })).toMatchObject({ recorded: 1 });
    expect(email.item()).toMatchObject({ status: 'deferred', futureDated: true });
  });

  it.each([
    ['is a note', { status: null }],
    ['is an open by a machine', { status: 'opened', evidence: 'machine' }],
    ['decides', {}],
  ] as const)('is recorded once, also if it %s and comes again once that time has come', (_, changes) => {
    const email = emailInMemory();
    const at = [noon, noon + minute, tomorrow];
    const outcomes = at.map(time => email.record([arrival(time, changes)], { at: time }));
    expect(outcomes).toMatchObject([{ recorded: 1 }, { duplicate: 1 }, { duplicate: 1 }]);
  });

  it('decides the status of a known email, with a second write that has seen the history', () => {
    const email = emailInMemory();
    email.record([anEvent({ status: 'sent', eventId: 's' })]);
    expect(email.item()).not.toHaveProperty('futureDated');
    expect(email.record([arrival(noon + minute)])).toMatchObject({ recorded: 1, writes: 2 });
    expect(email.email().verdict).toMatchObject({ status: 'deferred', statusAt: noon + minute });
    expect(email.item()?.futureDated).toBe(true);
  });

  it.each([
    ['no other such event', [anEvent({ status: 'sent', eventId: 's' })]],
    ['another one', [arrival(noon, { status: 'sent', eventId: 's' })]],
  ])('is there once if it comes twice at the same time to an email that holds %s', (_, before) => {
    for (const [late, meanwhile] of [
      [arrival(noon + minute), arrival(tomorrow)],
      [arrival(tomorrow), arrival(noon + minute)],
    ] as const) {
      for (const status of ['deferred', 'enqueued', null] as const) {
        const email = emailInMemory();
        email.record(before);
        email.record([{ ...late, status }], { meanwhile: () => email.record([{ ...meanwhile, status }]) });
        expect(email.email().events).toHaveLength(2);
      }
    }
  });
});
