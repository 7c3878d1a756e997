import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { within } from '../../shared/deadline.ts';
import { type HttpAnswer, json, problem, type problems } from '../../shared/http.ts';
import { httpErrors } from '../../shared/http-errors.ts';
import { errorName, type Log } from '../../shared/log.ts';
import { lookUp } from '../../shared/look-up.ts';
import type {
  MetadataNames,
  Outside,
  Provider,
  ProviderRequest,
  Quarantined,
  Refusal,
  SetUpAnswer,
} from '../../shared/providers/provider.ts';
import type { Recorder } from '../../shared/store.ts';
import type { Quarantine } from './quarantine.ts';
import type { WebhookSecretsOf } from './webhook-secrets.ts';

export interface IngestDependencies {
  readonly providers: Readonly<Record<string, Provider>>;
  readonly secretsOf: WebhookSecretsOf;
  readonly store: Recorder;
  readonly quarantine: Quarantine;
  readonly metadata: MetadataNames;
  /** A GET of a URL that an adapter made; rejects once `signal` says that there is no time left. */
  readonly get: (url: string, signal: AbortSignal) => Promise<string | null>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** A larger body than this cannot reach a Lambda function in one piece. */
const largestBody = 6 * 1024 * 1024;

/**
 * Some providers wait 3 s and pause the webhook after 20 slow answers. So long after arrival nothing is waited for any
 * more, what is not durable by then is asked for again; and so much of it is kept for what has to go to quarantine.
 */
const answerAfter = 2_300;
const forQuarantine = 500;

/** What is left at least to a request that waited long for a cold start: some of it may be recorded all the same. */
const timeAtLeast = 500;

/** The function's own timeout; a gateway that claims a longer wait has another clock than we. */
const longestWait = 10_000;

const retryAfterSeconds = '30';
/** Some send user and password only once they are asked to (RFC 7617). */
const challenge = { 'www-authenticate': 'Basic realm="webhooks", charset="UTF-8"' };
const againBy = { 429: 'try-again', 503: 'unavailable' } as const satisfies Record<number, keyof typeof problems>;

/** What a method by which no events come gets, unless the provider has its own: dashboards probe a URL before they take it. */
const probes = {
  HEAD: () => ({ statusCode: 200 }),
  OPTIONS: () => ({ statusCode: 204, headers: { allow: 'POST, HEAD, OPTIONS' } }),
} as const satisfies Record<string, () => SetUpAnswer>;

const onlyPost: readonly string[] = ['POST'];

/**
 * The ingest function: one call of a provider in, an answer that says whether the provider should send it again out.
 * 200 means that every event is in the table or in the quarantine queue.
 */
export function createHandler(dependencies: IngestDependencies) {
  const { providers, now, log } = dependencies;
  return middy<APIGatewayProxyEventV2, HttpAnswer>()
    .use(httpErrors(log))
    .handler(async event => {
      const provider = lookUp(providers, event.pathParameters?.provider ?? '');
      if (provider === undefined) return problem('not-found');
      const { requestId, timeEpoch, http, domainName } = event.requestContext;
      const { method } = http;
      const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
      if (body.length > largestBody) return problem('too-large');
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

function probed({ probes: own = {}, methods }: Provider, request: ProviderRequest): HttpAnswer {
  const probe = lookUp<(request: ProviderRequest) => SetUpAnswer>({ ...probes, ...own }, request.method);
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
  return waited > 0 && waited < longestWait ? Math.max(answerAfter - waited, timeAtLeast) : answerAfter;
}

async function answer(
  { providers, secretsOf, store, quarantine, metadata, get, log }: IngestDependencies,
  provider: Provider,
  requestId: string,
  timeLeft: number,
  request: ProviderRequest,
): Promise<HttpAnswer> {
  const deadline = AbortSignal.timeout(timeLeft);
  const quarantineBegins = AbortSignal.timeout(Math.max(timeLeft - forQuarantine, timeLeft / 2));
  const again = provider.whenUnavailable ?? 429;
  const unavailable = (cause: string) => {
    log('webhook.unavailable', { requestId, provider: provider.name, cause });
    return problem(againBy[again], {}, { 'retry-after': retryAfterSeconds });
  };

  let secrets: readonly string[];
  try {
    secrets = await within(deadline, secretsOf(provider.name));
  } catch (error) {
    return unavailable(`secrets: ${errorName(error)}`);
  }
  const outside: Outside = { get: url => within(deadline, get(url, deadline)) };
  let refusal: Refusal | null;
  try {
    const setUp = (await provider.handshake?.(request, secrets, outside)) ?? null;
    if (setUp !== null) {
      const { refusal } = setUp;
      if (refusal === undefined) log('webhook.set-up', { requestId, provider: provider.name });
      else log('webhook.refused', { requestId, provider: provider.name, refusal });
      return setUpAnswer(setUp);
    }
    refusal = await provider.verify(request, secrets, outside);
  } catch (error) {
    return unavailable(`outside: ${errorName(error)}`);
  }
  if (refusal !== null) {
    log('webhook.refused', { requestId, provider: provider.name, refusal });
    return problem('unauthorized', {}, provider.secretKind === 'basic-auth' ? challenge : {});
  }

  const reading = provider.parse(request, {
    metadata,
    messageIdOf: (name, messageId) => lookUp(providers, name)?.messageIdOf?.(messageId) ?? messageId,
  });
  const { recorded, duplicate, dropped, full, failed } = await store.record(
    reading.events,
    request.receivedAt,
    reading.quarantined.length > 0 ? quarantineBegins : deadline,
  );
  const quarantined: Quarantined[] = [
    ...reading.quarantined,
    ...full.map(piece => ({ reason: 'item_full', piece }) as const),
  ];
  const counts = {
    received: reading.events.length + reading.quarantined.length + reading.unrelated,
    recorded,
    duplicate,
    dropped,
    quarantined: quarantined.length,
    unrelated: reading.unrelated,
  };
  const answered = (statusCode: number) =>
    log('webhook.answered', {
      requestId,
      provider: provider.name,
      answer: statusCode,
      ...counts,
      failed: failed.reduce((sum, { events }) => sum + events.length, 0),
    });

  if (failed.length > 0) {
    answered(again);
    return unavailable(`table: ${errorName(failed[0]?.error)}`);
  }
  if (quarantined.length > 0) {
    try {
      await within(deadline, quarantine({ ...request, requestId, provider: provider.name }, quarantined));
    } catch (error) {
      answered(again);
      return unavailable(`quarantine: ${errorName(error)}`);
    }
  }
  answered(200);
  return json(200, { ...counts, deferred: 0 });
}
