/** The keys of the news in the guard table. They begin with `news:`, which no nonce and no erasure does. */

import { day, dayOf } from '../runtime/time.ts';

/** Days that each kind of item is kept. A profile is learned from four weeks. */
export const keptDays = { provider: 90, day: 30, hour: 2 } as const;

export function providerKey(provider: string): string {
  return `news:${provider}`;
}

/** @param at a time of the day, in epoch milliseconds */
export function dayKey(provider: string, at: number): string {
  return `news:${provider}:${dayOf(at)}`;
}

/** @param hour the number of the hour */
export function hourKey(provider: string, hour: number): string {
  return `news:${provider}:hour:${hour}`;
}

/** Epoch seconds, as DynamoDB's time to live requires. */
export function expiry(at: number, days: number): number {
  return Math.ceil((at + days * day) / 1000);
}
