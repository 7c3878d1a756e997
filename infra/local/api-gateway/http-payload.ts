import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayEventRequestContextJWTAuthorizer, APIGatewayProxyEventV2 } from 'aws-lambda';
import { accountId } from '../cloudformation/template.ts';

/** Claims and scopes that API Gateway's JWT authorizer hands on: every claim is text. */
export type Jwt = APIGatewayEventRequestContextJWTAuthorizer['jwt'];

export interface HttpRequest {
  readonly message: IncomingMessage;
  /** Decoded: the request was routed by this form. */
  readonly path: string;
  readonly body: Buffer;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly jwt: Jwt | null;
  readonly apiId: string;
  readonly requestId: string;
}

/** Content types whose body reaches a function as text. Every other body, and one that is no UTF-8, comes in base64. */
const textTypes = /^(text\/|application\/(json|javascript|xml)$)/i;

/** An HTTP request as the event of payload format 2.0. */
export function httpEvent({
  message,
  path,
  body,
  routeKey,
  pathParameters,
  jwt,
  apiId,
  requestId,
}: HttpRequest): APIGatewayProxyEventV2 {
  const [, ...query] = (message.url ?? '/').split('?');
  const rawQueryString = query.join('?');
  const { cookie, ...headers } = headersOf(message);
  const contentType = (headers['content-type'] ?? '').split(';')[0]!.trim();
  const isBase64Encoded = body.length > 0 && !(textTypes.test(contentType) && isUtf8(body));
  const parameters = joined(new URLSearchParams(rawQueryString));
  const sourceIp = message.socket.remoteAddress ?? '127.0.0.1';
  const now = new Date();
  const context = {
    accountId,
    apiId,
    domainName: headers.host ?? '',
    domainPrefix: apiId,
    http: {
      method: message.method ?? 'GET',
      path,
      protocol: `HTTP/${message.httpVersion}`,
      sourceIp,
      userAgent: headers['user-agent'] ?? '',
    },
    requestId,
    routeKey,
    stage: '$default',
    time: commonLogTime(now),
    timeEpoch: now.getTime(),
    ...(jwt !== null && { authorizer: { jwt } }),
  };
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookie !== undefined && { cookies: cookie.split(/;\s*/) }),
    headers: {
      ...headers,
      'x-amzn-trace-id': `Root=1-${Math.floor(now.getTime() / 1000).toString(16)}-${requestId.replaceAll('-', '').slice(0, 24)}`,
      'x-forwarded-for': [headers['x-forwarded-for'], sourceIp].filter(Boolean).join(','),
      'x-forwarded-port': String(message.socket.localPort),
      'x-forwarded-proto': 'http',
    },
    ...(Object.keys(parameters).length > 0 && { queryStringParameters: parameters }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    requestContext: context,
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}

/** Names in lower case. The values of a name that came several times are joined by commas. */
function headersOf({ rawHeaders }: IncomingMessage): Record<string, string> {
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index]!.toLowerCase(), rawHeaders[index + 1]!]);
  }
  const { connection, 'keep-alive': keepAlive, 'transfer-encoding': transferEncoding, ...endToEnd } = joined(pairs);
  return endToEnd;
}

function joined(pairs: Iterable<[string, string]>): Record<string, string> {
  const values: Record<string, string> = Object.create(null);
  for (const [name, value] of pairs) values[name] = name in values ? `${values[name]},${value}` : value;
  return { ...values };
}

/** E.g. `12/Mar/2020:19:03:58 +0000`. */
function commonLogTime(at: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(at.toUTCString())!;
  return `${day}/${month}/${year}:${time} +0000`;
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** API Gateway's own answers, in its own words. */
export function gatewayAnswer(statusCode: number, message: string, headers: Record<string, string> = {}): HttpAnswer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify({ message })),
  };
}

/** The answer that a function returned; null if its result is none. */
export function httpAnswer(result: unknown): HttpAnswer | null {
  const { statusCode, headers = {}, body = '', isBase64Encoded } = (result ?? {}) as Record<string, unknown>;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599 || typeof body !== 'string') return null;
  const named = Object.entries(headers as object).map(([name, value]) => [name.toLowerCase(), String(value)]);
  const bytes = Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
  return {
    statusCode: status,
    headers: {
      ...(bytes.length > 0 && { 'content-type': 'text/plain;charset=UTF-8' }),
      ...Object.fromEntries(named),
    },
    body: bytes,
  };
}
