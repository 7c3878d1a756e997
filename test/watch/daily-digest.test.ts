import { describe, expect, it } from 'vitest';
import { createDailyDigestCheck } from '../../functions/watch/daily-digest.ts';
import { dayOf } from '../../shared/runtime/time.ts';

const hour = 3_600_000;
const day = 24 * hour;
const today = Date.UTC(2026, 0, 2);

/** A watch that remembers its times, over the days whose digest was told. */
function watching(digestHour: number | null = 7) {
  const told = new Set<string>();
  let checkedAt: Readonly<Record<string, number>> = {};
  return {
    told: (at: number) => told.add(dayOf(at)),
    async judge(now: number, hourNow = digestHour) {
      const check = createDailyDigestCheck({ isFinished: async utcDay => told.has(utcDay) }, hourNow);
      const outcome = await check.judge({ requestId: '1', episodes: [], checkedAt, now });
      checkedAt = outcome.checkedAt ?? checkedAt;
      return outcome.judgements.map(({ isOn, text }) => [isOn, text]);
    },
  };
}

const missing = (time: string) => [[true, `The daily digest that was due at ${time} UTC was not sent.`]];
const sent = [[false, 'The daily digest was sent again.']];

describe('a daily digest', () => {
  it('is missing an hour after it was due, until one is sent', async () => {
    const watch = watching();
    await watch.judge(today);
    expect(await watch.judge(today + 7.9 * hour)).toEqual([]);
    expect(await watch.judge(today + 8 * hour)).toEqual(missing('2026-01-02 07:00'));
    watch.told(today);
    expect(await watch.judge(today + 9 * hour)).toEqual(sent);
  });

  it('is missing where a later one is not sent', async () => {
    const watch = watching();
    await watch.judge(today);
    watch.told(today);
    expect(await watch.judge(today + day + 7.9 * hour)).toEqual(sent);
    expect(await watch.judge(today + day + 8 * hour)).toEqual(missing('2026-01-03 07:00'));
  });

  it('is not missing where it was due before its setting was new, or had another hour', async () => {
    const watch = watching();
    expect(await watch.judge(today + 12 * hour)).toEqual([]);
    expect(await watch.judge(today + 12 * hour, 6)).toEqual([]);
    expect(await watch.judge(today + 30 * hour, 6)).toEqual([]);
    expect(await watch.judge(today + 31 * hour, 6)).toEqual(missing('2026-01-03 06:00'));
  });

  it('is not missing where there is none: an earlier episode ends', async () => {
    expect(await watching(null).judge(today)).toEqual([[false, 'The installation has no daily digest any more.']]);
  });
});
