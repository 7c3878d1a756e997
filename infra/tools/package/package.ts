/** `npm run package`: builds the folder that `npm pack` packs. */

import { runCommand } from '../../local/cli/command.ts';

await runCommand({
  call: 'npm run package',
  does: 'Builds the code of the npm package into the folder dist. `npm pack` runs it first.',
  options: {},
  async run() {
    const { buildPackage, loadedBytes } = await import('./build.ts');
    await buildPackage();
    for (const entry of ['providers', 'elements'] as const) {
      const kilobytes = ((await loadedBytes(entry)) / 1024).toFixed(1);
      console.log(`mailtrail/${entry}: ${kilobytes} KB minified and compressed, with all that it loads on demand`);
    }
  },
});
