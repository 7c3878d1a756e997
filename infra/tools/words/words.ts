/** `npm run words`: the sentences of README and docs that are too long, or begin with "What" as a noun. */

import { globSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { faultsOf, maxWords } from './rules.ts';

const usage = `Usage: npm run words [-- FILE...]

Prints file and line of every sentence with more than ${maxWords} words, and of every one that begins with "What" and asks nothing.
Exits with 1 if there is one. Without FILE it reads README.md, CONTRIBUTING.md, SECURITY.md, CHANGELOG.md and docs/**/*.md.`;

const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/**/*.md'];

function count(files: readonly string[]): void {
  const results = files.map(file => ({ file, ...faultsOf(readFileSync(file, 'utf8')) }));
  for (const { file, faults } of results) {
    for (const { line, fault, text } of faults) console.log(`${file}:${line}: ${fault}: ${text}`);
  }
  const sentences = results.reduce((sum, result) => sum + result.sentences, 0);
  const faults = results.reduce((sum, result) => sum + result.faults.length, 0);
  console.log(`${files.length} files, ${sentences} sentences, ${faults} to reword`);
  if (faults > 0) process.exitCode = 1;
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) console.log(usage);
  else count(positionals.length > 0 ? positionals : globSync(documents).sort());
} catch (error) {
  // A mistyped option or file has a code; anything else is a fault of this script.
  if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 1;
}
