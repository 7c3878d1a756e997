/** Counts of a request's events, by outcome: every event is in exactly one of those below `received`. */
export interface Counts {
  received: number;
  recorded: number;
  duplicate: number;
  /** Repeats beyond the history's bound, and those of opens and clicks that may be counted already. */
  dropped: number;
  /** Of emails that were erased, and stay so. */
  erased: number;
  /** Longer ago than emails are kept: of these nothing is written, and nobody is alerted. */
  expired: number;
  /** Handed to the retry queue. */
  queued: number;
  quarantined: number;
  unrelated: number;
}

/** Counts to add to. */
export function noCounts(): Counts {
  return {
    received: 0,
    recorded: 0,
    duplicate: 0,
    dropped: 0,
    erased: 0,
    expired: 0,
    queued: 0,
    quarantined: 0,
    unrelated: 0,
  };
}

/** The counts without those that are 0, so that a log line is short. */
export function shownCounts({ received, ...others }: Readonly<Counts>): Partial<Counts> & Pick<Counts, 'received'> {
  return { received, ...Object.fromEntries(Object.entries(others).filter(([, count]) => count > 0)) };
}
