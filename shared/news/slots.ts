/** Time in slots of five minutes, in which news is counted. Times are epoch milliseconds. */

const minute = 60_000;
export const slotMs = 5 * minute;
export const hourMs = 60 * minute;
export const slotsPerHour = hourMs / slotMs;
export const weekHours = 7 * 24;

/** Some slots, by their numbers. */
export interface Slots {
  has(slot: number): boolean;
}

/** The number of the slot of a time. */
export function slotOf(at: number): number {
  return Math.floor(at / slotMs);
}

/** The number of the hour of a time. */
export function hourOf(at: number): number {
  return Math.floor(at / hourMs);
}
