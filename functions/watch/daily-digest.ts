import type { DailyDigests } from '../../shared/alerts/daily-digests.ts';
import { day, dayOf, timeInWords } from '../../shared/runtime/time.ts';
import type { Check } from './check.ts';

/** The time that a digest may take, together with the two tries that follow a failed one. */
const graceMs = 3_600_000;

const condition = 'DailyDigestMissing';

/**
 * Whether the last digest that was due was told.
 *
 * @param hour the UTC hour at which a digest is due; null where there is no digest
 */
export function createDailyDigestCheck(digests: Pick<DailyDigests, 'isFinished'>, hour: number | null): Check {
  return {
    name: condition,
    conditions: [condition],
    async judge({ checkedAt, now }) {
      if (hour === null) {
        const text = 'The installation has no daily digest any more.';
        return { judgements: [{ condition, subject: '', text, isOn: false }], checkedAt: {} };
      }
      // Nothing was due before the first run that knows this hour.
      const ofHour = `${condition}:${hour}`;
      const since = checkedAt[ofHour] ?? now;
      const times = { [ofHour]: since };
      const dueToday = Date.parse(dayOf(now)) + hour * 3_600_000;
      const due = dueToday + graceMs <= now ? dueToday : dueToday - day;
      if (due < since) return { judgements: [], checkedAt: times };
      const isOn = !(await digests.isFinished(dayOf(due)));
      const text = isOn
        ? `The daily digest that was due at ${timeInWords(due)} was not sent.`
        : 'The daily digest was sent again.';
      return { judgements: [{ condition, subject: '', name: '', text, isOn }], checkedAt: times };
    },
  };
}
