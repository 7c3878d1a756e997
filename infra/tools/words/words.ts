/** `npm run words`: the sentences of README, docs and comments that are too long, or begin with "What" as a noun. */

import { globSync, readFileSync } from 'node:fs';
import { runCommand } from '../../local/cli/command.ts';
import { StartError } from '../../local/start-error.ts';
import { commentsAsMarkdown } from './comments.ts';
import { faultsOf, maxWords } from './rules.ts';

const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/**/*.md'];
const modules = ['infra', 'functions', 'shared', 'test'].map(folder => `${folder}/**/*.{ts,mjs}`);
const generated = ['**/*.d.ts', '**/node_modules/**', '**/cdk.out/**'];

function markdownOf(file: string): string {
  const text = readFileSync(file, 'utf8');
  return /\.(?:ts|mjs)$/.test(file) ? commentsAsMarkdown(text) : text;
}

function count(files: readonly string[]): void {
  const results = files.map(file => ({ file, ...faultsOf(markdownOf(file)) }));
  for (const { file, faults } of results) {
    for (const { line, fault, text } of faults) console.log(`${file}:${line}: ${fault}: ${text}`);
  }
  const sentences = results.reduce((sum, result) => sum + result.sentences, 0);
  const faults = results.reduce((sum, result) => sum + result.faults.length, 0);
  console.log(`${files.length} files, ${sentences} sentences, ${faults} to reword`);
  if (faults > 0) process.exitCode = 1;
}

await runCommand({
  call: 'npm run words',
  does: `Prints every sentence that has more than ${maxWords} words, or begins with "What" and asks nothing. Ends with 1 if there is one.`,
  options: {},
  operand: '[FILE...]',
  notes: [`It reads ${documents.join(', ')} and the comments of ${modules.join(', ')} unless files are given.`],
  run(_given, files) {
    try {
      count(files.length > 0 ? files : globSync([...documents, ...modules], { exclude: generated }).sort());
    } catch (error) {
      // Only a file that cannot be read has a code.
      throw (error as NodeJS.ErrnoException).code === undefined ? error : new StartError((error as Error).message);
    }
  },
});
