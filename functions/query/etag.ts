import type { HttpAnswer } from '../../shared/http/responses.ts';
import { shortHash } from '../../shared/runtime/hash.ts';

/**
 * The answer with an ETag over its text, or 304 where the caller already holds just that. A weak one: compressed, the same
 * text is other bytes (RFC 9110, 8.8.1).
 */
export function withEtag(answer: HttpAnswer, ifNoneMatch: string | undefined): HttpAnswer {
  const tag = `"${shortHash(answer.body ?? '')}"`;
  const headers: HttpAnswer['headers'] = { ...answer.headers, etag: `W/${tag}` };
  const held = (ifNoneMatch ?? '').split(',').map(one => one.trim().replace(/^W\//, ''));
  if (!held.includes(tag) && !held.includes('*')) return { ...answer, headers };
  const { 'content-type': _, ...kept } = headers;
  return { statusCode: 304, headers: kept };
}
