/**
 * `npm run torture` sends signed events of random lives to a separate stack with failing calls and dying processes. All
 * acknowledged events must be stored, and no other. Every status must be right.
 */

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Given, runCommand } from '../../infra/local/cli/command.ts';
import { progress, progressEnds } from '../../infra/tools/simulate/progress.ts';
import { usualPercent } from './faults.ts';
import { hasFailed, reportTable } from './report.ts';

const command = {
  call: 'npm run torture',
  does: 'Sends signed events to a stack of its own, in which calls fail and processes are killed, and compares its table.',
  options: {
    events: { value: 'N', range: [1, 10_000_000], otherwise: 20_000, help: 'how many events are sent' },
    'status-changes': {
      value: 'N',
      range: [1, 1_000_000],
      help: 'sends nothing: statuses change N times, and the events of the bus are compared with them',
    },
    seed: {
      value: 'S',
      range: [0, 2 ** 27],
      help: 'the seed of an earlier run, for the same traffic and faults; another one each time unless given',
    },
    faults: {
      value: 'PERCENT',
      range: [0, 90],
      fractions: true,
      otherwise: usualPercent,
      help: "how many of the functions' calls fail, in percent",
    },
    'no-kills': { help: 'kills no process' },
    report: { value: 'FILE', help: `where the figures go as JSON; a file in ${tmpdir()} unless given` },
  },
} as const;

async function run(options: Given<typeof command.options>): Promise<void> {
  const { events, seed = Date.now() % 1_000_000, faults: faultPercent, 'no-kills': spares } = options;
  const file = options.report ?? join(tmpdir(), `mailtrail-torture-${seed}.json`);
  const changes = options['status-changes'];
  const usual = { seed, faultPercent, kills: !spares, onProgress: progress };
  console.log(`seed ${seed}`);
  if (changes === undefined) {
    const { torture } = await import('./run.ts');
    const report = await torture({ events, ...usual });
    ended(report, reportTable(report), hasFailed(report));
  } else {
    const { tortureStatusEvents, statusEventsFailed, statusEventsTable } = await import('./status-events.ts');
    const report = await tortureStatusEvents({ changes, ...usual });
    ended(report, statusEventsTable(report), statusEventsFailed(report));
  }

  function ended(report: object, table: string, failed: boolean): void {
    progressEnds();
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    console.log(`${table}\n\n${file}`);
    if (failed) process.exitCode = 1;
  }
}

await runCommand({ ...command, run: options => run(options).finally(progressEnds) });
