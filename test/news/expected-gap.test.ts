import { describe, expect, it } from 'vitest';
import { learnedGap, silenceOf } from '../../shared/news/expected-gap.ts';
import { hourMs, hourOf, type Slots, slotOf, slotsPerHour } from '../../shared/news/slots.ts';
import { day } from '../../shared/runtime/time.ts';

const minute = 60_000;
const monday = Date.UTC(2026, 0, 5);
const listed = { statedGapMs: null, listedAt: monday };

describe('the expected gap of an hour', () => {
  const perHour = (count: (hour: number) => number): Slots => ({
    has: slot => slot % slotsPerHour < count(Math.floor(slot / slotsPerHour)),
  });
  const busy = perHour(() => slotsPerHour);

  it('is not known before the same hour was seen a week ago', () => {
    expect(learnedGap(busy, null, hourOf(monday))).toBeNull();
    expect(learnedGap(busy, monday, hourOf(monday + 6 * day))).toBeNull();
    expect(learnedGap(busy, monday, hourOf(monday + 7 * day + 2 * hourMs))).toBeGreaterThan(0);
  });

  it('is five minutes or less where each slot had news, and grows as slots have none', () => {
    const hour = hourOf(monday + 28 * day);
    const minutes = (count: number) =>
      learnedGap(
        perHour(() => count),
        0,
        hour,
      )! / minute;
    expect(minutes(12)).toBeLessThan(5);
    expect(minutes(6)).toBeGreaterThan(30);
    expect(minutes(6)).toBeLessThan(36);
    expect(minutes(1)).toBeGreaterThan(240);
    expect(minutes(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is that of an hour of the week, so that a quiet Sunday says nothing about Monday', () => {
    const sunday = hourOf(monday - day);
    const counts = perHour(hour => ((((hour - sunday) % 168) + 168) % 168 < 24 ? 0 : 12));
    expect(learnedGap(counts, 0, hourOf(monday + 27 * day + 12 * hourMs))).toBe(Number.POSITIVE_INFINITY);
    expect(learnedGap(counts, 0, hourOf(monday + 28 * day + 12 * hourMs))! / minute).toBeLessThan(5);
  });
});

describe('the silence of a provider', () => {
  const never = { slots: new Set<number>(), firstEventAt: null };

  it('is unusual after three stated gaps, and never before 15 minutes', () => {
    const stated = (minutes: number) => ({ statedGapMs: minutes * minute, listedAt: monday });
    const silentFor = (minutes: number, gap: number) =>
      silenceOf(monday, never, stated(gap), monday + minutes * minute);
    expect(silentFor(179, 60)).toBeLessThan(1);
    expect(silentFor(180, 60)).toBe(1);
    expect(silentFor(14, 1)).toBeLessThan(1);
    expect(silentFor(15, 1)).toBe(1);
  });

  it('is unusual after three days while no week was seen', () => {
    const profile = { slots: new Set<number>(), firstEventAt: monday };
    expect(silenceOf(monday, profile, listed, monday + 71 * hourMs)).toBeLessThan(1);
    expect(silenceOf(monday, profile, listed, monday + 73 * hourMs)).toBeGreaterThanOrEqual(1);
  });

  it('of a listed provider that never reported is unusual three days after it was listed, with a stated gap after one', () => {
    const expectation = { statedGapMs: 60 * minute, listedAt: monday };
    expect(silenceOf(null, never, expectation, monday + 23 * hourMs)).toBeLessThan(1);
    expect(silenceOf(null, never, expectation, monday + 24 * hourMs)).toBe(1);
    expect(silenceOf(null, never, listed, monday + 71 * hourMs)).toBeLessThan(1);
    expect(silenceOf(null, never, listed, monday + 72 * hourMs)).toBe(1);
  });

  it('counts each minute by the gap of its own hour, so that a quiet night adds nothing', () => {
    const from = monday - 28 * day;
    const slots = new Set<number>();
    for (let slot = slotOf(from); slot < slotOf(monday); slot += 1) {
      const hour = new Date(slot * 5 * minute).getUTCHours();
      if (hour >= 7 && hour < 20) slots.add(slot);
    }
    const profile = { slots, firstEventAt: from };
    const evening = monday - 4 * hourMs;
    const silence = (at: number) => silenceOf(evening, profile, listed, at);
    // Only the hour after the last busy one adds some.
    expect(silence(monday + 6 * hourMs)).toBeLessThan(0.4);
    expect(silence(monday + 8 * hourMs)).toBeLessThan(2);
    expect(silence(monday + 8.5 * hourMs)).toBeGreaterThan(1);
  });

  it('is unusual after a week at any hour', () => {
    const profile = { slots: new Set<number>(), firstEventAt: monday - 28 * day };
    expect(silenceOf(monday, profile, listed, monday + 6 * day)).toBeLessThan(1);
    expect(silenceOf(monday, profile, listed, monday + 7 * day)).toBe(1);
  });
});
