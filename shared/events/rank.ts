/** The place of a verdict in the order of precedence, as a text. */

import { precedence, type Verdict } from '../status/precedence.ts';

/** The furthest from 1970 that JavaScript can write as ISO-8601, in milliseconds. */
const maxTime = 8_640_000_000_000_000n;

/** More than any byte of an event id becomes, so that the shorter of two ids is the greater. */
const endOfId = 'ff';

/**
 * The rank of a verdict: of two verdicts about one email, that with the greater rank supersedes the other. Fields of fixed
 * width hold the level, the time, the place among rivals and the event id. They are inverted where the lesser wins.
 *
 * It consists of digits and the letters a to f, so that every collation of a database compares it alike.
 *
 * @throws RangeError if the time is no whole number of milliseconds that a date can hold
 */
export function rankOf({ status, statusAt, statusEventId }: Verdict): string {
  const level = precedence.findIndex(({ statuses }) => (statuses as readonly string[]).includes(status));
  const { statuses, wins } = precedence[level]!;
  const time = BigInt(statusAt);
  if (time < -maxTime || time > maxTime) throw new RangeError('no time of a date');
  const place = (statuses as readonly string[]).indexOf(status);
  return [
    String(level).padStart(2, '0'),
    String(maxTime + (wins === 'newest' ? time : -time)).padStart(17, '0'),
    String(place),
    inverted(statusEventId).toString('hex'),
    endOfId,
  ].join('');
}

function inverted(text: string): Buffer {
  const bytes = Buffer.from(text);
  for (const [index, byte] of bytes.entries()) bytes[index] = 0xff - byte;
  return bytes;
}
