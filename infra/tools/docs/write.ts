/** `npm run docs`: the providers' pages, the OpenAPI document and the types of its client. */

import { writeFileSync } from 'node:fs';
import { clientTypes } from '../client/client-types.ts';
import { clientTypesFile, openApiFile } from './files.ts';
import { openApiDocument } from './openapi.ts';
import { documents } from './provider-pages.ts';

for (const { file, text } of await documents()) writeFileSync(file, text);
const document = await openApiDocument();
writeFileSync(openApiFile, document);
writeFileSync(clientTypesFile, await clientTypes(document));
