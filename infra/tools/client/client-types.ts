import openapiTS, { astToString } from 'openapi-typescript';

/** The types of the API's client, out of its OpenAPI document. */
export async function clientTypes(document: string): Promise<string> {
  return `/** Written by npm run docs. */\n\n${astToString(await openapiTS(document))}`;
}
