import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { statusIds } from '../../shared/status/catalogue.ts';
import { merge, supersedes, type Verdict } from '../../shared/status/precedence.ts';
import { arbitraryEvent, eventsOf, noon, permutations } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { histories } from './histories.ts';

const order = [
  'enqueued',
  'sent',
  ['deferred', 'soft_bounced'],
  'delivered',
  'opened',
  'link_clicked',
  'rejected',
  'hard_bounced',
  'invalid',
  'marked_spam',
] as const;
const heightOf = (status: string) => order.findIndex(level => level === status || level.includes(status as never));

const verdicts: Verdict[] = statusIds.flatMap(status =>
  [noon, noon + 1].flatMap(statusAt => ['a', 'b'].map(statusEventId => ({ status, statusAt, statusEventId }))),
);

describe('the status of an email', () => {
  for (const history of histories) {
    it(`${history.events.join(', ')} ends as ${history.ends}, in every order and however often each event comes`, () => {
      const events = eventsOf(history);
      const [first, ...others] = permutations(events).flatMap(arrival => [
        merge(arrival),
        merge([...arrival, ...arrival]),
      ]);
      expect(first?.status).toBe(history.ends);
      for (const other of others) expect(other).toEqual(first);
    });
  }

  it('is the same for every order and repetition of any set of events', () => {
    const shuffledWithRepeats = fc
      .array(arbitraryEvent, { minLength: 1, maxLength: 8 })
      .chain(events =>
        fc.tuple(
          fc.constant(events),
          fc.shuffledSubarray([...events, ...events, ...events], { minLength: events.length * 3 }),
        ),
      );
    fc.assert(
      fc.property(shuffledWithRepeats, ([events, arrival]) => {
        expect(merge(arrival)).toEqual(merge(events));
      }),
      { numRuns: runs(300) },
    );
  });

  it('can be merged in parts, in any grouping: the merge is a semilattice', () => {
    const asEvent = (verdict: Verdict | null) =>
      verdict === null
        ? []
        : [
            {
              eventId: verdict.statusEventId,
              status: verdict.status,
              occurredAt: verdict.statusAt,
              evidence: 'unknown' as const,
            },
          ];
    fc.assert(
      fc.property(fc.array(arbitraryEvent), fc.array(arbitraryEvent), (left, right) => {
        expect(merge([...asEvent(merge(left)), ...asEvent(merge(right))])).toEqual(merge([...left, ...right]));
      }),
    );
  });

  it('follows the documented precedence: a higher status wins whenever it happened', () => {
    for (const challenger of verdicts) {
      for (const stored of verdicts) {
        const difference = heightOf(challenger.status) - heightOf(stored.status);
        if (difference !== 0) expect(supersedes(challenger, stored)).toBe(difference > 0);
      }
    }
  });

  it('is decided between any two different verdicts one way, never both and never neither', () => {
    for (const one of verdicts) {
      expect(supersedes(one, null)).toBe(true);
      expect(supersedes(one, one)).toBe(false);
      for (const other of verdicts) {
        if (one !== other) expect(supersedes(one, other)).toBe(!supersedes(other, one));
        for (const third of verdicts) {
          if (supersedes(one, other) && supersedes(other, third)) expect(supersedes(one, third)).toBe(true);
        }
      }
    }
  });

  it('says since when: the first open, the newest deferral', () => {
    const at = (status: 'opened' | 'deferred', minutes: number[]) =>
      merge(
        minutes.map(minute => ({
          eventId: `e${minute}`,
          status,
          occurredAt: noon + minute,
          evidence: 'unknown' as const,
        })),
      )?.statusAt;
    expect(at('opened', [3, 1, 2])).toBe(noon + 1);
    expect(at('deferred', [3, 1, 2])).toBe(noon + 3);
  });

  it('takes the newest of a soft bounce and a deferral, and on a tie the soft bounce', () => {
    const soft = { status: 'soft_bounced', statusAt: noon, statusEventId: 'z' } as const;
    const deferral = { status: 'deferred', statusAt: noon, statusEventId: 'a' } as const;
    expect(supersedes(soft, deferral)).toBe(true);
    expect(supersedes({ ...deferral, statusAt: noon + 1 }, soft)).toBe(true);
    expect(supersedes({ ...soft, statusAt: noon - 1 }, deferral)).toBe(false);
  });

  it('is never decided by a machine or a note', () => {
    expect(merge(eventsOf({ events: ['machine opened', 'machine link_clicked', 'note'], ends: 'sent' }))).toBeNull();
  });
});
