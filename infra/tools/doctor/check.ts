import type { Finding } from './finding.ts';
import type { Installation } from './installation.ts';

/** The parts of an installation that several checks ask for. */
export interface Looked extends Installation {
  /** The providers that the setting `providers` lists. */
  readonly listed: readonly string[];
  /** Those, or without that setting the providers that reported within a week. */
  readonly inUse: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The result of a check that says more than its findings. */
export interface Noted {
  readonly findings: readonly Finding[];
  /** The part that was not looked at, and why. */
  readonly note: string | null;
}

/** Looks at one subject, and changes nothing. It rejects where it cannot look. */
export type Check = (looked: Looked) => Promise<readonly Finding[] | Noted>;
