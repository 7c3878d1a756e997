import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundedHistory,
  bytesOf,
  decidingEventOf,
  decodeHistory,
  distinctEvents,
  encodeHistory,
  type HistoryEvent,
  identityOf,
  inTime,
  maxHistoryBytes,
  maxHistoryEvents,
  withoutTexts,
} from '../../shared/email/history.ts';
import { phrases } from '../../shared/email/phrases.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { causeIds } from '../../shared/status/causes.ts';
import { merge } from '../../shared/status/precedence.ts';
import { arbitraryEvent, noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';

describe("an email's history", () => {
  it('gives back every event that it was given', () => {
    const words = fc.constantFrom(...Object.values(phrases), ...Object.keys(phrases), 'delivered', '~', '|', '~=');
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
      fc.array(words, { minLength: 1, maxLength: 5 }).map(parts => parts.join('')),
    );
    const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
    const reason = fc
      .record({ code: text, enhancedCode: text, text, cause: fc.constantFrom(...causeIds) }, { requiredKeys: [] })
      .filter(words => Object.keys(words).length > 0);
    const event = fc.record({
      eventId: fc.oneof(text, fc.uuid()),
      status: fc.constantFrom(...statusIds, null),
      occurredAt: fc.integer({ min: noon, max: noon * 2 }),
      evidence: fc.constantFrom('human', 'machine', 'unknown'),
      providerEvent: fc.oneof(text, fc.constantFrom('', ...statusIds, ...statusIds.map(id => `app.${id}`))),
      reason: maybe(reason),
      clickUrl: maybe(text),
      userAgent: maybe(text),
      accountId: maybe(text),
      providerTime: maybe(fc.integer({ min: noon, max: noon * 2 })),
      attribution: maybe(fc.constantFrom('ambiguous' as const, 'not_addressed' as const)),
    }) satisfies fc.Arbitrary<HistoryEvent>;
    fc.assert(
      fc.property(event, given => {
        const known = JSON.parse(JSON.stringify(given));
        expect(decodeHistory(encodeHistory(given))).toStrictEqual(known);
      }),
    );
  });

  const bare: HistoryEvent = {
    eventId: 'e1',
    status: 'delivered',
    occurredAt: noon,
    evidence: 'unknown',
    providerEvent: 'Delivery',
  };
  const everyDetail: HistoryEvent = {
    ...bare,
    accountId: 'acme',
    reason: { code: '550', enhancedCode: '5.1.1', text: 'no such user', cause: 'unknown_user' },
    clickUrl: 'https://example.com/',
    userAgent: 'curl',
    providerTime: noon + 1,
    attribution: 'not_addressed',
  };
  it.each<[string, HistoryEvent, string]>([
    ['an event without details', bare, 'mjwtnk00Aue1|Delivery'],
    ['an event named like its status', { ...bare, providerEvent: 'delivered' }, 'mjwtnk00Aue1'],
    ['an event whose name ends with its status', { ...bare, providerEvent: 'app.delivered' }, 'mjwtnk00Aue1|app.~='],
    ['an event without a name', { ...bare, providerEvent: '' }, 'mjwtnk00Aue1|~-'],
    ['a note', { ...bare, status: null }, 'mjwtnk00Nue1|Delivery'],
    ['an event of a person', { ...bare, evidence: 'human' }, 'mjwtnk00Ahe1|Delivery'],
    ['an event of a machine', { ...bare, evidence: 'machine' }, 'mjwtnk00Ame1|Delivery'],
    ['an id of name and time', { ...bare, eventId: `Delivery@${noon}-link` }, 'mjwtnk00Au~@-link|Delivery'],
    [
      'a UUID',
      { ...bare, eventId: 'e620de88-b80f-ae1d-464e-9641529079d0' },
      'mjwtnk00Au~#5iDeiLgPrh1GTpZBUpB50A|Delivery',
    ],
    [
      'an event with every detail',
      everyDetail,
      'mjwtnk00Aue1|Delivery|acme|curl|~5example.com/|no such user|550|5.1.1|unknown_user|not_addressed|mjwtnk01',
    ],
  ])('keeps %s in the form in which stored emails have it', (_, event, element) => {
    expect(encodeHistory(event)).toBe(element);
    expect(decodeHistory(element)).toStrictEqual(event);
  });

  it.each<[string, HistoryEvent, string]>([
    ['an event without details', bare, `[${noon},"delivered","e1","Delivery"]`],
    ['a note', { ...bare, status: null }, `[${noon},0,"e1","Delivery"]`],
    ['an event of a person', { ...bare, evidence: 'human' }, `[${noon},"delivered","e1","Delivery",0,1]`],
    ['an event of a machine', { ...bare, evidence: 'machine' }, `[${noon},"delivered","e1","Delivery",0,2]`],
    [
      'an event with every detail',
      everyDetail,
      `[${noon},"delivered","e1","Delivery","acme",0,"550","5.1.1","no such user","https://example.com/","curl",${noon + 1},"not_addressed","unknown_user"]`,
    ],
  ])('still reads %s in the earlier form, an array', (_, event, element) => {
    expect(decodeHistory(element)).toStrictEqual(event);
  });

  it.each(['', 'e1', 'MJWWVTC0AuE1', '{"at":1}'])('refuses "%s", which is no element', element => {
    expect(() => decodeHistory(element)).toThrow('no element of a history');
  });

  it.each(['~', '|', '~=', '~-', '~#', '~@x', 'x~=', '~~|', 'app.~delivered', `~@${noon}`])(
    'gives back %s as any text',
    text => {
      for (const status of ['delivered', null] as const) {
        const event = { ...everyDetail, status, eventId: text, providerEvent: text, accountId: text, userAgent: text };
        expect(decodeHistory(encodeHistory(event))).toStrictEqual(event);
      }
    },
  );

  it('is in order of time, then of event id, then of what the events say', () => {
    const inOrder: HistoryEvent[] = [
      { ...bare, eventId: 'z', occurredAt: noon - 1 },
      { ...bare, eventId: 'a', status: 'sent' },
      { ...bare, eventId: 'b', status: 'delivered' },
      { ...bare, eventId: 'b', status: 'opened' },
      { ...bare, eventId: 'a', occurredAt: noon + 1 },
    ];
    for (const [index, one] of inOrder.entries()) {
      for (const [other, another] of inOrder.entries()) {
        expect(Math.sign(inTime(one, another))).toBe(Math.sign(index - other));
      }
    }
  });

  it('takes the bytes of its elements in UTF-8 and one more for each', () => {
    expect(bytesOf([])).toBe(0);
    expect(bytesOf(['a', 'äö'])).toBe(2 + 5);
  });

  it('leaves 4 KB of the largest item that DynamoDB stores to the other attributes', () => {
    expect(maxHistoryBytes).toBe(400 * 1024 - 4 * 1024);
  });

  describe('has an event that decides the status, which', () => {
    const verdict = { status: 'delivered', statusAt: noon, statusEventId: 'e1' } as const;

    it('agrees with it in status, time and id, and was not caused by a machine', () => {
      const others: HistoryEvent[] = [
        { ...bare, eventId: 'e0' },
        { ...bare, occurredAt: noon + 1 },
        { ...bare, status: 'opened' },
        { ...bare, status: null },
        { ...bare, evidence: 'machine' },
      ];
      expect(decidingEventOf(verdict, [...others, bare])).toBe(bare);
      expect(decidingEventOf(verdict, others)).toBeNull();
      expect(decidingEventOf(null, [...others, bare])).toBeNull();
    });

    it('is the first of several, whatever their order', () => {
      const [first, second] = [
        { ...bare, accountId: 'acme' },
        { ...bare, accountId: 'globex' },
      ] as const;
      expect(decidingEventOf(verdict, [first, second])).toBe(first);
      expect(decidingEventOf(verdict, [second, first])).toBe(first);
    });
  });

  it('holds an event without its texts if there is no room for them', () => {
    const event = { ...bare, provider: 'ses', messageId: 'm1', recipient: 'jane@example.com', accountId: 'acme' };
    const codes = { code: '550', cause: 'unknown_user' } as const;
    const texts = { clickUrl: 'https://example.com/', userAgent: 'Mozilla' };
    expect(withoutTexts({ ...event, ...texts, reason: { ...codes, text: 'no such user' } })).toStrictEqual({
      ...event,
      reason: codes,
    });
    expect(withoutTexts({ ...event, ...texts, reason: { text: 'no such user' } })).toStrictEqual(event);
    expect(withoutTexts(event)).toStrictEqual(event);
  });

  describe('holds an event that two versions have read', () => {
    const reading = { ...bare, status: 'hard_bounced', reason: { code: '550' } } as const satisfies HistoryEvent;
    const later = { ...reading, reason: { code: '550', cause: 'unknown_user' } } as const satisfies HistoryEvent;

    it('once, whichever was recorded first', () => {
      const once = distinctEvents([reading, later]);
      expect(once).toHaveLength(1);
      expect(distinctEvents([later, reading])).toEqual(once);
    });

    it('also if the provider dated it ahead, so that each delivery has an arrival of its own', () => {
      const ahead = { ...reading, providerTime: noon + 3_600_000 };
      expect(
        distinctEvents([ahead, { ...later, occurredAt: noon + 1, providerTime: ahead.providerTime }]),
      ).toHaveLength(1);
    });

    it.each<[string, Partial<HistoryEvent>]>([
      ['another id', { eventId: 'e2' }],
      ['another time', { occurredAt: noon + 1 }],
      ['another attribution', { attribution: 'not_addressed' }],
    ])('and beside it an event with %s', (_, changes) => {
      expect(distinctEvents([reading, { ...reading, ...changes }])).toHaveLength(2);
    });

    it('as the reading that decided the status, for every set of readings in every order', () => {
      const readings = fc.array(
        arbitraryEvent.map(({ provider: _, messageId: __, recipient: ___, ...event }) => event),
      );
      fc.assert(
        fc.property(readings, events => {
          const read = distinctEvents(events);
          const verdict = merge(events);
          expect(merge(read)).toEqual(verdict);
          expect(decidingEventOf(verdict, read)).toEqual(decidingEventOf(verdict, events));
          expect(distinctEvents(events.toReversed())).toEqual(read);
          expect(new Set(read.map(identityOf))).toEqual(new Set(events.map(identityOf)));
          expect(read).toHaveLength(new Set(read.map(identityOf)).size);
          expect(read).toEqual(read.toSorted(inTime));
        }),
        { numRuns: runs(200) },
      );
    });
  });

  describe('beyond its bound', () => {
    const event = (index: number, changes: Partial<HistoryEvent> = {}): HistoryEvent => ({
      eventId: `e${index}`,
      status: 'opened',
      occurredAt: noon + index * 1000,
      evidence: 'human',
      providerEvent: 'open',
      ...changes,
    });
    const opens = Array.from({ length: 150 }, (_, index) => event(index));

    it('keeps the earliest opens and clicks', () => {
      expect(boundedHistory(opens)).toEqual(opens.slice(0, maxHistoryEvents));
      expect(boundedHistory(opens.toReversed())).toEqual(opens.slice(0, maxHistoryEvents));
    });

    it('keeps all up to it as they came', () => {
      const some = opens.slice(0, maxHistoryEvents).toReversed();
      expect(boundedHistory(some)).toBe(some);
    });

    it.each<[string, Partial<HistoryEvent>]>([
      ['clicks', { status: 'link_clicked', providerEvent: 'click' }],
      ['clicks that name nobody', { status: null, providerEvent: 'click', attribution: 'ambiguous' }],
      ['opens by machines', { evidence: 'machine' }],
      ['unsubscribe toggles', { status: null, providerEvent: 'unsubscribe' }],
    ])('keeps a hundred of %s, and whatever has a status beside them', (_, changes) => {
      const repeats = opens.map(open => ({ ...open, ...changes }));
      expect(boundedHistory(repeats)).toEqual(repeats.slice(0, maxHistoryEvents));
      const complaint = event(10_000, { status: 'marked_spam' });
      expect(boundedHistory([...repeats, complaint])).toEqual([
        repeats[0],
        complaint,
        ...repeats.slice(1, maxHistoryEvents - 1),
      ]);
    });

    it('never leaves out anything but repeats of opens, clicks and notes', () => {
      const late = 10_000;
      const others = [
        event(late - 1, { attribution: 'ambiguous', status: null }),
        event(late - 2, { attribution: 'not_addressed' }),
        event(late - 3, { providerEvent: 'first open' }),
        event(late, { status: 'link_clicked' }),
        event(late + 1, { evidence: 'machine' }),
        event(late + 2, { evidence: 'unknown' }),
        event(late + 3, { status: null }),
        ...Array.from({ length: 110 }, (_, index) => event(late + 4 + index, { status: 'deferred' })),
      ];
      const kept = boundedHistory([...opens, ...others]);
      expect(new Set(kept)).toEqual(new Set([opens[0], ...others]));
    });

    it('is the same for every order of arrival, whatever was left out on the way', () => {
      const arbitrary = fc.record({
        index: fc.nat(400),
        status: fc.constantFrom('opened', 'opened', 'opened', 'link_clicked', 'deferred', null, null),
        evidence: fc.constantFrom('human', 'machine', 'unknown'),
        providerEvent: fc.constantFrom('open', 'unsubscribe'),
        attribution: fc.constantFrom(undefined, undefined, 'ambiguous' as const),
      });
      const arrivals = fc.array(arbitrary, { minLength: 100, maxLength: 220 }).map(drafts => {
        const events = drafts.map(({ index, ...changes }) => event(index, changes));
        return [...new Map(events.map(one => [encodeHistory(one), one])).values()];
      });
      fc.assert(
        fc.property(arrivals, fc.infiniteStream(fc.nat()), (events, random) => {
          const shuffled = events
            .map(one => ({ one, at: random.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ one }) => one);
          let oneByOne: readonly HistoryEvent[] = [];
          for (const one of shuffled) oneByOne = boundedHistory(oneByOne.concat(one));
          expect(oneByOne.toSorted(inTime)).toEqual(boundedHistory(events).toSorted(inTime));
        }),
        { numRuns: runs(10) },
      );
    });
  });
});
