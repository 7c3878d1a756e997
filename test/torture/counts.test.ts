import { describe, expect, it } from 'vitest';
import { noCounts, wrongCounts, wrongSums } from './counts.ts';

const request = { events: 5, distinct: 4, unreadable: 1, ofErased: 1 };
const right = { ...noCounts(), received: 6, recorded: 2, duplicate: 1, erased: 1, queued: 1, quarantined: 1 };

describe('the counts of an answer', () => {
  it('are right where every event is counted once', () => {
    expect(wrongCounts(right, request)).toEqual([]);
  });

  it.each([
    ['one less received', { received: 5, recorded: 1 }],
    ['one more recorded', { recorded: 3 }],
    ['one less recorded', { recorded: 1 }],
    ['a duplicate that is not counted', { duplicate: 0 }],
    ['one put off twice', { queued: 2 }],
    ['more recorded than differs', { recorded: 5, duplicate: 0, erased: 0, queued: 0 }],
    ['more erased than somebody erased', { recorded: 1, erased: 2 }],
    ['what can be read in quarantine', { recorded: 1, quarantined: 2 }],
    ['what cannot be read as recorded', { recorded: 3, quarantined: 0 }],
    ['something unrelated', { recorded: 1, unrelated: 1 }],
    ['something dropped', { recorded: 1, dropped: 1 }],
    ['less than nothing', { recorded: 4, duplicate: -1 }],
    ['no count', { recorded: Number.NaN }],
  ])('are wrong: %s', (_, changes) => {
    expect(wrongCounts({ ...right, ...changes }, request)).not.toEqual([]);
  });

  it('and of all answers: each event is recorded once, and where nothing fails, one answer says so', () => {
    const sums = { ...noCounts(), received: 10, recorded: 6, duplicate: 3, quarantined: 1 };
    const acknowledged = { events: 9, unreadable: 1 };
    expect(wrongSums(sums, acknowledged, 6, true)).toEqual([]);
    expect(wrongSums(sums, acknowledged, 7, false)).toEqual([]);
    expect(wrongSums(sums, acknowledged, 7, true)).toHaveLength(1);
    expect(wrongSums(sums, acknowledged, 5, false)).toHaveLength(1);
    expect(wrongSums(sums, { events: 8, unreadable: 1 }, 6, true)).toHaveLength(1);
    expect(wrongSums({ ...sums, quarantined: 0 }, acknowledged, 6, true)).toHaveLength(1);
  });
});
