import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { ownValue } from '../../../shared/runtime/own-property.ts';
import { FunctionError, type LocalFunction } from '../lambda/function-environment.ts';
import { keepAliveTimeout } from '../services/loopback-server.ts';
import { StartError } from '../start-error.ts';
import { type HttpAnswer, httpAnswer, httpEvent, type Jwt, jsonAnswer, newRequestId } from './http-payload.ts';
import { createRouter, decodedPath, type HttpRoute, type RouteMatch } from './http-routes.ts';
import { accountLimit as awsAccountLimit, createTokenBucket, type RateLimit } from './token-bucket.ts';

/** Checks a request's token. */
export type Authorizer = (authorization: string | undefined) => Promise<Jwt | TokenRefusal>;

/** A request that its token does not let through. */
export interface TokenRefusal {
  readonly refused: 'unauthorized' | 'forbidden';
  readonly error: string;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface LocalRoute extends HttpRoute {
  readonly function: LocalFunction;
  readonly authorizer: Authorizer | null;
  /** The stage's limit of this route; by default the account's limit of all routes together is the only one. */
  readonly limit?: RateLimit | undefined;
  /** How long the gateway waits for the function. */
  readonly timeoutMs?: number | undefined;
}

/** The `CorsConfiguration` of an HTTP API. */
export interface Cors {
  readonly AllowOrigins?: readonly string[];
  readonly AllowMethods?: readonly string[];
  readonly AllowHeaders?: readonly string[];
  readonly ExposeHeaders?: readonly string[];
  readonly MaxAge?: number;
}

export interface HttpApi {
  readonly apiId: string;
  readonly routes: readonly LocalRoute[];
  readonly cors: Cors | undefined;
  /** Pages of the runner itself, by path, for this machine alone. A route that fits the path goes before them. */
  readonly ownPages: Readonly<Record<string, (request: IncomingMessage) => HttpAnswer | Promise<HttpAnswer>>>;
  /** Handlers of the runner itself, by the path below which they answer everything, for this machine alone. */
  readonly ownHandlers?: Readonly<Record<string, RequestListener>>;
  /** Called for each invocation that failed. */
  readonly onFault: (error: FunctionError) => void;
  /** Called for each answer, but for those of the runner's own pages. */
  readonly onAnswer?: ((answered: Answered) => void) | undefined;
  /** The limit of all routes together; that of a usual AWS account by default. */
  readonly accountLimit?: RateLimit | undefined;
  /** Epoch milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** API Gateway's own answers, in its own words, by the reason for them. */
const gatewayAnswers = {
  undecodable_path: [400, 'Bad Request'],
  unauthorized: [401, 'Unauthorized'],
  forbidden: [403, 'Forbidden'],
  no_route: [404, 'Not Found'],
  too_large: [413, 'Request Entity Too Large'],
  throttled: [429, 'Too Many Requests'],
  headers_too_large: [431, 'Request Header Fields Too Large'],
  function_failed: [500, 'Internal Server Error'],
  function_busy: [503, 'Service Unavailable'],
  function_late: [503, 'Service Unavailable'],
} as const satisfies Record<string, readonly [statusCode: number, message: string]>;

/** Why the gateway itself has answered a request. */
export type GatewayReason = keyof typeof gatewayAnswers | 'preflight';

/** A request and the status of its answer. */
export interface Answered {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  /** Null where no route fits. */
  readonly routeKey: string | null;
  /** The path parameter of that name: it makes the request a callback. */
  readonly provider: string | undefined;
  readonly statusCode: number;
  /** The origin of a preflight whose pages may not call the API. */
  readonly refusedOrigin: string | undefined;
  /** Null where the answer is the function's. */
  readonly gatewayReason: GatewayReason | null;
  /** The fault of a token that did not serve. */
  readonly tokenError: string | null;
  /** From the arrival of the whole request to the answer. */
  readonly latencyMs: number;
}

export interface HttpServer {
  readonly url: string;
  /** Every request is answered 503 until an API is served. */
  serve(api: HttpApi): void;
  stop(): Promise<void>;
}

/** API Gateway takes no larger body, and no longer request line and header values together. */
const maxBodyBytes = 10 * 1024 * 1024;
const maxHeaderBytes = 10_240;
/** Lambda takes no larger event, and hands no larger result on. */
const maxEventBytes = 6 * 1024 * 1024;
const maxResultBytes = 6_291_556;
/** API Gateway waits no longer for a function. */
const maxTimeoutMs = 30_000;

/** Listens on the loopback interface alone. A taken port is a {@link StartError}. */
export async function startHttpServer(port: number): Promise<HttpServer> {
  let answer: (message: IncomingMessage) => Promise<HttpAnswer> = async () => ownAnswerTo('function_busy');
  let ownHandlers: readonly [path: string, handler: RequestListener][] = [];
  const server = createServer({ keepAliveTimeout }, (message, response) => {
    // A client that keeps its connection is told to let it go once the server stops.
    const finish = (answered: HttpAnswer) => {
      if (!server.listening) response.setHeader('connection', 'close');
      send(response, answered);
    };
    const handler = ownHandlers.find(([path]) => message.url?.startsWith(`${path}/`))?.[1];
    if (handler !== undefined) return isOwnHost(message) ? handler(message, response) : finish(foreignHost(message));
    answer(message).then(finish, error => {
      // The client is gone.
      if (message.destroyed && !message.complete) return;
      console.error(error);
      finish(ownAnswerTo('function_failed'));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new StartError(`port ${port} is taken by another program: stop it, or set PORT (0 takes a free one)`)
          : new StartError(`cannot listen on port ${port}: ${error.message}`),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`,
    serve(api) {
      answer = createGateway(api);
      ownHandlers = Object.entries(api.ownHandlers ?? {});
    },
    stop: () =>
      new Promise(resolve => {
        // The callback comes at once where the server is stopped already.
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

/** An answer, and the reason for it where it is the gateway's own. */
interface Outcome {
  readonly answer: HttpAnswer;
  readonly reason: GatewayReason | null;
  readonly tokenError?: string;
}

/** API Gateway's way from a request to an answer. */
function createGateway(api: HttpApi) {
  const { apiId, routes, cors, ownPages, onFault, onAnswer, now = Date.now } = api;
  const routeOf = createRouter(routes);
  const isThrottled = createThrottle(api, now);

  return async (message: IncomingMessage): Promise<HttpAnswer> => {
    const body = await bodyOf(message);
    const arrivedAt = now();
    const path = decodedPath(message.url ?? '/');
    const method = message.method ?? 'GET';
    const match = path === null ? null : routeOf(method, path);
    const own = match === null ? ownValue(ownPages, path) : undefined;
    if (own !== undefined) return ownAnswer(message, own);
    const { origin, authorization } = message.headers;
    const isPreflight = method === 'OPTIONS' && 'access-control-request-method' in message.headers;
    const requestId = newRequestId();
    const { vary, ...allowed } = allowedOrigin(cors, origin);
    const { answer, reason, tokenError = null } = await outcome();
    onAnswer?.({
      requestId,
      method,
      path: path ?? (message.url ?? '/').split('?', 1)[0]!,
      routeKey: match?.route.key ?? null,
      provider: match?.pathParameters.provider,
      statusCode: answer.statusCode,
      refusedOrigin: isPreflight && match === null && vary === undefined ? origin : undefined,
      gatewayReason: reason,
      tokenError,
      latencyMs: now() - arrivedAt,
    });
    const varies = [answer.headers.vary, vary].filter(names => names !== undefined).join(', ');
    return {
      ...answer,
      headers: {
        ...(cors === undefined || reason === 'preflight' ? answer.headers : withoutCors(answer.headers)),
        'apigw-requestid': requestId,
        ...allowed,
        ...(varies !== '' && { vary: varies }),
      },
    };

    async function outcome(): Promise<Outcome> {
      if (headerBytes(message) > maxHeaderBytes) return refused('headers_too_large');
      if (path === null) return refused('undecodable_path');
      if (isThrottled(match)) return refused('throttled');
      // A route that takes OPTIONS gets preflights, too.
      if (match === null) {
        return cors !== undefined && isPreflight
          ? { answer: preflight(cors, origin), reason: 'preflight' }
          : refused('no_route');
      }
      return outcomeAt(match, path);
    }

    async function outcomeAt({ route, pathParameters }: RouteMatch<LocalRoute>, path: string): Promise<Outcome> {
      if (body === null) return refused('too_large');
      const token = route.authorizer === null ? null : await route.authorizer(authorization);
      if (token !== null && 'refused' in token) {
        return { ...refused(token.refused, token.headers), tokenError: token.error };
      }
      const at = new Date(arrivedAt);
      const request = { message, path, body, routeKey: route.key, pathParameters, jwt: token, apiId, requestId, at };
      const event = httpEvent(request);
      if (isLarger(event, maxEventBytes)) return refused('too_large');
      const { name } = route.function;
      try {
        const result = await within(route.timeoutMs ?? maxTimeoutMs, route.function.invoke(event));
        if (result === late) {
          onFault(new FunctionError('Timeout', `${name}: no answer before the gateway's timeout`));
          return refused('function_late');
        }
        const answer = httpAnswer(result);
        if (answer === null) onFault(new FunctionError('BadAnswer', `${name}: its result is no HTTP answer`));
        else if (isLarger(result, maxResultBytes)) {
          onFault(new FunctionError('Function.ResponseSizeTooLarge', `${name}: its result is larger than 6 MB`));
        } else return { answer, reason: null };
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error;
        if (error.name === 'TooManyRequestsException') return refused('function_busy');
        onFault(error);
      }
      return refused('function_failed');
    }
  };
}

function ownAnswerTo(reason: keyof typeof gatewayAnswers, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  const [statusCode, message] = gatewayAnswers[reason];
  return jsonAnswer(statusCode, { message }, headers);
}

function refused(reason: keyof typeof gatewayAnswers, headers?: Readonly<Record<string, string>>): Outcome {
  return { answer: ownAnswerTo(reason, headers), reason };
}

/** Says whether a request is beyond the limit of its route, or of the account. */
function createThrottle({ routes, accountLimit = awsAccountLimit }: HttpApi, now: () => number) {
  const account = createTokenBucket(accountLimit, now);
  const ofRoutes = new Map(
    routes.flatMap(({ key, limit }) => (limit === undefined ? [] : [[key, createTokenBucket(limit, now)]])),
  );
  return (match: RouteMatch<LocalRoute> | null): boolean => {
    const ofRoute = match === null ? undefined : ofRoutes.get(match.route.key);
    return ofRoute?.take() === false || !account.take();
  };
}

/** A result that has not come in time. */
const late = Symbol('late');

/** Without AbortController and its error: they cost 4 % of the gateway's CPU time on each request. */
function within<Result>(ms: number, running: Promise<Result>): Promise<Result | typeof late> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, late);
    void running.then(resolve, reject).then(() => clearTimeout(timer));
  });
}

/** The request line and the values of the headers. */
function headerBytes({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): number {
  const line = `${method} ${url} HTTP/${httpVersion}`.length;
  return rawHeaders.reduce((sum, text, index) => sum + (index % 2 === 1 ? text.length : 0), line);
}

/** The names of this machine. A page elsewhere can lead its own name to 127.0.0.1, but then the Host header has that name. */
const ownHost = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i;

/** The runner's pages need no token, so that they answer to the names of this machine alone. */
function isOwnHost({ headers }: IncomingMessage): boolean {
  return ownHost.test(headers.host ?? '');
}

function foreignHost({ socket, url }: IncomingMessage): HttpAnswer {
  return {
    statusCode: 403,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: Buffer.from(`This page is for this machine alone: open http://127.0.0.1:${socket.localPort}${url}\n`),
  };
}

async function ownAnswer(message: IncomingMessage, page: HttpApi['ownPages'][string]): Promise<HttpAnswer> {
  const { statusCode, headers, body } = isOwnHost(message) ? await page(message) : foreignHost(message);
  return {
    statusCode,
    headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers },
    body,
  };
}

/** Lambda counts the bytes of the JSON, in which the quotes of a body are escaped. */
function isLarger(payload: unknown, maxBytes: number): boolean {
  const { body } = (payload ?? {}) as { readonly body?: unknown };
  // At worst each character takes six, and anything else in an event or an answer is small.
  if (typeof body === 'string' && body.length * 6 <= maxBytes / 2) return false;
  return Buffer.byteLength(JSON.stringify(payload) ?? '') > maxBytes;
}

/** The body; null if it is too large. It is read to its end in any case, so that the answer can be read. */
async function bodyOf(message: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Events, since an async iterator over one chunk takes twice their time.
  message.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBodyBytes) chunks.push(chunk);
  });
  await once(message, 'end');
  return size <= maxBodyBytes ? Buffer.concat(chunks) : null;
}

function allowedOrigin(
  cors: Cors | undefined,
  origin: string | undefined,
): Record<string, string> & { readonly vary?: string } {
  const origins = cors?.AllowOrigins ?? [];
  if (origin === undefined || !origins.includes(origin)) return {};
  return {
    'access-control-allow-origin': origin,
    ...(cors?.ExposeHeaders && { 'access-control-expose-headers': cors.ExposeHeaders.join(',') }),
    vary: 'origin',
  };
}

/** With CORS configured, API Gateway ignores the CORS headers of a function (AWS: "Configure CORS for HTTP APIs"). */
function withoutCors(headers: HttpAnswer['headers']): HttpAnswer['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('access-control-')));
}

function preflight(cors: Cors, origin: string | undefined): HttpAnswer {
  const allowed = allowedOrigin(cors, origin);
  const headers: Record<string, string> =
    Object.keys(allowed).length === 0
      ? {}
      : {
          ...allowed,
          'access-control-allow-methods': (cors.AllowMethods ?? []).join(','),
          'access-control-allow-headers': (cors.AllowHeaders ?? []).join(','),
          ...(cors.MaxAge !== undefined && { 'access-control-max-age': String(cors.MaxAge) }),
        };
  return { statusCode: 204, headers, body: Buffer.alloc(0) };
}

function send(response: ServerResponse, { statusCode, headers, cookies = [], body }: HttpAnswer): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.statusCode = statusCode;
  if (statusCode !== 204 && statusCode !== 304) response.setHeader('content-length', body.length);
  // A small body as text of its bytes, which Node.js sends together with the headers in one piece.
  if (body.length > maxJoinedBytes) response.end(body);
  else response.end(body.toString('latin1'), 'latin1');
}

const maxJoinedBytes = 16_384;
