import type { DailyDigest } from '../../functions/daily/digest.ts';
import type { CountedWork, Group, Work } from '../../functions/daily/work.ts';
import { day } from '../../shared/runtime/time.ts';
import { noon } from '../rigs/arbitrary-events.ts';

/** The work of these groups. */
export function workOf(...groups: readonly Group[]): Work {
  const sum = (name: 'emails' | 'newEmails') => groups.reduce((all, group) => all + group[name], 0);
  return { emails: sum('emails'), newEmails: sum('newEmails'), groups, newest: ['email-1'] };
}

/** The work of accounts; `undefined` as a text is that of no account. */
export function countedWork(
  accounts: Readonly<Record<string, readonly Group[]>>,
  changes: Partial<CountedWork> = {},
): CountedWork {
  const works = Object.entries(accounts).map(
    ([id, groups]) => [id === '' ? undefined : id, workOf(...groups)] as const,
  );
  return {
    all: workOf(...Object.values(accounts).flat()),
    accounts: new Map(works),
    atLeast: false,
    newAtLeast: false,
    ...changes,
  };
}

/** A digest of noon, after one of a day before. */
export function aDigest(work: CountedWork, changes: Partial<DailyDigest> = {}): DailyDigest {
  return {
    day: '2026-01-02',
    accountId: null,
    asOf: noon,
    since: noon - day,
    isSincePrevious: true,
    next: noon + day,
    work,
    ...changes,
  };
}
