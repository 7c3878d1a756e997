/** `npm run docs`: the providers' pages, the OpenAPI document, the types of its client, and the names known to fixtures. */

import { writeFileSync } from 'node:fs';
import { runCommand } from '../../local/cli/command.ts';

await runCommand({
  call: 'npm run docs',
  does: "Writes the providers' pages, the OpenAPI document, the types of its client and the names in fixtures from the sources.",
  options: {},
  async run() {
    const [
      { clientTypes },
      { clientTypesFile, knownNamesFile, openApiFile },
      { knownNames },
      { openApiDocument },
      { documents },
    ] = await Promise.all([
      import('../client/client-types.ts'),
      import('./files.ts'),
      import('./known-names.ts'),
      import('./openapi.ts'),
      import('./provider-pages.ts'),
    ]);
    for (const { file, text } of await documents()) writeFileSync(file, text);
    writeFileSync(knownNamesFile, knownNames());
    const document = await openApiDocument();
    writeFileSync(openApiFile, document);
    writeFileSync(clientTypesFile, await clientTypes(document));
  },
});
