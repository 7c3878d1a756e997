/** `npm run bench` prints the figures of every benchmark and writes them to bench-results.json. Nothing passes or fails. */

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { runCommand } from '../../infra/local/cli/command.ts';
import type { Figure } from './figures.ts';

const benchmarks = {
  'cold-start': async () => (await import('./cold-start.ts')).coldStart(),
  'ingest-memory': async () => (await import('./ingest-memory.ts')).ingestMemory(),
  'ingest-batch': async () => (await import('./ingest-batch.ts')).ingestBatch(),
  'single-requests': async () => (await import('./single-requests.ts')).singleRequests(),
  'provider-parse': async () => (await import('./provider-parse.ts')).providerParse(),
  'write-units': async () => (await import('./write-units.ts')).writeUnits(),
  'answer-time': async () => (await import('./answer-time.ts')).answerTime(),
  'local-stack': async () => (await import('./local-stack.ts')).localStack(),
  'account-api': async () => (await import('./account-api.ts')).accountApi(),
  alerts: async () => (await import('./alerts.ts')).alerts(),
  elements: async () => (await import('./elements.ts')).elements(),
} as const satisfies Record<string, () => Promise<Figure[]>>;

const names = Object.keys(benchmarks) as (keyof typeof benchmarks)[];

await runCommand({
  call: 'npm run bench',
  does: 'Runs the benchmarks in turn, prints their figures, and writes them to bench-results.json. Nothing passes or fails.',
  options: { only: { value: 'NAME', oneOf: names, help: 'one benchmark' } },
  async run({ only }) {
    const figures: Figure[] = [];
    for (const name of only === undefined ? names : [only]) {
      console.error(`${name} ...`);
      try {
        figures.push(...(await benchmarks[name]()));
      } catch (error) {
        // A failing benchmark must not lose the figures of the others.
        console.error(error);
        process.exitCode = 1;
      }
    }
    const width = Math.max(...figures.map(({ what }) => what.length));
    for (const { what, value, unit, aim } of figures) {
      console.log(`${what.padEnd(width)}  ${String(value).padStart(7)} ${unit}${aim ? `   (aim ${aim})` : ''}`);
    }
    const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
    writeFileSync('bench-results.json', `${JSON.stringify({ machine, figures }, null, 2)}\n`);
    // A browser and a stack end with the process.
    process.exit();
  },
});
