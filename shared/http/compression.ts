import { gzipSync } from 'node:zlib';
import type middy from '@middy/core';
import type { ApiEvent } from './access.ts';
import type { HttpAnswer } from './responses.ts';

/** A shorter answer (in bytes) fits into two packets, so that compression gains nothing. */
const worthwhile = 2_048;

/** The middy hook that compresses long answers for clients that accept gzip; API Gateway does not compress. */
export function compressed(): middy.MiddlewareObj<ApiEvent, HttpAnswer> {
  return {
    name: 'compressed',
    after: request => {
      const { event, response } = request;
      if (!response || response.isBase64Encoded) return;
      // A 304 does not reveal the length of the full answer, which may be long (RFC 9110, 15.4.5).
      if (response.statusCode === 304 || isLong(response)) response.headers.vary = 'accept-encoding';
      if (takesGzip(event.headers['accept-encoding'])) request.response = gzipped(response);
    },
  };
}

/** Compresses a long answer and returns a short one unchanged. */
export function gzipped(answer: HttpAnswer): HttpAnswer {
  if (!isLong(answer)) return answer;
  return {
    ...answer,
    headers: { ...answer.headers, vary: 'accept-encoding', 'content-encoding': 'gzip' },
    body: gzipSync(answer.body ?? '').toString('base64'),
    isBase64Encoded: true,
  };
}

function isLong({ body = '' }: HttpAnswer): boolean {
  return body.length >= worthwhile;
}

/** Whether the client accepts gzip. */
export function takesGzip(acceptEncoding?: string): boolean {
  return takesCoding('gzip', acceptEncoding);
}

/** Whether the client accepts a content coding: by name or `*`, unless with a weight of 0 (RFC 9110, 12.5.3). */
export function takesCoding(coding: string, acceptEncoding = ''): boolean {
  const weights = new Map(
    acceptEncoding.split(',').map(coding => {
      const [name = '', ...parameters] = coding.toLowerCase().split(';');
      const weight = parameters.find(parameter => parameter.trim().startsWith('q='));
      return [name.trim(), weight === undefined ? 1 : Number(weight.trim().slice(2))] as const;
    }),
  );
  return (weights.get(coding) ?? weights.get('*') ?? 0) > 0;
}
