import type { ApiEvent } from './access.ts';
import { gzipped, takesGzip } from './compression.ts';
import { tagged, unlessHeld } from './etag.ts';
import { type HttpAnswer, json } from './responses.ts';

/** Answers with a document that is the same for everybody. */
export type StaticDocument = (headers: ApiEvent['headers']) => HttpAnswer;

const forAnHour = { 'cache-control': 'public, max-age=3600' };

/**
 * The document is serialised, hashed and compressed once per process, on the first request and not during a cold start.
 */
export function createStaticDocument(content: () => object): StaticDocument {
  let prepared: { readonly plain: HttpAnswer; readonly compressed: HttpAnswer } | undefined;
  return headers => {
    prepared ??= prepare(content());
    const { plain, compressed } = prepared;
    const answer = takesGzip(headers['accept-encoding']) ? compressed : plain;
    // Middleware changes the headers, so that each answer needs its own.
    return unlessHeld({ ...answer, headers: { ...answer.headers } }, headers['if-none-match']);
  };
}

function prepare(content: object) {
  const plain = tagged(json(200, content, forAnHour));
  return { plain, compressed: gzipped(plain) };
}
