import type { ConditionName } from '../../shared/watch/conditions.ts';
import type { Episode, Judgement } from '../../shared/watch/episodes.ts';

/** The knowledge of earlier runs that a check gets. */
export interface Known {
  readonly requestId: string;
  /** The episodes of its conditions. */
  readonly episodes: readonly Episode[];
  /** The times that the check kept. Their names are the check's, or begin with it and a colon. */
  readonly checkedAt: Readonly<Record<string, number>>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The outcome of a check. A subject without a judgement stays as it was. */
export interface Checked {
  readonly judgements: readonly Judgement[];
  /** Replaces the times that the check kept; by default they stay. */
  readonly checkedAt?: Readonly<Record<string, number>>;
  /** Called once the judgements are stored, with those of any check whose news found no room. */
  readonly afterwards?: (skipped: readonly Judgement[]) => Promise<void>;
}

/** Judges some conditions by a few calls. If it rejects, their episodes stay as they were. */
export interface Check {
  /** Names a fault in the log. */
  readonly name: string;
  readonly conditions: readonly ConditionName[];
  readonly judge: (known: Known) => Promise<Checked>;
}
