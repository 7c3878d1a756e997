/**
 * Mutation testing: Stryker changes the code in one place after the other and runs the tests for each change. A change
 * that no test notices survives. Each survivor must be named in survivors.ts with its reason.
 */

import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { runCommand } from '../../infra/local/cli/command.ts';
import { survivors as named } from './survivors.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const reportFile = `${root}reports/mutation/mutation.json`;

/** https://github.com/stryker-mutator/mutation-testing-elements/tree/master/packages/report-schema */
const position = z.object({ line: z.number(), column: z.number() });
const report = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.optional(z.string()),
          status: z.string(),
          location: z.object({ start: position, end: position }),
        }),
      ),
    }),
  ),
});

type Files = z.infer<typeof report>['files'];
type Mutant = Files[string]['mutants'][number];

const detected: ReadonlySet<string> = new Set(['Killed', 'Timeout']);
const undetected: ReadonlySet<string> = new Set(['Survived', 'NoCoverage']);

/** Runs Stryker, which writes its report and fails if the score is below its threshold. */
async function runStryker(args: readonly string[]): Promise<boolean> {
  // Otherwise a run that breaks off would leave the report of another one.
  rmSync(reportFile, { force: true });
  const stryker = fileURLToPath(import.meta.resolve('@stryker-mutator/core/package.json')).replace(
    'package.json',
    'bin/stryker.js',
  );
  const child = spawn(process.execPath, [stryker, 'run', ...args], { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', code => resolve(code === 0));
  });
}

const onOneLine = (code: string) => code.trim().replaceAll(/\s+/g, ' ');

/** A change by what it does, not by where it stands: `line` and `code → replacement`. */
function changeOf(source: string, { location: { start, end }, replacement = '', mutatorName }: Mutant) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const line = lines[0]!;
  const last = lines.length - 1;
  const code = lines
    .map((text, index) => text.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined))
    .join('\n');
  return {
    place: start.line,
    line: line.trim(),
    change: `${onOneLine(code)} → ${onOneLine(replacement)}`,
    mutatorName,
  };
}

const keyOf = (file: string, line: string, change: string) => JSON.stringify([file, line, change]);

/** Prints the score of each file and of all. */
function printScores(files: Files): void {
  const scoreOf = (mutants: readonly Mutant[]) => {
    const killed = mutants.filter(({ status }) => detected.has(status)).length;
    const survived = mutants.filter(({ status }) => undetected.has(status)).length;
    return { killed, survived, 'score, %': Number(((100 * killed) / Math.max(1, killed + survived)).toFixed(1)) };
  };
  console.table({
    ...Object.fromEntries(Object.entries(files).map(([file, { mutants }]) => [file, scoreOf(mutants)])),
    all: scoreOf(Object.values(files).flatMap(({ mutants }) => mutants)),
  });
}

/** Whether the survivors are those that are named. Prints the others. */
function areNamed(files: Files): boolean {
  const found = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.filter(({ status }) => undetected.has(status)).map(mutant => ({ file, ...changeOf(source, mutant) })),
  );
  const foundKeys = new Set(found.map(({ file, line, change }) => keyOf(file, line, change)));
  const rows = Object.entries(named).flatMap(([file, all]) =>
    all.flatMap(({ line, changes }) => changes.map(change => ({ file, line, change }))),
  );
  const namedKeys = new Set(rows.map(({ file, line, change }) => keyOf(file, line, change)));
  const unnamed = found.filter(({ file, line, change }) => !namedKeys.has(keyOf(file, line, change)));
  // A run of some files says nothing about the others.
  const stale = rows.filter(
    ({ file, line, change }) => Object.hasOwn(files, file) && !foundKeys.has(keyOf(file, line, change)),
  );
  for (const { file, place, line, change, mutatorName } of unnamed) {
    console.error(`Not named: ${file}:${place} ${mutatorName}\n  line: ${line}\n  change: ${change}`);
  }
  for (const { file, line, change } of stale) {
    console.error(`Named, but does not survive: ${file}\n  line: ${line}\n  change: ${change}`);
  }
  console.log(`${found.length} survivors, ${unnamed.length} not named; ${stale.length} names without a survivor.`);
  return unnamed.length + stale.length === 0;
}

await runCommand({
  call: 'npm run mutate',
  does: 'Changes the pure core in one place after the other and runs the engine-free tests for each change. Fails if the score is below 90 %, if a survivor is not named in test/mutation/survivors.ts, or if a named one does not survive.',
  options: {
    only: { value: 'PATTERN', help: "changes these files alone, e.g. 'shared/status/*.ts'" },
    concurrency: { value: 'N', range: [1, 64], otherwise: 2, help: 'runs the tests of so many changes at a time' },
    report: { help: 'runs nothing and compares the last report' },
  },
  async run({ only, concurrency, report: isReportOnly }) {
    const begun = performance.now();
    const args = [...(only === undefined ? [] : ['--mutate', only]), '--concurrency', String(concurrency)];
    const reachesScore = isReportOnly || (await runStryker(args));
    const { files } = report.parse(JSON.parse(readFileSync(reportFile, 'utf8')));
    printScores(files);
    const isComplete = areNamed(files);
    if (!isReportOnly) console.log(`Took ${((performance.now() - begun) / 60_000).toFixed(1)} minutes.`);
    if (!reachesScore || !isComplete) process.exitCode = 1;
  },
});
