import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readSaved, replaceFile } from '../../local/data-dir.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** The demo's lives take under 12 hours, so that all of them lie in the past. */
const livesMs = 12 * hour;

/** A run takes minutes: nothing expires during it. */
const marginMs = hour;

const savedDay = z.object({ firstEmailAt: z.iso.datetime() });

/**
 * The time of the demo's first email: yesterday at 09:00 UTC in the first run. Later runs on the data directory reuse it,
 * until the stack would take its events as expired.
 *
 * @returns epoch milliseconds
 * @throws StartError where the saved day is damaged
 */
export function demoDay(dataDir: string, retentionDays: number, now: number): number {
  const file = join(dataDir, 'demo.json');
  const isKept = (at: number) => at > now - retentionDays * day + marginMs;
  const saved = existsSync(file)
    ? savedDay.safeParse(readSaved(file, 'the demo sends new emails')).data?.firstEmailAt
    : undefined;
  if (saved !== undefined && isKept(Date.parse(saved))) return Date.parse(saved);

  const yesterday = Math.floor(now / day) * day - day + 9 * hour;
  // A retention of one day does not reach back so far.
  const firstEmailAt = isKept(yesterday) ? yesterday : Math.floor((now - livesMs) / hour) * hour;
  replaceFile(file, JSON.stringify({ firstEmailAt: new Date(firstEmailAt).toISOString() }));
  return firstEmailAt;
}
