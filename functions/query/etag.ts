import { fingerprint } from '../../shared/fingerprint.ts';
import type { HttpAnswer } from '../../shared/http.ts';

/** The answer with an ETag over its bytes, or 304 where the caller already holds just these. */
export function withEtag(answer: HttpAnswer, ifNoneMatch: string | undefined): HttpAnswer {
  const etag = `"${fingerprint(answer.body ?? '')}"`;
  const headers: HttpAnswer['headers'] = { ...answer.headers, etag };
  const held = (ifNoneMatch ?? '').split(',').map(tag => tag.trim().replace(/^W\//, ''));
  if (!held.includes(etag) && !held.includes('*')) return { ...answer, headers };
  const { 'content-type': _, ...kept } = headers;
  return { statusCode: 304, headers: kept };
}
