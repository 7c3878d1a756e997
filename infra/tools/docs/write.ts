/**
 * `npm run docs`: the pages of providers and alarms, the figures of scale, and the names known to fixtures. Also the OpenAPI
 * document, the types of its client, and the schema of events.
 */

import { writeFileSync } from 'node:fs';
import { runCommand } from '../../local/cli/command.ts';

await runCommand({
  call: 'npm run docs',
  does: 'Writes the pages of providers and alarms, the figures of scale, the OpenAPI document, the types of its client, the schema of events and the names in fixtures from the sources.',
  options: {},
  async run() {
    const [
      { onCallPage, onCallPageFile },
      { clientTypes },
      { eventSchema },
      { clientTypesFile, eventSchemaFile, knownNamesFile, openApiFile },
      { knownNames },
      { openApiDocument },
      { documents },
      { scalePage, scalePageFile },
    ] = await Promise.all([
      import('./on-call-page.ts'),
      import('../client/client-types.ts'),
      import('./event-schema.ts'),
      import('./files.ts'),
      import('./known-names.ts'),
      import('./openapi.ts'),
      import('./provider-pages.ts'),
      import('../scale/scale-table.ts'),
    ]);
    for (const { file, text } of await documents()) writeFileSync(file, text);
    writeFileSync(onCallPageFile, onCallPage());
    writeFileSync(scalePageFile, scalePage());
    writeFileSync(eventSchemaFile, eventSchema());
    writeFileSync(knownNamesFile, knownNames());
    const document = await openApiDocument();
    writeFileSync(openApiFile, document);
    writeFileSync(clientTypesFile, await clientTypes(document));
  },
});
