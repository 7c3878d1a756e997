import { accountId } from '../../infra/local/cloudformation/template.ts';

/**
 * Requests to HTTP APIs, and the events that API Gateway made of them. The facts are from AWS's documentation and from
 * events that people captured. Words and values are our own.
 */

/** Pages of https://docs.aws.amazon.com/apigateway/latest/developerguide/, and reports with a captured event. */
const sources = {
  payload: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html',
  routes: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html',
  variables: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html',
  tokens: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html',
  slash: 'https://github.com/fastify/aws-lambda-fastify/issues/169',
  decoded: 'https://github.com/honojs/hono/issues/2156',
  space: 'https://github.com/hotsock/voker',
} as const;

export interface Capture {
  readonly name: string;
  /** Null where captured events alone show it. */
  readonly source: keyof typeof sources | null;
  /** The request line and the headers. */
  readonly head: readonly string[];
  readonly body?: Buffer;
  /** Members of the event. */
  readonly event: object;
  /** Paths of members that the event does not have. */
  readonly without?: readonly string[];
}

const host = 'Host: abc123.execute-api.eu-west-1.amazonaws.com';

/** The routes of the API that was asked. */
export const routeKeys = [
  'POST /my/{parameter1}',
  'GET /{one}/{two}',
  'GET /capture/{value}',
  'ANY /any/{value}',
  'ANY /files/{path+}',
] as const;

export const captures: readonly Capture[] = [
  {
    name: 'repeated headers and parameters, cookies and a text',
    source: 'payload',
    head: [
      'POST /my/path?parameter1=value1&parameter1=value2&parameter2=value HTTP/1.1',
      host,
      'Header1: value1',
      'Header2: value1',
      'HEADER2: value2',
      'Cookie: cookie1; cookie2',
      'User-Agent: agent',
      'Content-Type: text/plain',
      'Content-Length: 17',
    ],
    body: Buffer.from('Hello from Lambda'),
    event: {
      version: '2.0',
      routeKey: 'POST /my/{parameter1}',
      rawPath: '/my/path',
      rawQueryString: 'parameter1=value1&parameter1=value2&parameter2=value',
      cookies: ['cookie1', 'cookie2'],
      headers: { header1: 'value1', header2: 'value1,value2', 'content-length': '17' },
      queryStringParameters: { parameter1: 'value1,value2', parameter2: 'value' },
      pathParameters: { parameter1: 'path' },
      requestContext: {
        accountId,
        apiId: 'abc123',
        domainName: 'abc123.execute-api.eu-west-1.amazonaws.com',
        domainPrefix: 'abc123',
        http: {
          method: 'POST',
          path: '/my/path',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'agent',
        },
        routeKey: 'POST /my/{parameter1}',
        stage: '$default',
        time: '12/Mar/2020:19:03:58 +0000',
        timeEpoch: 1_584_039_838_390,
      },
      body: 'Hello from Lambda',
      isBase64Encoded: false,
    },
    without: ['headers.cookie', 'requestContext.authorizer', 'headers.Header1'],
  },
  {
    name: 'a domain of its own, whose first label is the prefix',
    source: 'variables',
    head: ['GET /capture/x HTTP/1.1', 'Host: mail.example.com'],
    event: { requestContext: { domainName: 'mail.example.com', domainPrefix: 'mail' } },
  },
  {
    name: 'cookies in several headers',
    source: 'payload',
    head: ['GET /capture/x HTTP/1.1', host, 'Cookie: a=1; b=2', 'cookie: c=3'],
    event: { cookies: ['a=1', 'b=2', 'c=3'] },
    without: ['headers.cookie'],
  },
  {
    name: 'neither query, cookies, nor body',
    source: null,
    head: ['GET /capture/x HTTP/1.1', host],
    event: { rawQueryString: '', isBase64Encoded: false, headers: { 'content-length': '0' } },
    without: ['queryStringParameters', 'cookies', 'body', 'stageVariables'],
  },
  {
    name: 'a query, which stays as it came beside the decoded parameters',
    source: 'payload',
    head: ['GET /capture/x?a=%20b&a=c%2Cd&%C3%A4=%26&empty=&flag HTTP/1.1', host],
    event: {
      rawQueryString: 'a=%20b&a=c%2Cd&%C3%A4=%26&empty=&flag',
      queryStringParameters: { a: ' b,c,d', ä: '&', empty: '', flag: '' },
    },
  },
  {
    name: 'a blank in the path, decoded',
    source: 'space',
    head: ['GET /capture/space%20value HTTP/1.1', host],
    event: {
      rawPath: '/capture/space value',
      routeKey: 'GET /capture/{value}',
      pathParameters: { value: 'space value' },
      requestContext: { http: { path: '/capture/space value' } },
    },
  },
  {
    name: 'an encoded slash, which separates segments',
    source: 'slash',
    head: ['GET /a%2Fb HTTP/1.1', host],
    event: { rawPath: '/a/b', routeKey: 'GET /{one}/{two}', pathParameters: { one: 'a', two: 'b' } },
  },
  {
    name: 'a path that is decoded once alone',
    source: 'decoded',
    head: ['GET /capture/a%252Fb%25 HTTP/1.1', host],
    event: { rawPath: '/capture/a%2Fb%', pathParameters: { value: 'a%2Fb%' } },
  },
  {
    name: 'an encoded question mark, which ends the path and begins no query',
    source: null,
    head: ['GET /capture/a%3Fb=c?d=e HTTP/1.1', host],
    event: {
      rawPath: '/capture/a',
      pathParameters: { value: 'a' },
      rawQueryString: 'd=e',
      queryStringParameters: { d: 'e' },
    },
  },
  {
    name: 'the rest of a path in a greedy parameter',
    source: 'routes',
    head: ['PUT /files/a/b%20c/d HTTP/1.1', host, 'Content-Length: 0'],
    event: { routeKey: 'ANY /files/{path+}', rawPath: '/files/a/b c/d', pathParameters: { path: 'a/b c/d' } },
  },
  ...['HEAD', 'OPTIONS', 'PATCH', 'DELETE'].map(
    (method): Capture => ({
      name: `${method} on a route of any method`,
      source: 'routes',
      head: [`${method} /any/x HTTP/1.1`, host, 'Origin: https://app.test', 'Access-Control-Request-Method: POST'],
      event: { routeKey: 'ANY /any/{value}', requestContext: { http: { method }, routeKey: 'ANY /any/{value}' } },
    }),
  ),
  {
    name: 'JSON as text',
    source: null,
    head: ['POST /my/x HTTP/1.1', host, 'Content-Type: application/json; charset=utf-8', 'Content-Length: 11'],
    body: Buffer.from('{"ä":"ü"}'),
    event: { isBase64Encoded: false, body: '{"ä":"ü"}' },
  },
  {
    name: 'a form in base64',
    source: null,
    head: ['POST /my/x HTTP/1.1', host, 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 3'],
    body: Buffer.from('a=1'),
    event: { isBase64Encoded: true, body: 'YT0x' },
  },
  {
    name: 'bytes in base64',
    source: null,
    head: ['POST /my/x HTTP/1.1', host, 'Content-Type: image/png', 'Content-Length: 4'],
    body: Buffer.from([0x89, 0x50, 0x00, 0xff]),
    event: { isBase64Encoded: true, body: 'iVAA/w==' },
  },
  {
    name: 'a body in chunks, whole and with its length',
    source: null,
    head: ['POST /my/x HTTP/1.1', host, 'Content-Type: text/plain', 'Transfer-Encoding: chunked'],
    body: Buffer.from('2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n'),
    event: { body: 'abcde', headers: { 'content-length': '5' } },
    without: ['headers.transfer-encoding'],
  },
];

/** Claims of a token, and the event's text of each. */
export const claimCaptures = {
  source: 'tokens' satisfies keyof typeof sources,
  claims: {
    account_id: 'acme',
    count: 7,
    verified: true,
    nothing: null,
    roles: ['a', 'b'],
    app: { z: 1, a: ['x', { y: false }] },
  },
  event: {
    account_id: 'acme',
    count: '7',
    verified: 'true',
    nothing: '<nil>',
    roles: '[a b]',
    app: 'map[a:[x map[y:false]] z:1]',
  },
} as const;
