/**
 * Parses the times that providers write: unix seconds, milliseconds or microseconds, as number or text, or ISO-8601
 * with or without a zone. Inside, a time is epoch milliseconds; at every edge it is ISO-8601 UTC.
 */

/** In milliseconds. */
export const day = 24 * 60 * 60_000;

/** Epoch milliseconds from unix seconds, milliseconds or microseconds; their magnitudes cannot be confused. */
export function epochMillis(unix: number): number {
  const magnitude = Math.abs(unix);
  if (magnitude >= 1e14) return Math.floor(unix / 1000);
  if (magnitude >= 1e11) return Math.floor(unix);
  return Math.round(unix * 1000);
}

const iso =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(?:Z|([+-])(\d{2})(?::?(\d{2}))?)?$/i;

/**
 * Epoch milliseconds from ISO-8601 text, UTC if it has no zone; NaN for any other text. A leap second becomes the next
 * second, and 24:00 the following midnight.
 */
export function isoMillis(text: string | null | undefined): number {
  const match = iso.exec(text ?? '');
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second = '0', fraction = '', sign, zoneHours, zoneMinutes = '0'] = match;
  const isEndOfDay = Number(hour) === 24 && Number(minute) === 0 && Number(second) === 0 && Number(fraction) === 0;
  if ((Number(hour) > 23 && !isEndOfDay) || Number(minute) > 59 || Number(second) > 60) return Number.NaN;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // `Date.UTC` turns 30 February into 2 March.
  const date = new Date(midnight);
  if (date.getUTCDate() !== Number(day) || date.getUTCMonth() !== Number(month) - 1) return Number.NaN;
  const local =
    midnight +
    Number(hour) * 3_600_000 +
    Number(minute) * 60_000 +
    Number(second) * 1_000 +
    Number(fraction.padEnd(3, '0').slice(0, 3));
  if (sign === undefined) return local;
  const zone = Number(zoneHours) * 3_600_000 + Number(zoneMinutes) * 60_000;
  return Number(zoneHours) > 23 || Number(zoneMinutes) > 59 ? Number.NaN : local - (sign === '-' ? -zone : zone);
}

/** Epoch milliseconds of the first text that is ISO-8601; NaN if none is. */
export function firstTime(...texts: readonly (string | null | undefined)[]): number {
  return texts.map(isoMillis).find(time => !Number.isNaN(time)) ?? Number.NaN;
}

/** ISO-8601 UTC with milliseconds. */
export function isoText(millis: number): string {
  return new Date(millis).toISOString();
}

/** For sentences that people read, to the minute, e.g. `2026-11-24 18:02 UTC`. */
export function timeInWords(millis: number): string {
  return isoText(millis).replace(/T(.+):.*/, ' $1 UTC');
}

/** The UTC day, e.g. `2026-11-24`. */
export function dayOf(millis: number): string {
  return isoText(millis).slice(0, 10);
}
