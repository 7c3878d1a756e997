/** `npm run size`: the functions' bundles against their budget, because each KB is paid for at every cold start. */

import { build } from 'esbuild';
import { esbuildOptions, type FunctionName, functionNames } from '../compute/bundling.ts';
import { runCommand } from '../local/cli/command.ts';

/** In KB of 1,024 bytes, minified. */
const budget = { ingest: 477, query: 367, manage: 255, alert: 286 } as const satisfies Record<FunctionName, number>;

await runCommand({
  call: 'npm run size',
  does: "Bundles each function, and compares the bundle's size with its budget. Ends with 1 if one is over it.",
  options: {},
  async run() {
    for (const name of functionNames) {
      const { outputFiles } = await build({ ...esbuildOptions(name), write: false, logLevel: 'error' });
      const bundle = outputFiles.find(({ path }) => path.endsWith('.mjs'))!;
      const kilobytes = Math.ceil(bundle.contents.length / 1024);
      const within = kilobytes <= budget[name];
      console.log(`${name.padEnd(8)} ${kilobytes} KB of ${budget[name]}${within ? '' : '  over budget'}`);
      if (!within) process.exitCode = 1;
    }
  },
});
