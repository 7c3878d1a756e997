/** `npm run bench` prints the figures of every benchmark and writes them to bench-results.json. Nothing passes or fails. */

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { accountApi } from './account-api.ts';
import { coldStart } from './cold-start.ts';
import type { Figure } from './figures.ts';
import { ingestBatch } from './ingest-batch.ts';
import { localStack } from './local-stack.ts';
import { providerParse } from './provider-parse.ts';
import { writeUnits } from './write-units.ts';

const benchmarks = {
  'cold-start': coldStart,
  'ingest-batch': ingestBatch,
  'provider-parse': providerParse,
  'write-units': writeUnits,
  'local-stack': localStack,
  'account-api': accountApi,
} as const satisfies Record<string, () => Figure[] | Promise<Figure[]>>;

const names = Object.keys(benchmarks) as (keyof typeof benchmarks)[];
const figures: Figure[] = [];
for (const name of chosen(process.argv.slice(2))) {
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

/** Ends the process with one line about an unknown option. */
function chosen(args: string[]): typeof names {
  try {
    const { only } = parseArgs({ args, options: { only: { type: 'string' } } }).values;
    if (only !== undefined && !names.some(name => name === only)) throw new Error('no such benchmark');
    return names.filter(name => only === undefined || name === only);
  } catch (error) {
    console.error(`${(error as Error).message}; npm run bench -- [--only ${names.join('|')}]`);
    process.exit(1);
  }
}
