/** The sure signal: emails of which news is to be expected, and of which none came. */

import { day } from '../runtime/time.ts';
import { hourMs, slotMs, slotOf, slotsPerHour } from './slots.ts';

/** News of an email that is younger is not yet to be expected. */
const dueAfterMs = 30 * 60_000;

/** Fewer emails show nothing. */
const minEmails = 5;

/** How likely so many emails may be without news by chance. */
const byChance = 1e-6;

/** The share of emails with news that counts before there is experience, as that of so many emails. */
const usualBefore = { share: 0.9, emails: 10 } as const;

/** The emails that were first seen in one slot. */
export interface SlotOfEmails {
  readonly slot: number;
  /** Of which news was to be expected. */
  readonly awaited: number;
  /** Of which news has come. */
  readonly answered: number;
}

/** The counts of the emails first seen in an hour, slot by slot. */
export interface HourOfEmails {
  readonly hour: number;
  readonly awaited: readonly number[];
  readonly answered: readonly number[];
}

export function slotsOf({ hour, awaited, answered }: HourOfEmails): readonly SlotOfEmails[] {
  return awaited.map((count, index) => ({
    slot: hour * slotsPerHour + index,
    awaited: count,
    answered: answered[index] ?? 0,
  }));
}

export interface NoNews {
  /** Emails first seen since about the last news, and old enough to have some. */
  readonly emails: number;
  /** Those of them without any. */
  readonly waiting: number;
  /** Whether they are too many for chance. */
  readonly isSilent: boolean;
}

/**
 * Judges the emails of the last day that were first seen since the last news. Each of them could have had news by chance;
 * how many of them show silence depends on the share of earlier emails that had some.
 *
 * @param newsAt when the newest first news of an email came; null if none ever came
 * @param hasReported whether the provider ever reported anything
 */
export function noNewsOf(
  slots: readonly SlotOfEmails[],
  newsAt: number | null,
  hasReported: boolean,
  now: number,
): NoNews {
  const due = slots.filter(({ slot }) => slot * slotMs >= now - day && (slot + 1) * slotMs <= now - dueAfterMs);
  const lastNews = newsAt === null ? Number.NEGATIVE_INFINITY : newsAt;
  const since = due.filter(({ slot }) => slot >= slotOf(lastNews));
  const whollySince = since.filter(({ slot }) => slot * slotMs >= lastNews);
  const before = due.filter(({ slot }) => slot < slotOf(lastNews));
  const emails = total(since, 'awaited');
  const waiting = Math.max(0, emails - total(since, 'answered'));
  const unanswered = total(whollySince, 'awaited') - total(whollySince, 'answered');
  // A provider that reports nothing but Sent is not silent.
  const usual =
    newsAt === null && hasReported
      ? 0
      : (total(before, 'answered') + usualBefore.share * usualBefore.emails) /
        (total(before, 'awaited') + usualBefore.emails);
  const needed = Math.max(minEmails, Math.log(byChance) / Math.log1p(-Math.min(usual, 0.999)));
  return { emails, waiting, isSilent: usual > 0 && unanswered >= needed };
}

/** When the first of the emails was seen that wait. */
export function waitingSince(slots: readonly SlotOfEmails[], now: number): number | null {
  const first = slots
    .filter(({ slot, awaited, answered }) => slot * slotMs >= now - day && awaited > answered)
    .map(({ slot }) => slot)
    .sort((one, other) => one - other)[0];
  return first === undefined ? null : first * slotMs;
}

function total(slots: readonly SlotOfEmails[], count: 'awaited' | 'answered'): number {
  return slots.reduce((sum, slot) => sum + slot[count], 0);
}

/** The hours whose emails are judged. */
export function judgedHours(now: number): readonly number[] {
  const last = Math.floor(now / hourMs);
  return Array.from({ length: 26 }, (_, index) => last - index);
}
