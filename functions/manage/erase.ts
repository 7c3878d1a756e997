import type { EmailEraser, Erasure } from '../../shared/email/eraser.ts';
import type { ErasedCounts } from './response-schemas.ts';

/** What was erased in one place, and what remains there: a sentence each, with no address in it. */
export interface ErasedPlace {
  readonly erased: number;
  readonly remains: readonly string[];
}

/** What one erasure is done with. */
export interface ErasureWork {
  readonly erasure: Erasure;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Once aborted, no further call is made and none is waited for. */
  readonly signal: AbortSignal;
  /** Told why something remains, and where. */
  readonly onFault: (where: string, error: unknown) => void;
}

/** What an erasure in one place is done with. */
export interface PlaceWork extends ErasureWork {
  /**
   * The emails of what names no account and was left where it was: whose it is may turn out later, as nothing keeps the
   * order in which it comes.
   */
  readonly unattributed: Set<string>;
}

/** A place beside the table; erasing from it never rejects. */
export interface Place {
  readonly counts: Exclude<keyof ErasedCounts, 'emails'>;
  erase(work: PlaceWork): Promise<ErasedPlace>;
}

export interface Erased {
  readonly erased: ErasedCounts;
  /** Empty where all is erased. */
  readonly remains: readonly string[];
}

/** Erases all that is there; never rejects, what could not be erased is said. */
export type Erase = (work: ErasureWork) => Promise<Erased>;

/**
 * First the emails, so that what comes late finds a tombstone; then whatever waits elsewhere; then the emails once more,
 * for those that a function held in its hands meanwhile.
 */
export function createErase(emails: EmailEraser, places: readonly Place[]): Erase {
  return async work => {
    const { erasure, now, signal, onFault } = work;
    const eraseEmails = async () => {
      const outcome = await emails.erase(erasure, now, signal);
      if (outcome.error !== null) onFault('erase.emails', outcome.error);
      return outcome;
    };
    /** Whether something was left that has turned out to be the account's since. */
    const isOwnLeft = async () => {
      if (erasure.accountId === null || unattributed.size === 0) return false;
      try {
        return (await emails.erasedFor(erasure.accountId, [...unattributed], signal)).size > 0;
      } catch (error) {
        onFault('erase.emails', error);
        return true;
      }
    };
    const unattributed = new Set<string>();
    const first = await eraseEmails();
    const outcomes = await Promise.all(
      places.map(async place => ({ counts: place.counts, ...(await place.erase({ ...work, unattributed })) })),
    );
    const last = await eraseEmails();
    const erased = { emails: first.erased + last.erased, queuedEvents: 0, quarantined: 0, alertRecords: 0 };
    for (const { counts, erased: count } of outcomes) erased[counts] += count;

    const remains = outcomes.flatMap(({ remains }) => remains);
    if (last.left > 0) {
      const emails = last.left === 1 ? '1 email' : `${last.left} emails`;
      remains.unshift(`the table: ${emails} could not be erased: ask again`);
    } else if (last.error !== null) {
      remains.unshift('the table: it could not be gone through to its end: ask again');
    }
    if (await isOwnLeft()) remains.push("something that was left has turned out to be the account's: ask again");
    return { erased, remains };
  };
}
