import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankOf } from '../../shared/events/rank.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { type DecidingEvent, merge, supersedes, type Verdict, verdictOf } from '../../shared/status/precedence.ts';

/** Few distinct ones, so that ties are common; and some far from 1970, on both sides. */
const times = fc.oneof(
  fc.constantFrom(0, 1, 9, 10, 946_684_800_000, 1_767_355_200_000, 8.64e15, -8.64e15, -1, -10),
  fc.integer({ min: -8.64e15, max: 8.64e15 }),
);
const ids = fc.oneof(
  fc.constantFrom('a', 'ab', 'b', '!', '~', '~~', 'B', '1', '10', '9'),
  fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code)), minLength: 1 }),
);
const verdicts: fc.Arbitrary<Verdict> = fc.record({
  status: fc.constantFrom(...statusIds),
  statusAt: times,
  statusEventId: ids,
});
const events: fc.Arbitrary<DecidingEvent> = fc.record({
  eventId: ids,
  status: fc.constantFrom(...statusIds, null),
  occurredAt: times,
  evidence: fc.constantFrom('human', 'machine', 'unknown'),
});

describe('the rank of a status', () => {
  it('is greater exactly for the status that supersedes the other', () => {
    const related = fc.tuple(verdicts, verdicts, fc.subarray(['status', 'statusAt', 'statusEventId'] as const));
    fc.assert(
      fc.property(related, ([one, other, shared]) => {
        const rival = { ...other, ...Object.fromEntries(shared.map(member => [member, one[member]])) };
        expect(rankOf(rival) > rankOf(one)).toBe(supersedes(rival, one));
        expect(rankOf(rival) === rankOf(one)).toBe(!supersedes(rival, one) && !supersedes(one, rival));
      }),
      { numRuns: 5_000 },
    );
  });

  it("leads a consumer that keeps the greatest to the table's status, in any order and repetition", () => {
    fc.assert(
      fc.property(
        fc.array(events, { maxLength: 12 }).chain(set => fc.tuple(fc.constant(set), fc.array(fc.nat()))),
        ([set, places]) => {
          // In the order of arrival, each new status is an event.
          const told: Verdict[] = [];
          let stored: Verdict | null = null;
          for (const event of set) {
            const verdict = verdictOf(event);
            if (verdict === null || !supersedes(verdict, stored)) continue;
            stored = verdict;
            told.push(verdict);
          }
          const shuffled = [...places.flatMap(place => told[place % told.length] ?? []), ...told.toReversed()];
          const kept = shuffled.reduce<Verdict | null>(
            (best, next) => (best === null || rankOf(next) > rankOf(best) ? next : best),
            null,
          );
          expect(kept).toEqual(merge(set));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is a text that every collation compares alike: digits, and letters from a to f', () => {
    fc.assert(
      fc.property(verdicts, verdicts, (one, other) => {
        const [left, right] = [rankOf(one), rankOf(other)];
        expect(left).toMatch(/^\d{20}[\da-f]+$/);
        expect(left.length).toBeLessThanOrEqual(22 + 2 * one.statusEventId.length);
        expect(Math.sign(left.localeCompare(right, 'en'))).toBe(left === right ? 0 : left < right ? -1 : 1);
      }),
    );
  });

  it('is refused for a time that no date can hold', () => {
    for (const statusAt of [8.64e15 + 1, -8.64e15 - 1, 0.5, Number.NaN])
      expect(() => rankOf({ status: 'sent', statusAt, statusEventId: 'a' })).toThrow(RangeError);
  });
});
