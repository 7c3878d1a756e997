/** The running local stack, as providers and users of its API see it. */

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Counts } from '../../../shared/runtime/counts.ts';
import { signedRequest } from '../../../test/fixtures/signing.ts';
import type { Signed } from '../../../test/fixtures/signing-scheme.ts';
import { createToken } from '../../local/cli/token.ts';
import { dataDirOf, type Endpoints, readEndpoints } from '../../local/endpoints.ts';
import { AwsJsonError } from '../../local/services/aws-json.ts';
import { depthOf } from '../../local/services/queue-depth.ts';
import { StartError } from '../../local/start-error.ts';
import { type ApiClient, apiClient } from '../client/client.ts';
import { progress } from './progress.ts';
import type { SimulatedRequest } from './requests.ts';

/** A provider tries again for hours, the demo for 60 s. */
const maxRetryingMs = 60_000;

/** A message of the retry queue that failed comes again after 60 s. */
const maxSettlingMs = 180_000;

export interface RunningStack {
  readonly url: string;
  /** Sends as a provider does: again, the same bytes, until it is acknowledged. */
  send(request: SimulatedRequest): Promise<Counts>;
  /** Resolves once queued events are recorded: a busy machine queues some. */
  settled(): Promise<void>;
  /** The API's client with a token of an account, or of support. */
  api(as: { account: string } | { support: true }): Promise<ApiClient>;
}

/** @throws StartError if no stack was started on the data directory yet */
export function runningStack(dataDir = dataDirOf()): RunningStack {
  const { url, signingKeysFile } = readEndpoints(dataDir);
  const keys = JSON.parse(readFileSync(signingKeysFile, 'utf8')) as Record<string, string>;
  return {
    url,
    async send(request) {
      const { provider } = request;
      const at = Date.now();
      const signed = signedFor(url, keys[provider]!, request, at);
      for (;;) {
        const answer = await post(url, signed).catch(() => null);
        if (answer?.status === 200) return (await answer.json()) as Counts;
        if (answer !== null && answer.status !== 429 && answer.status < 500) {
          throw new StartError(`${url} answered a callback of ${provider} ${answer.status}: ${await answer.text()}`);
        }
        if (Date.now() > at + maxRetryingMs) {
          throw new StartError(
            answer === null ? nothingAnswers(url).message : `${url} has answered ${answer.status} for a minute.`,
          );
        }
        progress(answer === null ? 'waiting for the stack to come back' : `answered ${answer.status}, trying again`);
        await delay(500);
      }
    },
    settled: () => settled(dataDir),
    async api(as) {
      const answered = (request: Request) =>
        fetch(request).catch(() => {
          throw nothingAnswers(url);
        });
      return apiClient(url, await createToken(dataDir, as), answered);
    },
  };
}

/** Resolves once the retry queue of the stack on a data directory is empty, or after 180 s. */
export async function settled(dataDir: string): Promise<void> {
  for (const until = Date.now() + maxSettlingMs; Date.now() < until; await delay(500)) {
    if (await retryQueueIsEmpty(readEndpoints(dataDir))) return;
    progress('waiting for the queued events');
  }
}

/** False while nothing answers: the stack may be starting again, with its queues at another port. */
async function retryQueueIsEmpty({ sqs, functions, outputs }: Endpoints): Promise<boolean> {
  const { RETRY_QUEUE_URL } = functions[String(outputs.IngestFunctionName)]?.environment ?? {};
  const depth = await depthOf(sqs, RETRY_QUEUE_URL ?? '').catch((error: Error) => {
    if (error instanceof AwsJsonError) throw error;
    return null;
  });
  return depth !== null && depth.waiting + depth.inWork === 0;
}

/** A callback, signed as its provider would for the webhooks of the stack at `url`. */
export function signedFor(
  url: string,
  key: string,
  { provider, body, type }: Pick<SimulatedRequest, 'provider' | 'body' | 'type'>,
  at: number,
): Signed {
  // Some providers sign the URL, as the gateway sees it.
  return signedRequest(provider, key, body, at, { type, url: `https://${new URL(url).host}/webhooks/${provider}` });
}

/** Sends a signed callback to the stack at `url`. */
export function post(url: string, signed: Signed, signal?: AbortSignal): Promise<Response> {
  const { host, origin } = new URL(url);
  return fetch(origin + signed.url.slice(`https://${host}`.length), {
    method: signed.method,
    headers: signed.headers,
    ...(signed.method === 'POST' && { body: new Uint8Array(signed.body) }),
    ...(signal !== undefined && { signal }),
  });
}

export function nothingAnswers(url: string): StartError {
  return new StartError(`Nothing answers at ${url}: start the stack with npm start.`);
}
