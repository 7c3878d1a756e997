/**
 * The changes of the code that no test notices, each with the reason why that is right. `npm run mutate` fails for a
 * survivor that is not named here and for a name that no longer survives.
 */

/** Changes on one line of code that survive for one reason. */
export interface Survivors {
  /** The line on which the changed code begins, without its indentation. */
  readonly line: string;
  /** Each as `code → replacement`, on one line. */
  readonly changes: readonly string[];
  /** Why no test can notice the changes, or need not, in one sentence. */
  readonly reason: string;
}

/** By file. */
export const survivors: Readonly<Record<string, readonly Survivors[]>> = {};
