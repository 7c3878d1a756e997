import type { EmailEraser, Erasure } from '../../shared/erase-emails.ts';
import type { ErasedCounts } from './answer.ts';

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

/** A place beside the table; erasing from it never rejects. */
export interface Place {
  readonly counts: Exclude<keyof ErasedCounts, 'emails'>;
  erase(work: ErasureWork): Promise<ErasedPlace>;
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
    const first = await eraseEmails();
    const outcomes = await Promise.all(
      places.map(async place => ({ counts: place.counts, ...(await place.erase(work)) })),
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
    } else if (first.error !== null && erasure.accountId !== null) {
      // An event without an account is told by its email's tombstone, which was not there yet.
      remains.unshift('the queues: they were gone through before all emails were erased: ask again');
    }
    return { erased, remains };
  };
}
