/** `npm run freeze`: keeps this version's stored forms, indexes and resources with data, beside those of earlier ones. */

import { writeFileSync } from 'node:fs';
import { runCommand } from '../../infra/local/cli/command.ts';
import { counted } from '../../infra/local/cli/counted.ts';
import { StartError } from '../../infra/local/start-error.ts';

await runCommand({
  call: 'npm run freeze',
  does: 'Adds the stored forms, indexes and resources of this version to test/fixtures/stored. It changes none that are there.',
  options: {},
  notes: ['It ends with 1, and writes nothing, where an existing installation would not survive this version.'],
  async run() {
    const [{ differences }, { frozenFile }, { recipeFor }] = await Promise.all([
      import('./differences.ts'),
      import('./frozen.ts'),
      import('./recipes.ts'),
    ]);
    const all = await differences();
    const broken = all.filter(({ breaks }) => breaks.length > 0);
    if (broken.length > 0)
      throw new StartError(broken.map(({ recipe, breaks }) => recipeFor(recipe, breaks)).join('\n'));
    for (const { name, news, next } of all) {
      if (news.length === 0) continue;
      // One line for each name, so that additions of two branches rarely meet.
      const lines = Object.entries(next).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
      writeFileSync(frozenFile(name), `{\n${lines.sort().join(',\n')}\n}\n`);
      console.log(`${name}: ${news.length > 10 ? counted(news.length, 'addition') : news.join(', ')}`);
    }
  },
});
