/** The results of a run, as `bench-results.json` keeps them. */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import * as z from 'zod';
import { UsageError } from '../../infra/local/cli/command.ts';

const spread = { median: z.number(), low: z.number(), high: z.number() };

const results = z.object({
  /** The day of the run, e.g. `2026-01-02`. */
  date: z.string(),
  machine: z.object({ node: z.string(), cpus: z.number(), model: z.string() }),
  figures: z.array(
    z.object({
      benchmark: z.string(),
      what: z.string(),
      unit: z.string(),
      ...spread,
      samples: z.number(),
      floor: z.object({ what: z.string(), ...spread }).exactOptional(),
      ratio: z.object(spread).exactOptional(),
      aim: z.string().exactOptional(),
      point: z.object({ curve: z.string(), axis: z.string(), at: z.number() }).exactOptional(),
      count: z.literal(['exact', 'by chance']).exactOptional(),
    }),
  ),
});

export type Results = z.infer<typeof results>;

/** A figure with the benchmark that measured it. */
export type Measured = Results['figures'][number];

/** The machine and the version of Node.js that run this process. */
export function thisMachine(): Results['machine'] {
  const [cpu] = cpus();
  return { node: process.version, cpus: cpus().length, model: cpu?.model.trim() ?? 'unknown' };
}

/** @throws UsageError where the file holds no results */
export function readResults(file: string): Results {
  try {
    return results.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new UsageError(`${file} holds no results of npm run bench: ${(error as Error).message}`);
  }
}

export function writeResults(file: string, written: Results): void {
  writeFileSync(file, `${JSON.stringify(written, null, 2)}\n`);
}
