import type { HttpAnswer } from '../../shared/http/responses.ts';
import { shortHash } from '../../shared/runtime/hash.ts';

/** The answer with an ETag over its text, or 304 where the caller already holds just that. */
export function withEtag(answer: HttpAnswer, ifNoneMatch: string | undefined): HttpAnswer {
  return unlessHeld(tagged(answer), ifNoneMatch);
}

/** The answer with a weak ETag: compressed, the same text is other bytes (RFC 9110, 8.8.1). */
export function tagged(answer: HttpAnswer): HttpAnswer {
  return { ...answer, headers: { ...answer.headers, etag: `W/"${shortHash(answer.body ?? '')}"` } };
}

/** The tagged answer, or 304 where the caller already holds it. */
export function unlessHeld(answer: HttpAnswer, ifNoneMatch = ''): HttpAnswer {
  const { 'content-type': _, 'content-encoding': __, ...kept } = answer.headers;
  const held = ifNoneMatch.split(',').map(one => one.trim().replace(/^W\//, ''));
  const isHeld = held.includes('*') || held.includes(opaqueTag(answer));
  return isHeld ? { statusCode: 304, headers: kept } : answer;
}

function opaqueTag({ headers: { etag = '' } }: HttpAnswer): string {
  return etag.slice('W/'.length);
}
