import type { AbortAfter } from '../runtime/abortable.ts';
import { abortable } from '../runtime/abortable.ts';
import type { Counted, NewsCounts } from './counts.ts';

/** Counts refused calls and quarantined pieces in memory, so that a flood of them costs one write a minute. */
export interface Tally {
  add(provider: string, counts: Readonly<Partial<Counted>>): void;
  /** Writes what is due. Never rejects: the counts are then written later. */
  flush(): Promise<void>;
}

const writeEveryMs = 60_000;
/** The answer to a call waits for it, and is to be out within 2.5 s: storing its events takes up to 2.3 s. */
const maxWaitMs = 150;

/** @param now epoch milliseconds */
export function createTally(stored: Pick<NewsCounts, 'count'>, now: () => number, abortAfter: AbortAfter): Tally {
  const pending = new Map<string, Counted>();
  const writtenAt = new Map<string, number>();

  return {
    add(provider, { refused = 0, quarantined = 0 }) {
      if (refused + quarantined === 0) return;
      const before = pending.get(provider) ?? { refused: 0, quarantined: 0 };
      pending.set(provider, { refused: before.refused + refused, quarantined: before.quarantined + quarantined });
    },

    async flush() {
      const time = now();
      const due = [...pending].filter(([provider]) => time - (writtenAt.get(provider) ?? -Infinity) >= writeEveryMs);
      await Promise.all(due.map(([provider, counts]) => write(provider, counts, time)));
    },
  };

  async function write(provider: string, counts: Counted, time: number): Promise<void> {
    // Before the write: calls that come meanwhile count for the next one.
    pending.delete(provider);
    writtenAt.set(provider, time);
    const signal = abortAfter(maxWaitMs);
    try {
      await abortable(signal, stored.count(provider, counts, time, signal));
    } catch {
      const since = pending.get(provider) ?? { refused: 0, quarantined: 0 };
      pending.set(provider, {
        refused: since.refused + counts.refused,
        quarantined: since.quarantined + counts.quarantined,
      });
    }
  }
}
