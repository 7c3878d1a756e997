/**
 * `npm run docs`: the pages of providers and alarms, the figures of scale, and the OpenAPI document. It also writes the
 * types of its client, the props of the construct, the schema of events, and the names known to fixtures.
 */

import { writeFileSync } from 'node:fs';
import { runCommand } from '../../local/cli/command.ts';

await runCommand({
  call: 'npm run docs',
  does: 'Writes the pages of providers and alarms, the figures of scale, the OpenAPI document, the types of its client, the props of the construct, the schema of events and the names in fixtures from the sources.',
  options: {},
  async run() {
    const [
      { onCallPage, onCallPageFile },
      { clientTypes },
      { eventSchema },
      { clientTypesFile, eventSchemaFile, knownNamesFile, openApiFile },
      { knownNames },
      { openApiDocument },
      { propsFile, propsModule },
      { documents },
      { scalePage, scalePageFile },
    ] = await Promise.all([
      import('./on-call-page.ts'),
      import('../client/client-types.ts'),
      import('./event-schema.ts'),
      import('./files.ts'),
      import('./known-names.ts'),
      import('./openapi.ts'),
      import('./props.ts'),
      import('./provider-pages.ts'),
      import('../scale/scale-table.ts'),
    ]);
    for (const { file, text } of await documents()) writeFileSync(file, text);
    writeFileSync(onCallPageFile, onCallPage());
    writeFileSync(scalePageFile, scalePage());
    writeFileSync(eventSchemaFile, eventSchema());
    writeFileSync(knownNamesFile, knownNames());
    writeFileSync(propsFile, propsModule());
    const document = await openApiDocument();
    writeFileSync(openApiFile, document);
    writeFileSync(clientTypesFile, await clientTypes(document));
  },
});
