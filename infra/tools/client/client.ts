import createClient from 'openapi-fetch';
import type { components, paths } from './openapi.d.ts';

export type EmailRow = components['schemas']['EmailRow'];
export type Email = components['schemas']['Email'];

/** The API's typed client, as anybody gets it out of the OpenAPI document. */
export function apiClient(
  baseUrl: string,
  token: string,
  fetch: (request: Request) => Promise<Response> = global.fetch,
) {
  return createClient<paths>({
    baseUrl,
    fetch,
    headers: { authorization: `Bearer ${token}` },
    // A list is one parameter with commas: the API refuses a repeated parameter.
    querySerializer: { array: { style: 'form', explode: false } },
  });
}

export type ApiClient = ReturnType<typeof apiClient>;

/**
 * The data of an answer to the client's call.
 *
 * @throws where that is a problem, which the error names
 */
export function dataOf<Data>({ data, error, response }: { data?: Data; error?: unknown; response: Response }): Data {
  if (data !== undefined) return data;
  throw new Error(`${new URL(response.url).pathname} was answered ${response.status}: ${JSON.stringify(error)}`);
}
