import { dailyDigestId } from '../../shared/alerts/daily-digests.ts';
import type { CountedWork } from './work.ts';

/** A day's digest of all accounts, or of one. */
export interface DailyDigest {
  /** The UTC day, e.g. `2026-11-24`. */
  readonly day: string;
  /** null for all accounts. */
  readonly accountId: string | null;
  /** When the emails were counted. Times are epoch milliseconds. */
  readonly asOf: number;
  /** Emails that began to ask from then on are new. */
  readonly since: number;
  /** Whether the previous digest gives that time; otherwise it is 24 hours ago. */
  readonly isSincePrevious: boolean;
  /** When the next digest is due. */
  readonly next: number;
  readonly work: CountedWork;
}

/** Where a reader finds the lists. */
export interface ListLinks {
  /** The address of the page /ui; empty if there is none. */
  readonly uiUrl: string;
  readonly apiUrl: string;
}

/** Accounts that a digest names; the others are counted together. */
const maxNamedAccounts = 20;

/** The id of a digest: the same whenever it is told again. */
export function digestIdOf({ day, accountId }: DailyDigest): string {
  return dailyDigestId(day, accountId);
}

/** The accounts that a digest names, and the sum of the others. Emails without an account are apart. */
export function namedAccounts({ accounts }: CountedWork) {
  const owned = [...accounts].flatMap(([accountId, work]) => (accountId === undefined ? [] : [{ accountId, ...work }]));
  const others = owned.slice(maxNamedAccounts);
  const sum = (name: 'emails' | 'newEmails') => others.reduce((all, one) => all + one[name], 0);
  return {
    count: owned.length,
    named: owned.slice(0, maxNamedAccounts),
    others: { accounts: others.length, emails: sum('emails'), newEmails: sum('newEmails') },
    unowned: accounts.get(undefined) ?? null,
  };
}
