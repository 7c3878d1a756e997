/** `npm run classify -- FILE`: the statuses that the signals of failure give to mail servers' replies. */

import { readFileSync } from 'node:fs';
import { runCommand } from '../../local/cli/command.ts';
import { StartError } from '../../local/start-error.ts';
import { classified, UnreadableLine } from './agreement.ts';

await runCommand({
  call: 'npm run classify',
  does: "Prints the status and the cause of each mail server's reply in a file, and how many agree with the expected ones.",
  options: {},
  operand: '<FILE>',
  notes: [
    'FILE has JSON Lines: "reply", and optionally "id", "status" (an enhanced status code), "category", and "expected", a list of the statuses that are right.',
  ],
  run(_given, [file]) {
    try {
      console.log(classified(readFileSync(file!, 'utf8')));
    } catch (error) {
      const isTheirs = error instanceof UnreadableLine || (error as NodeJS.ErrnoException).code !== undefined;
      throw isTheirs ? new StartError(`${file}: ${(error as Error).message}`) : error;
    }
  },
});
