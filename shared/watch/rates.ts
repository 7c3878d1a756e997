/** The rates of hard bounces and of spam marks, and the levels from which they are worth a message. */

import { day } from '../runtime/time.ts';
import type { Status } from '../status/catalogue.ts';

/** The emails that an account's rates are about: those sent in so many milliseconds. */
export const accountWindowMs = 7 * day;

/** 0: usual. 1: providers begin to look at it. 2: providers begin to act. */
export type Level = 0 | 1 | 2;

export interface RateFacts {
  /** The shares from which on the level is 1 and 2. */
  readonly warn: number;
  readonly act: number;
  /** A usual share. So many failures that it explains by chance are none. */
  readonly usual: number;
  /** Fewer emails, or fewer failures, show nothing. */
  readonly minVolume: number;
  readonly minCount: number;
  /** Said of so many emails, and the consequence at each level. */
  readonly verb: string;
  readonly consequence: string;
}

/**
 * Sources of the thresholds:
 * - Amazon SES puts an account under review at 5 % hard bounces or 0.1 % complaints, and may pause it at 10 % or 0.5 %:
 *   https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-bounce-rate.html
 * - Gmail asks bulk senders for less than 0.1 % spam marks, and for never 0.3 % or more:
 *   https://support.google.com/a/answer/81126
 */
export const rates = {
  BounceRate: {
    warn: 0.05,
    act: 0.1,
    usual: 0.02,
    minVolume: 100,
    minCount: 5,
    verb: 'bounced hard',
    consequence: 'Above 5 % providers may slow you down; above 10 % they may suspend you.',
  },
  ComplaintRate: {
    warn: 0.001,
    act: 0.003,
    usual: 0.0002,
    minVolume: 1_000,
    minCount: 2,
    verb: 'were marked as spam',
    consequence: 'Above 0.1 % mailbox providers may put your emails into spam; above 0.3 % they may refuse them.',
  },
} as const satisfies Record<string, RateFacts>;

export type RateName = keyof typeof rates;

export const rateNames = Object.keys(rates) as readonly RateName[];

/** The statuses that each rate counts. */
export const rateStatuses = {
  BounceRate: ['hard_bounced', 'invalid'],
  ComplaintRate: ['marked_spam'],
} as const satisfies Record<RateName, readonly Status[]>;

const countedStatuses: readonly string[] = Object.values(rateStatuses).flat();

/** Whether a status counts in one of the rates. */
export function isCounted(status: string | undefined): boolean {
  return status !== undefined && countedStatuses.includes(status);
}

/** A level ends only below this part of its threshold, so that a rate around it begins no episode after another. */
const endsBelow = 0.8;

/** The usual share explains as many failures in fewer cases. */
const byChance = 1e-4;

/** Failures among emails. */
export interface Share {
  readonly count: number;
  /** Sent emails for bounces, delivered ones for spam marks. */
  readonly volume: number;
}

/**
 * The level of a share.
 *
 * @param known the level of the episode that lasts; 0 if there is none
 */
export function levelOf(name: RateName, { count, volume }: Share, known: Level): Level {
  const { warn, act, usual, minVolume, minCount }: RateFacts = rates[name];
  const isKnown = known > 0;
  // An episode ends where half of the least volume is left: then nobody sends any more.
  if (volume < (isKnown ? minVolume / 2 : minVolume)) return 0;
  if (!isKnown && (count < minCount || chanceOf(count, usual * volume) > byChance)) return 0;
  const share = count / volume;
  const from = (level: Level, threshold: number) => (known >= level ? endsBelow * threshold : threshold);
  if (share >= from(2, act)) return 2;
  return share >= from(1, warn) ? 1 : 0;
}

/** How likely at least so many events are where `mean` are expected (Poisson). */
export function chanceOf(count: number, mean: number): number {
  let term = Math.exp(-mean);
  let below = 0;
  for (let index = 0; index < count; index += 1) {
    below += term;
    term *= mean / (index + 1);
  }
  // A large mean makes every term 0: then the count is compared with it alone.
  if (below === 0) return count > mean ? 0 : 1;
  return Math.max(0, 1 - below);
}

/** The share in a sentence, e.g. "37 of 412 emails of account acme of the last 7 days bounced hard: 9.0 %." */
export function shareInWords(name: RateName, { count, volume }: Share, sender: string, windowMs: number): string {
  const { verb, consequence, warn }: RateFacts = rates[name];
  const percent = ((100 * count) / volume).toFixed(warn < 0.01 ? 2 : 1);
  const emails = `${count.toLocaleString('en')} of ${volume.toLocaleString('en')} emails of ${sender}`;
  return `${emails} of the last ${durationInWords(windowMs)} ${verb}: ${percent} %. ${consequence}`;
}

const hourMs = 3_600_000;

function durationInWords(millis: number): string {
  const hours = Math.max(1, Math.round(millis / hourMs));
  if (hours === 1) return 'hour';
  return hours <= 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
