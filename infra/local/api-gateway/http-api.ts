import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { ownValue } from '../../../shared/runtime/own-property.ts';
import { FunctionError, type LocalFunction } from '../lambda/function-environment.ts';
import { keepAliveTimeout } from '../services/loopback-server.ts';
import { StartError } from '../start-error.ts';
import { gatewayAnswer, type HttpAnswer, httpAnswer, httpEvent, type Jwt } from './http-payload.ts';
import { createRouter, decodedPath, type HttpRoute } from './http-routes.ts';

/** Checks a request's token. */
export type Authorizer = (authorization: string | undefined) => Promise<Jwt | 'unauthorized' | 'forbidden'>;

export interface LocalRoute extends HttpRoute {
  readonly function: LocalFunction;
  readonly authorizer: Authorizer | null;
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
  /** Called for each answer, but for those of the runner's own pages and those to preflights of allowed origins. */
  readonly onAnswer?: ((answered: Answered) => void) | undefined;
}

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
}

export interface HttpServer {
  readonly url: string;
  /** Every request is answered 503 until an API is served. */
  serve(api: HttpApi): void;
  stop(): Promise<void>;
}

/** API Gateway takes no larger body, and Lambda no larger event. */
const maxBodyBytes = 10 * 1024 * 1024;
const maxEventBytes = 6 * 1024 * 1024;

/** Listens on the loopback interface alone. A taken port is a {@link StartError}. */
export async function startHttpServer(port: number): Promise<HttpServer> {
  let answer: (message: IncomingMessage) => Promise<HttpAnswer> = async () => gatewayAnswer(503, 'Service Unavailable');
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
      finish(gatewayAnswer(500, 'Internal Server Error'));
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

/** API Gateway's way from a request to an answer. */
function createGateway({ apiId, routes, cors, ownPages, onFault, onAnswer }: HttpApi) {
  const routeOf = createRouter(routes);

  return async (message: IncomingMessage): Promise<HttpAnswer> => {
    const body = await bodyOf(message);
    const path = decodedPath(message.url ?? '/');
    const method = message.method ?? 'GET';
    const match = path === null ? null : routeOf(method, path);
    const own = match === null ? ownValue(ownPages, path) : undefined;
    if (own !== undefined) return ownAnswer(message, own);
    const { origin, authorization } = message.headers;
    const isPreflight = method === 'OPTIONS' && 'access-control-request-method' in message.headers;
    const requestId = randomUUID();
    const { vary, ...allowed } = allowedOrigin(cors, origin);
    const refusedOrigin = isPreflight && match === null && vary === undefined ? origin : undefined;
    const told = ({ statusCode }: HttpAnswer) =>
      onAnswer?.({
        requestId,
        method,
        path: path ?? (message.url ?? '/').split('?', 1)[0]!,
        routeKey: match?.route.key ?? null,
        provider: match?.pathParameters.provider,
        statusCode,
        refusedOrigin,
      });
    if (cors !== undefined && isPreflight) {
      const answered = preflight(cors, origin);
      if (refusedOrigin !== undefined) told(answered);
      return answered;
    }
    const answered = path === null ? gatewayAnswer(400, 'Bad Request') : await answerAt(path);
    told(answered);
    const varies = [answered.headers.vary, vary].filter(names => names !== undefined).join(', ');
    return {
      ...answered,
      headers: {
        ...answered.headers,
        'apigw-requestid': requestId,
        ...allowed,
        ...(varies !== '' && { vary: varies }),
      },
    };

    async function answerAt(path: string): Promise<HttpAnswer> {
      if (match === null) return gatewayAnswer(404, 'Not Found');
      const { route, pathParameters } = match;
      if (body === null) return gatewayAnswer(413, 'Request Entity Too Large');
      const jwt = route.authorizer === null ? null : await route.authorizer(authorization);
      if (jwt === 'unauthorized') return gatewayAnswer(401, 'Unauthorized', { 'www-authenticate': 'Bearer' });
      if (jwt === 'forbidden') return gatewayAnswer(403, 'Forbidden');
      const event = httpEvent({ message, path, body, routeKey: route.key, pathParameters, jwt, apiId, requestId });
      if (isTooLarge(event)) return gatewayAnswer(413, 'Request Entity Too Large');
      try {
        const result = httpAnswer(await route.function.invoke(event));
        if (result !== null) return result;
        onFault(new FunctionError('BadAnswer', `${route.function.name}: its result is no HTTP answer`));
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error;
        if (error.name === 'TooManyRequestsException') return gatewayAnswer(503, 'Service Unavailable');
        onFault(error);
      }
      return gatewayAnswer(500, 'Internal Server Error');
    }
  };
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

/** Lambda counts the bytes of an event's JSON, in which the quotes of its body are escaped. */
function isTooLarge(event: { readonly body?: string }): boolean {
  // At worst each character takes six.
  return (event.body ?? '').length * 6 > maxEventBytes && Buffer.byteLength(JSON.stringify(event)) > maxEventBytes;
}

/** The body; null if it is too large. It is read to its end in any case, so that the answer can be read. */
async function bodyOf(message: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
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

function send(response: ServerResponse, { statusCode, headers, body }: HttpAnswer): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = statusCode;
  if (statusCode !== 204 && statusCode !== 304) response.setHeader('content-length', body.length);
  response.end(body);
}
