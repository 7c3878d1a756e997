import { shortHash } from '../runtime/hash.ts';
import type { HttpAnswer } from './responses.ts';

/** Adds an ETag of the text, or answers 304 if the client already has that text. */
export function withEtag(answer: HttpAnswer, ifNoneMatch: string | undefined): HttpAnswer {
  return unlessHeld(tagged(answer), ifNoneMatch);
}

/** Adds a weak ETag: compression changes the bytes of the same text (RFC 9110, 8.8.1). */
export function tagged(answer: HttpAnswer): HttpAnswer {
  return { ...answer, headers: { ...answer.headers, etag: `W/"${shortHash(answer.body ?? '')}"` } };
}

/** The tagged answer, or 304 if the client already has it. */
export function unlessHeld(answer: HttpAnswer, ifNoneMatch = ''): HttpAnswer {
  const { 'content-type': _, 'content-encoding': __, ...kept } = answer.headers;
  const held = ifNoneMatch.split(',').map(one => one.trim().replace(/^W\//, ''));
  const isHeld = held.includes('*') || held.includes(opaqueTag(answer));
  return isHeld ? { statusCode: 304, headers: kept } : answer;
}

function opaqueTag({ headers: { etag = '' } }: HttpAnswer): string {
  return etag.slice('W/'.length);
}
