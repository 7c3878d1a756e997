/**
 * Providers write times as seconds, milliseconds or microseconds since 1970, as numbers or as text, or as ISO-8601 with
 * and without a zone. Inside, a time is epoch milliseconds; at every edge it is ISO-8601 UTC.
 */

/** Epoch milliseconds from a provider's unix time in seconds, milliseconds or microseconds: their magnitudes cannot be confused. */
export function epochMillis(unix: number): number {
  const magnitude = Math.abs(unix);
  if (magnitude >= 1e14) return Math.floor(unix / 1000);
  if (magnitude >= 1e11) return Math.floor(unix);
  return Math.round(unix * 1000);
}

const iso = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-]\d{2}:?\d{2})?$/i;

/** Epoch milliseconds from ISO-8601 text; without a zone it is UTC. NaN where it is not such a text. */
export function isoMillis(text: string): number {
  const match = iso.exec(text);
  if (match === null) return Number.NaN;
  const zone = match[3];
  const local = zone === undefined ? text : text.slice(0, -zone.length).trimEnd();
  const normalZone =
    zone === undefined || zone.toUpperCase() === 'Z' ? 'Z' : zone.replace(/^(.\d{2})(\d{2})$/, '$1:$2');
  const plain = local.replace(' ', 'T').replace(/(\.\d{3})\d+$/, '$1');
  // `Date.parse` takes the 30th of February for the 2nd of March.
  const asUtc = Date.parse(`${plain}Z`);
  if (Number.isNaN(asUtc) || !isoText(asUtc).startsWith(plain.slice(0, 10))) return Number.NaN;
  return Date.parse(plain + normalZone);
}

/** ISO-8601 UTC with milliseconds. */
export function isoText(millis: number): string {
  return new Date(millis).toISOString();
}
