/** `npm run docs`: the providers' pages, the OpenAPI document and the types of its client. */

import { writeFileSync } from 'node:fs';
import { runCommand } from '../../local/cli/command.ts';

await runCommand({
  call: 'npm run docs',
  does: "Writes the providers' pages, the OpenAPI document and the types of its client from the sources.",
  options: {},
  async run() {
    const [{ clientTypes }, { clientTypesFile, openApiFile }, { openApiDocument }, { documents }] = await Promise.all([
      import('../client/client-types.ts'),
      import('./files.ts'),
      import('./openapi.ts'),
      import('./provider-pages.ts'),
    ]);
    for (const { file, text } of await documents()) writeFileSync(file, text);
    const document = await openApiDocument();
    writeFileSync(openApiFile, document);
    writeFileSync(clientTypesFile, await clientTypes(document));
  },
});
