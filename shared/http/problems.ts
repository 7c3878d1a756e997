/** Errors of the HTTP API: RFC 9457 problems that reveal no more than the caller may see. */

import { type HttpAnswer, json } from './responses.ts';

/** Every error of the API: its stable type, status and title. */
export const problems = {
  unauthorized: { status: 401, title: 'Unauthorized' },
  forbidden: { status: 403, title: 'Forbidden' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'too-large': { status: 413, title: 'Request body too large' },
  'unsupported-encoding': { status: 415, title: 'Content encoding not supported' },
  'invalid-request': { status: 400, title: 'Invalid request' },
  'try-again': { status: 429, title: 'Not recorded, send it again' },
  // The same for a provider that does not retry after a 4xx.
  unavailable: { status: 503, title: 'Not recorded, send it again' },
  'not-erased': { status: 503, title: 'Not fully erased, send it again' },
  fault: { status: 500, title: 'Internal error' },
} as const satisfies Record<string, { status: number; title: string }>;

/**
 * An RFC 9457 problem. `type` is a stable relative reference, e.g. `/problems/not-found`.
 *
 * @param more members of this occurrence: `detail`, or the offending `field`
 */
export function problem(
  name: keyof typeof problems,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): HttpAnswer {
  const { status, title } = problems[name];
  return json(
    status,
    { type: `/problems/${name}`, title, status, ...more },
    {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...headers,
    },
  );
}
