import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
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
  readonly at: Date;
}

/** A request's id in the form of API Gateway, e.g. `JKJaXmPLvHcESHA=`. */
export function newRequestId(): string {
  return `${Buffer.from(randomHex(22), 'hex').toString('base64url')}=`;
}

/** From a UUID, as Node.js gets random bytes for many of them at a time: a call for each id costs ten times as much. */
function randomHex(digits: number): string {
  return randomUUID().replaceAll('-', '').slice(-digits);
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
  at,
}: HttpRequest): APIGatewayProxyEventV2 {
  const [, ...query] = (message.url ?? '/').split('?');
  const rawQueryString = query.join('?');
  const { cookie: _, ...headers } = headersOf(message);
  const cookies = cookiesOf(message);
  const contentType = (headers['content-type'] ?? '').split(';')[0]!.trim();
  const isBase64Encoded = body.length > 0 && !(textTypes.test(contentType) && isUtf8(body));
  const parameters = joined(new URLSearchParams(rawQueryString));
  const sourceIp = message.socket.remoteAddress ?? '127.0.0.1';
  const context = {
    accountId,
    apiId,
    domainName: headers.host ?? '',
    domainPrefix: (headers.host ?? '').split(/[.:]/, 1)[0]!,
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
    time: commonLogTime(at),
    timeEpoch: at.getTime(),
    ...(jwt !== null && { authorizer: { jwt } }),
  };
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookies.length > 0 && { cookies }),
    headers: {
      ...headers,
      'content-length': String(body.length),
      'x-amzn-trace-id': `Root=1-${Math.floor(at.getTime() / 1000).toString(16)}-${randomHex(24)}`,
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

/** The cookies of all cookie headers. */
function cookiesOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.flatMap((value, index) =>
    index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'cookie' ? value.split(/;\s*/) : [],
  );
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
  /** Values of `set-cookie`. */
  readonly cookies?: readonly string[];
  readonly body: Buffer;
}

export function jsonAnswer(
  statusCode: number,
  content: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return { statusCode, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(text) };
}

/**
 * The answer that a function returned; null if its result is none. A result without a status code is the body of a 200
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
 */
export function httpAnswer(result: unknown): HttpAnswer | null {
  const members = (result ?? {}) as Record<string, unknown>;
  if (members.statusCode === undefined) return jsonAnswer(200, result ?? null);
  const { statusCode, headers = {}, body = '', isBase64Encoded, cookies = [] } = members;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599 || typeof body !== 'string') return null;
  if (!Array.isArray(cookies)) return null;
  const named = Object.entries(headers as object).map(([name, value]) => [name.toLowerCase(), String(value)]);
  const bytes = Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
  return {
    statusCode: status,
    headers: {
      ...(bytes.length > 0 && { 'content-type': 'text/plain;charset=UTF-8' }),
      ...Object.fromEntries(named),
    },
    ...(cookies.length > 0 && { cookies: cookies.map(String) }),
    body: bytes,
  };
}
