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

/** Looks at one subject, and changes nothing. It rejects where it cannot look. */
export type Check = (looked: Looked) => Promise<readonly Finding[]>;
