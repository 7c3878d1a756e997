/** `npm run size`: bundles against their budget, because each KB is paid for at every cold start or page load. */

import { build, type Metafile } from 'esbuild';
import { esbuildOptions, type FunctionName, functionNames } from '../compute/bundling.ts';
import { buildUiModules } from '../compute/ui-modules.ts';
import { runCommand } from '../local/cli/command.ts';
import { browserLoads } from './browser-loads.ts';

/** The files that every cold start loads, in KB of 1,024 bytes, minified. Those imported on demand do not count. */
const budget = {
  ingest: 307,
  query: 377,
  manage: 266,
  ui: 25,
  alert: 307,
  digest: 313,
  changes: 254,
  watch: 571,
  daily: 292,
} as const satisfies Record<FunctionName, number>;

await runCommand({
  call: 'npm run size',
  does: "Builds the functions and the browser's code, and compares each size with its budget. Ends with 1 if one is over it.",
  options: {},
  async run() {
    for (const name of functionNames) {
      const options = { ...esbuildOptions(name), write: false, metafile: true, logLevel: 'error' } as const;
      const { metafile } = await build(options);
      compare(name, loadedBytes(metafile, `${options.outdir}/index.mjs`), budget[name]);
    }
    console.log("\nThe browser's code, compressed:");
    for (const { name, bytes, maxKilobytes } of browserLoads(await buildUiModules()))
      compare(name, bytes, maxKilobytes);
  },
});

/** The size of a file with all those that it imports, and that these import. */
function loadedBytes({ outputs }: Metafile, entry: string): number {
  const loaded = new Set([entry]);
  for (const file of loaded) {
    for (const { path, kind } of outputs[file]!.imports) {
      if (kind === 'import-statement' && path in outputs) loaded.add(path);
    }
  }
  return [...loaded].reduce((bytes, file) => bytes + outputs[file]!.bytes, 0);
}

function compare(name: string, bytes: number, maxKilobytes: number): void {
  const kilobytes = Math.ceil((bytes / 1024) * 10) / 10;
  const isWithin = kilobytes <= maxKilobytes;
  console.log(`${name.padEnd(26)} ${kilobytes.toFixed(1)} KB of ${maxKilobytes}${isWithin ? '' : '  over budget'}`);
  if (!isWithin) process.exitCode = 1;
}
