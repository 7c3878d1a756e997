/** `npm run classify -- FILE`: what the signals make of mail servers' replies. */

import { readFileSync } from 'node:fs';
import { classified, UnreadableLine } from './agreement.ts';

const usage = `Usage: npm run classify -- FILE

FILE has JSON Lines: "reply", and optionally "id", "status" (an enhanced status code), "category", and "expected", a list of
the statuses that are right.`;

const args = process.argv.slice(2);
const [file] = args;
if (file === '--help' || file === '-h') {
  console.log(usage);
} else if (file === undefined || args.length > 1) {
  console.error(usage);
  process.exitCode = 1;
} else {
  try {
    console.log(classified(readFileSync(file, 'utf8')));
  } catch (error) {
    const isTheirs = error instanceof UnreadableLine || (error as NodeJS.ErrnoException).code !== undefined;
    if (!isTheirs) throw error;
    console.error(`${file}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
