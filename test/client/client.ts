import createClient from 'openapi-fetch';
import type { components, paths } from './openapi.d.ts';

export type EmailRow = components['schemas']['EmailRow'];
export type Email = components['schemas']['Email'];

/** The API's typed client, as anybody gets it out of the OpenAPI document. */
export function apiClient(baseUrl: string, token: string) {
  return createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
}

export type ApiClient = ReturnType<typeof apiClient>;
