import { type Agent as HttpAgent, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Signed } from '../fixtures/signing-scheme.ts';

type Posted = Pick<Signed, 'headers' | 'body'>;

/** No provider waits longer for an answer. */
const maxSilenceMs = 30_000;

/**
 * Sends a request with a client that costs little, since it takes its CPU time from the receiver. Rejects where nothing
 * comes for so long.
 */
export function posted(
  agent: HttpAgent,
  url: string,
  { headers, body }: Posted,
  silenceMs = maxSilenceMs,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? requestHttps : requestHttp;
    const sized = { ...headers, 'content-length': body.length };
    const posting = request(url, { agent, method: 'POST', headers: sized, timeout: silenceMs }, answer => {
      text(answer).then(content => resolve({ status: answer.statusCode ?? 0, text: content }), reject);
    });
    const isSilent = () => posting.destroy(new Error(`${url} was silent for ${silenceMs / 1_000} s`));
    posting.once('timeout', isSilent).once('error', reject).end(body);
  });
}

export interface Acknowledged {
  /** The whole time until the acknowledgement. */
  readonly ms: number;
  /** How often the request was sent again. */
  readonly again: number;
  readonly text: string;
}

const pauseMs = 100;
const maxRetryingMs = 60_000;

/**
 * Sends the same bytes until they are acknowledged, as a provider does: a 429 asks for another try.
 *
 * @throws Error for any other status outside 200 to 299, and after a minute of 429
 */
export async function acknowledged(agent: HttpAgent, url: string, request: Posted): Promise<Acknowledged> {
  const begun = performance.now();
  for (let again = 0; ; again += 1) {
    const answer = await posted(agent, url, request);
    const ms = performance.now() - begun;
    if (answer.status >= 200 && answer.status <= 299) return { ms, again, text: answer.text };
    if (answer.status !== 429 || ms > maxRetryingMs) throw new Error(`${url} answered ${answer.status}`);
    await delay(pauseMs);
  }
}

/** The events of an acknowledged request that Mailtrail has not recorded yet. */
export function queuedIn({ text: counts }: Pick<Acknowledged, 'text'>): number {
  return (JSON.parse(counts) as { readonly queued?: number }).queued ?? 0;
}
