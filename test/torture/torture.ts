/**
 * `npm run torture` sends signed events of random lives to a separate stack with failing calls and dying processes. All
 * acknowledged events must be stored, and no other. Every status must be right.
 */

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { StartError } from '../../infra/local/start-error.ts';
import { progress, progressEnds } from '../../infra/tools/simulate/progress.ts';
import { usualPercent } from './faults.ts';
import { hasFailed, reportTable } from './report.ts';
import { type TortureOptions, torture } from './run.ts';

const usage = `npm run torture -- [--events N] [--seed S] [--faults PERCENT] [--no-kills] [--report FILE]

  --events    how many events are sent; 20000
  --seed      the same seed for the same traffic and faults; another one each time if not given
  --faults    how many of the functions' calls fail, in percent; ${usualPercent}
  --no-kills  no process is killed
  --report    where the figures go as JSON; a file in ${tmpdir()} if not given`;

/** @throws StartError with the mistake and the usage */
function optionsOf(given: readonly string[]): TortureOptions & { report: string } {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...given],
      options: { events: text, seed: text, faults: text, report: text, 'no-kills': { type: 'boolean' } },
    });
    const number = (name: 'events' | 'seed' | 'faults', otherwise: number, least: number, most: number) => {
      const number = Number(values[name] ?? otherwise);
      if (!(number >= least && number <= most)) throw new Error(`--${name} must be a number from ${least} to ${most}`);
      return number;
    };
    const seed = Math.floor(number('seed', Date.now() % 1_000_000, 0, 2 ** 27));
    return {
      events: Math.floor(number('events', 20_000, 1, 10_000_000)),
      seed,
      faultPercent: number('faults', usualPercent, 0, 90),
      kills: values['no-kills'] !== true,
      report: values.report ?? join(tmpdir(), `mailtrail-torture-${seed}.json`),
    };
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n\n${usage}`);
  }
}

try {
  const { report: file, ...options } = optionsOf(process.argv.slice(2));
  console.log(`seed ${options.seed}`);
  const report = await torture({ ...options, onProgress: progress });
  progressEnds();
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`${reportTable(report)}\n\n${file}`);
  if (hasFailed(report)) process.exitCode = 1;
} catch (error) {
  progressEnds();
  console.error(error instanceof StartError ? error.message : error);
  process.exitCode = 1;
}
