import { defangText } from '../../shared/alerts/defang.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { type AccountMark, type AccountMarks, endOf } from '../../shared/watch/account-marks.ts';
import type { Episode, Judgement } from '../../shared/watch/episodes.ts';
import { type Failures, sendersSide } from '../../shared/watch/failures.ts';
import { type Level, levelOf, type RateName, rateNames, shareInWords } from '../../shared/watch/rates.ts';
import type { Check } from './check.ts';

export interface AccountRatesDependencies {
  readonly marks: Pick<AccountMarks, 'read' | 'remove'>;
  readonly failures: Pick<Failures, 'ofAccount'>;
  readonly log: Log;
}

/** Accounts that one run counts; the others wait for the next run. */
const maxCounted = 25;
const countedAtOnce = 4;

/** An account with an episode, or whose episode found no room, is counted again after so long. */
const recountMs = 3_600_000;

/** Accounts with an episode of one or both rates: at most 400 episodes. Further accounts begin none until some end. */
const maxAccounts = 200;

const name = 'accountRates';
const subjectOf = (accountId: string) => `account:${accountId}`;

/**
 * Judges the rates of accounts with new failures. An account is counted when a failure marks it, and again at the end of
 * the mark's half hour. So the count of a busy account is half an hour old at most, and that of a quiet one is complete.
 */
export function createAccountRatesCheck({ marks, failures, log }: AccountRatesDependencies): Check {
  return {
    name,
    conditions: rateNames,
    async judge({ requestId, episodes, checkedAt, now }) {
      const known = await marks.read();
      const ofAccounts = episodes.filter(({ subject }) => subject.startsWith(subjectOf('')));
      const due = accountsDue(known, ofAccounts, checkedAt, now);
      const counted = new Map<string, readonly Judgement[]>();
      await forEachConcurrently(due, countedAtOnce, async accountId => {
        try {
          counted.set(accountId, await judgeAccount(accountId, ofAccounts, now));
        } catch (error) {
          // Its marks stay, so that the next run counts it.
          log('fault', { requestId, where: 'watch.accountRates', error: errorName(error) });
        }
      });
      const times = new Map([...counted.keys()].map(accountId => [keyOf(accountId), now]));
      const open = new Set(ofAccounts.map(({ subject }) => subject));
      const made = [...counted.values()].flat();
      const judgements = begunWithin(made, open);
      const leftOut = subjectsOf(made.filter(judgement => !judgements.includes(judgement)));
      const done = known.filter(
        mark => counted.has(mark.accountId) && endOf(mark) <= now && !leftOut.has(subjectOf(mark.accountId)),
      );
      const isKept = (key: string) =>
        judgements.some(({ subject, isOn }) => isOn && `${name}:${subject}` === key) ||
        open.has(key.slice(name.length + 1)) ||
        known.some(mark => keyOf(mark.accountId) === key && !done.includes(mark));
      const next = Object.entries({ ...checkedAt, ...Object.fromEntries(times) }).filter(([key]) => isKept(key));
      if (due.length > 0)
        log('rates.judged', { requestId, of: 'accounts', judged: counted.size, waiting: known.length });
      return { judgements, checkedAt: Object.fromEntries(next), afterwards };

      /** An account whose episode found no room stays marked, so that it is counted again. */
      function afterwards(skipped: readonly Judgement[]): Promise<void> {
        const waiting = subjectsOf(skipped);
        return marks.remove(done.filter(({ accountId }) => !waiting.has(subjectOf(accountId))));
      }
    },
  };

  async function judgeAccount(
    accountId: string,
    episodes: readonly Episode[],
    now: number,
  ): Promise<readonly Judgement[]> {
    const { shares, failed, windowMs } = await failures.ofAccount(accountId, now);
    const subject = subjectOf(accountId);
    const words = `account ${defangText(accountId)}`;
    return rateNames.map((condition): Judgement => {
      const known = episodes.find(episode => episode.subject === subject && episode.condition === condition);
      const level = levelOf(condition, shares[condition], (known?.level ?? 0) as Level);
      if (level === 0) {
        return { condition, subject, isOn: false, text: usualAgain(condition, words) };
      }
      const text = [shareInWords(condition, shares[condition], words, windowMs), ...sendersSide(failed)].join('\n');
      return { condition, subject, isOn: true, name: words, level, text };
    });
  }
}

const keyOf = (accountId: string) => `${name}:${subjectOf(accountId)}`;

function subjectsOf(judgements: readonly Judgement[]): ReadonlySet<string> {
  return new Set(judgements.map(({ subject }) => subject));
}

/** The accounts to count now, the longest uncounted first. */
function accountsDue(
  marks: readonly AccountMark[],
  episodes: readonly Episode[],
  checkedAt: Readonly<Record<string, number>>,
  now: number,
): readonly string[] {
  const countedAt = (accountId: string) => checkedAt[keyOf(accountId)] ?? 0;
  const isLongAgo = (accountId: string) => now - countedAt(accountId) >= recountMs;
  // A mark that is still there after a count found no room for its episode, or could not be removed.
  const marked = marks
    .filter(mark => isLongAgo(mark.accountId) || (endOf(mark) <= now && countedAt(mark.accountId) < endOf(mark)))
    .map(({ accountId }) => accountId);
  const lasting = episodes.map(({ subject }) => subject.slice(subjectOf('').length)).filter(isLongAgo);
  return [...new Set([...marked, ...lasting])]
    .sort((one, other) => countedAt(one) - countedAt(other))
    .slice(0, maxCounted);
}

/** Leaves out new episodes beyond the limit. An account may have one of each rate. */
function begunWithin(judgements: readonly Judgement[], open: ReadonlySet<string>): readonly Judgement[] {
  const accounts = new Set(open);
  return judgements.filter(({ subject, isOn }) => {
    if (isOn && accounts.size < maxAccounts) accounts.add(subject);
    return !isOn || accounts.has(subject);
  });
}

/** The sentence that tells of the end of an episode of a rate. */
export function usualAgain(condition: RateName, sender: string): string {
  return condition === 'BounceRate'
    ? `Fewer than 4 % of the emails of ${sender} bounce hard now, or it sends too few to tell.`
    : `Fewer than 0.08 % of the emails of ${sender} are marked as spam now, or it sends too few to tell.`;
}
