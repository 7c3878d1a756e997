/** Counts the emails that ask somebody to act: the same emails that the attention lists of the API show. */

import type { EmailSummary } from '../../shared/email/item.ts';
import type { EmailFilter, Reader } from '../../shared/email/reader.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { advisingCause, type Cause } from '../../shared/status/causes.ts';

/** Emails that one digest reads, newest first. */
export const maxEmails = 5_000;

/** The time after which a digest reads no further page, once it has found an email. */
export const maxReadMs = 40_000;

const emailsPerPage = 100;

/** Ids of an account's newest emails. */
export const maxNewest = 25;

/** Numbers of emails. */
export interface Counts {
  readonly emails: number;
  /** Those that began to ask since the previous digest. */
  readonly newEmails: number;
}

/** The emails with one advice: that of their cause, or of their status. */
export interface Group extends Counts {
  readonly status: Status;
  /** null where the status gives the advice. */
  readonly cause: Cause | null;
}

/** Emails that ask somebody to act. */
export interface Work extends Counts {
  /** The group with the most emails first. */
  readonly groups: readonly Group[];
  /** The ids of the newest emails, newest first. */
  readonly newest: readonly string[];
}

/** The work of all accounts, or of one. */
export interface CountedWork {
  readonly all: Work;
  /** By account, the one with the most emails first; undefined for emails without an account. */
  readonly accounts: ReadonlyMap<string | undefined, Work>;
  /** There are more emails than were counted: every number is the least. */
  readonly atLeast: boolean;
  /** The number of new emails is the least, too. */
  readonly newAtLeast: boolean;
}

/**
 * @param since epoch milliseconds; emails that began to ask from then on are new
 * @param accountId null for all accounts
 */
export type CountWork = (since: number, accountId: string | null) => Promise<CountedWork>;

/** @param now epoch milliseconds */
export function createCountWork(
  reader: Pick<Reader, 'page'>,
  now: () => number,
  limits: { readonly maxEmails: number; readonly maxReadMs: number } = { maxEmails, maxReadMs },
): CountWork {
  return async (since, accountId) => {
    const filter: EmailFilter = { accountId, attention: 'act' };
    const end = now() + limits.maxReadMs;
    const all = tally();
    const accounts = new Map<string | undefined, ReturnType<typeof tally>>();
    let oldest = Number.POSITIVE_INFINITY;
    let after: Awaited<ReturnType<Reader['page']>>['next'] = null;
    do {
      const limit = Math.min(emailsPerPage, limits.maxEmails - all.count());
      const { shown, next } = await reader.page(filter, { limit, after });
      for (const email of shown) {
        oldest = email.attentionAt ?? oldest;
        const isNew = oldest >= since;
        const ofAccount = accounts.get(email.accountId) ?? tally();
        accounts.set(email.accountId, ofAccount);
        all.add(email, isNew);
        ofAccount.add(email, isNew);
      }
      after = next;
      // Nothing found in that time is no proof that there is nothing to do.
    } while (after !== null && all.count() < limits.maxEmails && (now() < end || all.count() === 0));
    const works = [...accounts].map(([id, one]) => [id, one.work()] as const);
    return {
      all: all.work(),
      accounts: new Map(works.sort(([, one], [, other]) => other.emails - one.emails)),
      atLeast: after !== null,
      newAtLeast: after !== null && oldest >= since,
    };
  };
}

/** Counts emails one by one. */
function tally() {
  const counts = { emails: 0, newEmails: 0 };
  const groups = new Map<string, { status: Status; cause: Cause | null; emails: number; newEmails: number }>();
  const newest: string[] = [];
  return {
    count: () => counts.emails,
    add({ emailId, verdict, cause: stated }: EmailSummary, isNew: boolean): void {
      const { status } = verdict!;
      const cause = advisingCause(status, stated);
      const key = cause ?? status;
      const group = groups.get(key) ?? { status, cause, emails: 0, newEmails: 0 };
      groups.set(key, group);
      for (const one of [counts, group]) {
        one.emails += 1;
        if (isNew) one.newEmails += 1;
      }
      if (newest.length < maxNewest) newest.push(emailId);
    },
    work: (): Work => ({
      ...counts,
      groups: [...groups.values()].sort((one, other) => other.emails - one.emails),
      newest,
    }),
  };
}
