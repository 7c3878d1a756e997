/** How long a provider is usually silent at an hour of the week, and how unusual its silence is now. */

import { day } from '../runtime/time.ts';
import { hourMs, hourOf, type Slots, slotMs, slotsPerHour, weekHours } from './slots.ts';

/** Weeks that a profile is learned from. */
export const learnedWeeks = 4;

/** Less than this is no silence, and neither is less than so many expected gaps. */
const minSilenceMs = 15 * 60_000;
const gaps = 3;

/** After so long a silence is unusual at any hour. */
const maxSilenceMs = 7 * day;

/**
 * The expected gap until a week was seen: three times as long is longer than a night or a weekend. The share of emails
 * without news tells a real silence much sooner.
 */
const defaultGapMs = day;

/** A listed provider that never reported is given so long to be connected. */
const firstReportMs = day;

/** The slots in which a provider reported something. */
export interface Profile {
  readonly slots: Slots;
  /** Arrival of the first event; null before it. */
  readonly firstEventAt: number | null;
}

/**
 * The gap that 99 of 100 gaps at an hour do not exceed, in milliseconds; null while no week was seen. It counts the slots
 * with news in that hour of the week and in its neighbours, over the last four weeks. Independent events leave three such
 * gaps empty once in a million cases.
 *
 * @param hour the number of the hour
 */
export function learnedGap(slots: Slots, firstEventAt: number | null, hour: number): number | null {
  if (firstEventAt === null) return null;
  const firstWholeHour = hourOf(firstEventAt) + 1;
  let seen = 0;
  let active = 0;
  for (let week = 1; week <= learnedWeeks; week += 1) {
    const before = hour - week * weekHours;
    if (before - 1 < firstWholeHour) break;
    for (const each of [before - 1, before, before + 1]) {
      seen += slotsPerHour;
      active += activeIn(slots, each);
    }
  }
  if (seen === 0) return null;
  const share = active / (seen + 1);
  return share === 0 ? Number.POSITIVE_INFINITY : (slotMs * Math.log(100)) / -Math.log1p(-share);
}

/** How a provider's silence is judged. */
export interface Expectation {
  /** The gap that the setting `expectNews` states, in milliseconds; null where it states none. */
  readonly statedGapMs: number | null;
  /** Since when the provider is listed, for one that never reported. */
  readonly listedAt: number;
}

/**
 * The silence of a provider at a time, in units of the usual: from 1 on it is unusual. While the expected gap stays the
 * same, it is the silent time over max(15 min, 3 × gap). Each minute counts by the gap of its own hour, so that a quiet
 * night or weekend adds next to nothing.
 *
 * @param lastEventAt arrival of the newest event; null before the first
 */
export function silenceOf(
  lastEventAt: number | null,
  { slots, firstEventAt }: Profile,
  { statedGapMs, listedAt }: Expectation,
  now: number,
): number {
  const longest = (gap: number) => Math.max(minSilenceMs, gaps * gap);
  if (lastEventAt === null) {
    return Math.max(0, now - listedAt) / Math.max(firstReportMs, longest(statedGapMs ?? defaultGapMs));
  }
  const silentMs = Math.max(0, now - lastEventAt);
  if (statedGapMs !== null) return silentMs / longest(statedGapMs);
  const total = silentMs / maxSilenceMs;
  if (total >= 1) return total;
  let silence = 0;
  for (let at = lastEventAt; at < now; ) {
    const end = Math.min(now, (hourOf(at) + 1) * hourMs);
    silence += (end - at) / longest(learnedGap(slots, firstEventAt, hourOf(at)) ?? defaultGapMs);
    at = end;
  }
  return Math.max(silence, total);
}

function activeIn(slots: Slots, hour: number): number {
  let active = 0;
  for (let slot = hour * slotsPerHour; slot < (hour + 1) * slotsPerHour; slot += 1) if (slots.has(slot)) active += 1;
  return active;
}
