/** `npm run size`: bundles against their budget, because each KB is paid for at every cold start or page load. */

import { build } from 'esbuild';
import { esbuildOptions, type FunctionName, functionNames } from '../compute/bundling.ts';
import { buildUiModules } from '../compute/ui-modules.ts';
import { runCommand } from '../local/cli/command.ts';
import { browserLoads } from './browser-loads.ts';

/** In KB of 1,024 bytes, minified. */
const budget = {
  ingest: 479,
  query: 375,
  manage: 259,
  ui: 25,
  alert: 322,
  digest: 328,
  changes: 251,
  watch: 571,
} as const satisfies Record<FunctionName, number>;

await runCommand({
  call: 'npm run size',
  does: "Builds the functions and the browser's code, and compares each size with its budget. Ends with 1 if one is over it.",
  options: {},
  async run() {
    for (const name of functionNames) {
      const { outputFiles } = await build({ ...esbuildOptions(name), write: false, logLevel: 'error' });
      const bundle = outputFiles.find(({ path }) => path.endsWith('.mjs'))!;
      compare(name, bundle.contents.length, budget[name]);
    }
    console.log("\nThe browser's code, compressed:");
    for (const { name, bytes, maxKilobytes } of browserLoads(await buildUiModules()))
      compare(name, bytes, maxKilobytes);
  },
});

function compare(name: string, bytes: number, maxKilobytes: number): void {
  const kilobytes = Math.ceil((bytes / 1024) * 10) / 10;
  const isWithin = kilobytes <= maxKilobytes;
  console.log(`${name.padEnd(26)} ${kilobytes.toFixed(1)} KB of ${maxKilobytes}${isWithin ? '' : '  over budget'}`);
  if (!isWithin) process.exitCode = 1;
}
