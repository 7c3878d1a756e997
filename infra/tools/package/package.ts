/** `npm run package`: builds the folder that `npm pack` packs. */

import { runCommand } from '../../local/cli/command.ts';

await runCommand({
  call: 'npm run package',
  does: 'Builds the code of the npm package into the folder dist. `npm pack` runs it first.',
  options: {},
  async run() {
    const { buildPackage } = await import('./build.ts');
    await buildPackage();
  },
});
