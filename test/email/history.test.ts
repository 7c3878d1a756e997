import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundedHistory,
  decodeHistory,
  encodeHistory,
  type HistoryEvent,
  inTime,
  maxHistoryEvents,
} from '../../shared/email/history.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';

describe("an email's history", () => {
  it('gives back every event that it was given', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
    const reason = fc
      .record({ code: text, enhancedCode: text, text }, { requiredKeys: [] })
      .filter(({ code, enhancedCode, text }) => Boolean(code ?? enhancedCode ?? text));
    const event = fc.record({
      eventId: text,
      status: fc.constantFrom(...statusIds, null),
      occurredAt: fc.integer({ min: noon, max: noon * 2 }),
      evidence: fc.constantFrom('human', 'machine', 'unknown'),
      providerEvent: text,
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
        expect(decodeHistory(encodeHistory(given))).toEqual(known);
      }),
    );
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
    });

    it.each<[string, Partial<HistoryEvent>]>([
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
