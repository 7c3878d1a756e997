/** `npm run classify -- FILE`: what the signals make of mail servers' replies. */

import { readFileSync } from 'node:fs';
import { classified } from './agreement.ts';

const usage = `Usage: npm run classify -- FILE

FILE has JSON Lines: "reply", and optionally "id", "status" (an enhanced status code), "category", and "expected", a list of
the statuses that are right.`;

const [file] = process.argv.slice(2);
if (file === undefined || file === '--help') console.log(usage);
else console.log(classified(readFileSync(file, 'utf8')));
