/** The files that `npm run docs` writes besides the providers' pages. */
export const openApiFile = new URL('../../../functions/query/openapi.json', import.meta.url);
export const eventSchemaFile = new URL('../../../docs/schemas/email-status-changed.v1.json', import.meta.url);
export const knownNamesFile = new URL('../../local/quarantine/known-names.json', import.meta.url);
export const clientTypesFile = new URL('../client/openapi.d.ts', import.meta.url);
