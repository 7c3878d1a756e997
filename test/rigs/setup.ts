/** Runs before each test file. */

import fc from 'fast-check';
import { restartMessageNumbers } from './message-numbers.ts';
import { runs } from './runs.ts';

restartMessageNumbers();

/** Properties that name no number of their own. */
fc.configureGlobal({ numRuns: runs(40) });
