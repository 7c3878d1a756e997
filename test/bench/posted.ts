import { type Agent as HttpAgent, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Signed } from '../fixtures/signing-scheme.ts';

/** Sends a request with a client that costs little, since it takes its CPU time from the receiver. */
export function posted(
  agent: HttpAgent,
  url: string,
  { headers, body }: Pick<Signed, 'headers' | 'body'>,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? requestHttps : requestHttp;
    const sized = { ...headers, 'content-length': body.length };
    const posting = request(url, { agent, method: 'POST', headers: sized }, answer => {
      text(answer).then(content => resolve({ status: answer.statusCode ?? 0, text: content }), reject);
    });
    posting.once('error', reject).end(body);
  });
}
