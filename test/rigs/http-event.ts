import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { RouteKey } from '../../shared/http/routes.ts';

/** The members of a Lambda context that the handlers read. */
export const lambdaContext = {
  awsRequestId: 'request-1',
  getRemainingTimeInMillis: () => 60_000,
} as Context;

/** The header of a token with these claims, which API Gateway passes on beside the parsed claims. */
export function bearerOf(claims: object): { readonly authorization: string } {
  const [head, payload] = [{ alg: 'RS256', typ: 'JWT' }, claims].map(part =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return { authorization: `Bearer ${head}.${payload}.c2lnbmF0dXJl` };
}

/** An event of API Gateway's HTTP API in payload format 2.0, with headers and body in the gateway's form. */
export function httpEvent(
  routeKey: RouteKey,
  pathParameters: Record<string, string>,
  headers: Readonly<Record<string, string | undefined>> = {},
  body?: Buffer,
  options: { readonly base64?: boolean; readonly method?: string; readonly url?: string } = {},
): APIGatewayProxyEventV2 {
  const [routeMethod, path] = routeKey.split(' ') as [string, string];
  const method = options.method ?? (routeMethod === 'ANY' ? 'GET' : routeMethod);
  const rawPath = path.replace(/\{(\w+)\}/g, (_, name: string) => pathParameters[name] ?? '');
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: options.url?.split('?').slice(1).join('?') ?? '',
    headers,
    pathParameters,
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example.com',
      domainPrefix: 'api',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: '02/Jan/2026:12:00:00 +0000',
      timeEpoch: Date.UTC(2026, 0, 2, 12),
    },
    ...(body?.length && { body: body.toString(options.base64 ? 'base64' : 'utf8') }),
    isBase64Encoded: Boolean(options.base64),
  };
}
