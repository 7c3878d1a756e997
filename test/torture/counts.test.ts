import { describe, expect, it } from 'vitest';
import { noCounts, wrongCounts, wrongSums } from './counts.ts';

const request = { events: 5, distinct: 4, unreadable: 1, ofErased: 1, repeatable: 1 };
const right = { ...noCounts(), received: 6, recorded: 2, duplicate: 1, erased: 1, queued: 1, quarantined: 1 };

describe('the counts of an answer', () => {
  it('are right if every event is counted once', () => {
    expect(wrongCounts(right, request)).toEqual([]);
  });

  it.each([
    ['one event too few received', { received: 5, recorded: 1 }],
    ['one event too many recorded', { recorded: 3 }],
    ['one event too few recorded', { recorded: 1 }],
    ['an uncounted duplicate', { duplicate: 0 }],
    ['an event queued twice', { queued: 2 }],
    ['more events recorded than different ones sent', { recorded: 5, duplicate: 0, erased: 0, queued: 0 }],
    ['more events erased than of erased emails', { recorded: 1, erased: 2 }],
    ['a readable event in quarantine', { recorded: 1, quarantined: 2 }],
    ['an unreadable event recorded', { recorded: 3, quarantined: 0 }],
    ['an unrelated event', { recorded: 1, unrelated: 1 }],
    ['more events dropped than opens and clicks', { recorded: 0, dropped: 2 }],
    ['a negative count', { recorded: 4, duplicate: -1 }],
    ['a count that is not a number', { recorded: Number.NaN }],
  ])('are wrong with %s', (_, changes) => {
    expect(wrongCounts({ ...right, ...changes }, request)).not.toEqual([]);
  });

  it('may have dropped opens and clicks', () => {
    expect(wrongCounts({ ...right, recorded: 1, dropped: 1 }, request)).toEqual([]);
  });

  it('add up over all answers to each event recorded once, and without faults to all events', () => {
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
