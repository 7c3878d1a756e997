/** `npm run bench`: every benchmark in turn, as a table, and as JSON in bench-results.json. Nothing passes or fails. */

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
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
} as const satisfies Record<string, () => Figure[] | Promise<Figure[]>>;

const names = Object.keys(benchmarks) as (keyof typeof benchmarks)[];
const { values } = parseArgs({ options: { only: { type: 'string' } } });
if (values.only !== undefined && !names.some(name => name === values.only)) {
  console.error(`--only takes one of: ${names.join(', ')}`);
  process.exit(1);
}

const figures: Figure[] = [];
for (const name of names.filter(name => values.only === undefined || name === values.only)) {
  console.error(`${name} ...`);
  try {
    figures.push(...(await benchmarks[name]()));
  } catch (error) {
    // The figures of the others are not lost with it.
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
