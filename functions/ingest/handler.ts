import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Nonces } from '../../shared/guards/nonces.ts';
import { httpErrors } from '../../shared/http/error-middleware.ts';
import { problem, type problems } from '../../shared/http/problems.ts';
import { type HttpAnswer, json } from '../../shared/http/responses.ts';
import type {
  Nonce,
  Outside,
  Provider,
  ProviderRequest,
  ReadingContext,
  Refusal,
  SetUpAnswer,
} from '../../shared/providers/provider.ts';
import { InvalidWebhookSecrets, type WebhookSecret } from '../../shared/providers/signatures/webhook-secrets.ts';
import { abortable } from '../../shared/runtime/abortable.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';
import type { IngestMetrics } from './metrics.ts';
import type { Deadlines, PersistEvents } from './persist-events.ts';
import { proofOf, readingFor, textsOf } from './proof.ts';
import type { WebhookSecretsOf } from './webhook-secrets.ts';

export interface IngestDependencies {
  readonly providers: Readonly<Record<string, Provider>>;
  readonly secretsOf: WebhookSecretsOf;
  readonly nonces: Nonces;
  readonly persistEvents: PersistEvents;
  readonly context: ReadingContext;
  /** A GET of a URL that an adapter made; rejects once `signal` says that there is no time left. */
  readonly get: (url: string, signal: AbortSignal) => Promise<string | null>;
  readonly metrics: IngestMetrics;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** A larger body than this cannot reach a Lambda function in one piece. */
const maxBodyBytes = 6 * 1024 * 1024;

/**
 * Some providers wait 3 s and pause the webhook after 20 slow answers. So long after arrival nothing is waited for any
 * more, what is not durable by then is asked for again; and so much of it is kept for the queues, which take what the
 * table does not.
 */
const answerAfter = 2_300;
const reservedForQueuesMs = 800;

/** What is left at least to a request that waited long for a cold start: some of it may be recorded all the same. */
const timeAtLeast = 500;

/** The function's own timeout; a gateway that claims a longer wait has another clock than we. */
const maxRequestMs = 10_000;

const retryAfterSeconds = '30';
/** Some send user and password only once they are asked to (RFC 7617). */
const challenge = { 'www-authenticate': 'Basic realm="webhooks", charset="UTF-8"' };
const retryProblem = { 429: 'try-again', 503: 'unavailable' } as const satisfies Record<number, keyof typeof problems>;

/** What a method by which no events come gets, unless the provider has its own: dashboards probe a URL before they take it. */
const probes = {
  HEAD: () => ({ statusCode: 200 }),
  OPTIONS: () => ({ statusCode: 204, headers: { allow: 'POST, HEAD, OPTIONS' } }),
} as const satisfies Record<string, () => SetUpAnswer>;

const onlyPost: readonly string[] = ['POST'];

/**
 * The ingest function: one call of a provider in, an answer that says whether the provider should send it again out.
 * 200 means that every event is in the table, in the retry queue or in quarantine.
 */
export function createHandler(dependencies: IngestDependencies) {
  const { providers, now, log } = dependencies;
  return middy<APIGatewayProxyEventV2, HttpAnswer>()
    .use(httpErrors(log))
    .handler(async event => {
      const provider = ownValue(providers, event.pathParameters?.provider ?? '');
      if (provider === undefined) return problem('not-found');
      const { requestId, timeEpoch, http, domainName } = event.requestContext;
      const { method } = http;
      const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
      if (body.length > maxBodyBytes) return problem('too-large');
      // No provider compresses; what would have to be inflated before anything is proved could be a bomb.
      if (isEncoded(event.headers)) return problem('unsupported-encoding', {}, { 'accept-encoding': 'identity' });
      const receivedAt = now();
      const query = event.rawQueryString === '' ? '' : `?${event.rawQueryString}`;
      const request: ProviderRequest = {
        method,
        url: `https://${domainName}${event.rawPath}${query}`,
        headers: Object.fromEntries(Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value])),
        body,
        receivedAt,
      };
      const brings: readonly string[] = provider.methods ?? onlyPost;
      if (!brings.includes(method)) return probed(provider, request);
      return answer(dependencies, provider, requestId, timeLeftOf(timeEpoch, receivedAt), request);
    });
}

function isEncoded(headers: APIGatewayProxyEventV2['headers']): boolean {
  const encodings = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'content-encoding');
  return encodings.some(([, encoding = '']) => !/^(identity)?$/i.test(encoding.trim()));
}

function probed({ probes: own = {}, methods }: Provider, request: ProviderRequest): HttpAnswer {
  const probe = ownValue<(request: ProviderRequest) => SetUpAnswer>({ ...probes, ...own }, request.method);
  return probe === undefined
    ? problem(
        'method-not-allowed',
        {},
        { allow: [...new Set([...(methods ?? onlyPost), ...Object.keys({ ...own, ...probes })])].join(', ') },
      )
    : setUpAnswer(probe(request));
}

function setUpAnswer({ statusCode, headers = {}, body }: SetUpAnswer): HttpAnswer {
  return body === undefined ? { statusCode, headers: { ...headers } } : json(statusCode, body, headers);
}

/**
 * Milliseconds until the answer has to be out.
 *
 * @param timeEpoch when the gateway took the request, in epoch milliseconds
 */
function timeLeftOf(timeEpoch: number, now: number): number {
  const waited = now - timeEpoch;
  return waited > 0 && waited < maxRequestMs ? Math.max(answerAfter - waited, timeAtLeast) : answerAfter;
}

async function answer(
  { secretsOf, nonces, persistEvents, context, get, metrics, log }: IngestDependencies,
  provider: Provider,
  requestId: string,
  timeLeft: number,
  request: ProviderRequest,
): Promise<HttpAnswer> {
  const deadlines: Deadlines = {
    table: AbortSignal.timeout(Math.max(timeLeft - reservedForQueuesMs, Math.floor(timeLeft / 2))),
    queues: AbortSignal.timeout(timeLeft),
  };
  const about = { requestId, provider: provider.name };
  const again = provider.retryStatus ?? 429;
  const unavailable = (cause: string) => {
    log('webhook.unavailable', { ...about, cause });
    metrics.count(provider.name, { unavailable: 1 });
    return problem(retryProblem[again], {}, { 'retry-after': retryAfterSeconds });
  };
  const countRefused = (refusal: Refusal) => {
    log('webhook.refused', { ...about, refusal });
    metrics.count(provider.name, { refused: 1 });
  };
  const refused = (refusal: Refusal) => {
    countRefused(refusal);
    return problem('unauthorized', {}, provider.secretKind === 'basic-auth' ? challenge : {});
  };

  let secrets: readonly WebhookSecret[];
  try {
    secrets = await abortable(deadlines.queues, secretsOf(provider.name));
  } catch (error) {
    return unavailable(`secrets: ${error instanceof InvalidWebhookSecrets ? error.message : errorName(error)}`);
  }
  const outside: Outside = { get: url => abortable(deadlines.queues, get(url, deadlines.queues)) };
  let proof: Awaited<ReturnType<typeof proofOf>>;
  try {
    const setUp = (await provider.handshake?.(request, textsOf(secrets), outside)) ?? null;
    if (setUp !== null) {
      if (setUp.refusal === undefined) log('webhook.set-up', about);
      else countRefused(setUp.refusal);
      return setUpAnswer(setUp);
    }
    proof = await proofOf(provider, request, secrets, outside);
  } catch (error) {
    return unavailable(`outside: ${errorName(error)}`);
  }
  if ('refusal' in proof) return refused(proof.refusal);

  const used = provider.noncesOf?.(request, textsOf(secrets)) ?? [];
  let unproven: readonly Nonce[] = [];
  try {
    if (used.length > 0) {
      const use = await abortable(deadlines.table, nonces(provider.name, used, request.receivedAt));
      if (use === 'reused') return refused('reused_nonce');
      if (use === 'reclaimed') countRefused('reused_nonce');
    }
  } catch {
    // Out of reach, as the table will be: the retry queue looks them up before it records anything.
    unproven = used;
  }

  const { provenFor } = proof;
  const reading = readingFor(provenFor, provider.parse(request, context));
  // In quarantine nobody would look them up.
  if (unproven.length > 0 && reading.quarantined.length > 0) return unavailable('nonces');
  metrics.arrived(provider.name, reading.events);
  const kept = await persistEvents({ ...request, ...about, provenFor }, reading, deadlines, unproven);
  const statusCode = kept.durable ? 200 : again;
  log('webhook.answered', { ...about, answer: statusCode, ...kept.counts, failed: kept.durable ? 0 : kept.failed });
  if (!kept.durable) return unavailable(kept.cause);
  const nearest = [...new Set(reading.quarantined.flatMap(({ nearest }) => nearest ?? []))];
  if (nearest.length === 0) return json(200, kept.counts);
  log('webhook.misspelt', { ...about, nearest: nearest.join(', ') });
  return json(200, { ...kept.counts, didYouMean: nearest });
}
