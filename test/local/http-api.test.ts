import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answered, type HttpServer, startHttpServer } from '../../infra/local/api-gateway/http-api.ts';
import { createRouter } from '../../infra/local/api-gateway/http-routes.ts';
import { openTokenIssuer, type TokenIssuer } from '../../infra/local/issuer/token-issuer.ts';
import { FunctionError } from '../../infra/local/lambda/function-environment.ts';

const issuer = 'https://issuer.test/';
const now = () => Math.floor(Date.now() / 1000);

let server: HttpServer;
let tokens: TokenIssuer;
let received: APIGatewayProxyEventV2WithJWTAuthorizer[];
let answer: () => unknown;
const faults: string[] = [];
const answers: Answered[] = [];

beforeAll(async () => {
  tokens = await openTokenIssuer(mkdtempSync(join(tmpdir(), 'mailtrail-test-')));
  server = await startHttpServer(0);
  const lambda = {
    name: 'f',
    invoke: async (event: unknown) => {
      received.push(event as APIGatewayProxyEventV2WithJWTAuthorizer);
      return answer();
    },
    warm: async () => {},
    stop: () => {},
  };
  const authorizer = (scopes: string[]) => tokens.authorizer({ issuer, audience: ['api'], scopes });
  const open = { function: lambda, authorizer: null };
  server.serve({
    apiId: 'api',
    cors: {
      AllowOrigins: ['https://app.test'],
      AllowMethods: ['GET', 'POST'],
      AllowHeaders: ['authorization'],
      ExposeHeaders: ['etag'],
    },
    ownPages: {
      '/': async () => ({ statusCode: 200, headers: {}, body: Buffer.from('own page') }),
      '/hooks/x': () => ({ statusCode: 200, headers: {}, body: Buffer.from('own page in the way of a route') }),
    },
    ownHandlers: { '/own': ({ url }, response) => response.end(`own handler at ${url}`) },
    onFault: error => faults.push(error.message),
    onAnswer: one => answers.push(one),
    routes: [
      { key: 'POST /hooks/{name}', ...open },
      { key: 'ANY /hooks/{name}', ...open },
      { key: 'GET /mine/{id}/parts/{part}', function: lambda, authorizer: authorizer([]) },
      { key: 'GET /scoped', function: lambda, authorizer: authorizer(['read']) },
      { key: 'GET /hasty', function: lambda, authorizer: null, timeoutMs: 50 },
      { key: 'OPTIONS /asked', ...open },
      { key: 'GET /asked', ...open },
      { key: 'ANY /closed', function: lambda, authorizer: authorizer([]) },
    ],
  });
});
afterAll(() => server.stop());
beforeEach(() => {
  received = [];
  answer = () => ({ statusCode: 200, body: 'ok' });
});

const post = (headers: Record<string, string>, body: string | Uint8Array) =>
  fetch(`${server.url}/hooks/x`, { method: 'POST', headers, body });

test('a connection is kept for longer than a busy client is silent', async () => {
  expect((await post({}, 'x')).headers.get('keep-alive')).toBe('timeout=65');
});

describe('a page of the runner', () => {
  test('is at a path that no route fits, and reaches no function', async () => {
    expect(await (await fetch(`${server.url}/`)).text()).toBe('own page');
    expect(received).toEqual([]);
  });

  test('is kept by no browser, and taken as its own type alone', async () => {
    const { headers } = await fetch(`${server.url}/`);
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
  });

  /** The answer to a GET whose Host header is another than that of its URL. */
  const getAs = (host: string, path: string) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      httpRequest(server.url + path, { headers: { host } }, async response => {
        resolve({ status: response.statusCode, text: (await response.toArray()).join('') });
      })
        .on('error', reject)
        .end();
    });

  test.each(['127.0.0.1', '127.0.0.1:3000', 'localhost', 'LOCALHOST:8080', '[::1]', '[::1]:3000'])(
    'is there for the host %s',
    async host => {
      expect(await getAs(host, '/')).toEqual({ status: 200, text: 'own page' });
    },
  );

  test.each(['evil.test', 'evil.test:3000', 'localhost.evil.test', '127.0.0.1.evil.test', 'x@localhost', '[::1'])(
    'is for no other name, such as %j, which a page elsewhere may have led to this machine',
    async host => {
      expect(await getAs(host, '/')).toEqual({
        status: 403,
        text: `This page is for this machine alone: open ${server.url}/\n`,
      });
      expect((await getAs(host, '/hooks/x')).status).toBe(200);
    },
  );

  test('may be a whole handler, below a path and for this machine alone, too', async () => {
    expect(await getAs('localhost', '/own/a/b?c')).toEqual({ status: 200, text: 'own handler at /own/a/b?c' });
    expect((await getAs('evil.test', '/own/a')).status).toBe(403);
    expect((await getAs('localhost', '/owner')).status).toBe(404);
  });

  test('shadows no route', async () => {
    expect(await (await fetch(`${server.url}/hooks/x`)).text()).toBe('ok');
    expect(received).toHaveLength(1);
  });
});

test('an answer to a path that cannot be decoded is handed on without the query, in which a secret may stand', async () => {
  answers.length = 0;
  await fetch(`${server.url}/hooks/%zz?secret=s`, { method: 'POST' });
  expect(answers).toEqual([expect.objectContaining({ path: '/hooks/%zz', statusCode: 400 })]);
});

test('each answer is handed on with its route and its status, except for the pages of the runner', async () => {
  answers.length = 0;
  await post({}, 'x');
  await fetch(`${server.url}/`);
  await fetch(`${server.url}/hook/x?y=1`, { method: 'POST' });
  expect(answers).toEqual([
    {
      requestId: received[0]!.requestContext.requestId,
      method: 'POST',
      path: '/hooks/x',
      routeKey: 'POST /hooks/{name}',
      provider: undefined,
      statusCode: 200,
      refusedOrigin: undefined,
      gatewayReason: null,
      tokenError: null,
      latencyMs: expect.any(Number),
    },
    expect.objectContaining({
      method: 'POST',
      path: '/hook/x',
      routeKey: null,
      statusCode: 404,
      gatewayReason: 'no_route',
    }),
  ]);
});

describe('a request becomes an event of payload format 2.0', () => {
  test('with its route, path, query and headers', async () => {
    await new Promise<void>((resolve, reject) => {
      const url = `${server.url}/hooks/a%20b%25C3?x=1&x=2&y=%C3%A4`;
      httpRequest(
        url,
        { method: 'PUT', headers: ['Host', 'api', 'X-Two', 'a', 'x-two', 'b', 'Cookie', 'c=1; d=2'] },
        response => {
          response.resume().on('end', resolve);
        },
      )
        .on('error', reject)
        .end();
    });
    expect(received[0]).toMatchObject({
      version: '2.0',
      routeKey: 'ANY /hooks/{name}',
      rawPath: '/hooks/a b%C3',
      rawQueryString: 'x=1&x=2&y=%C3%A4',
      headers: { 'x-two': 'a,b' },
      cookies: ['c=1', 'd=2'],
      queryStringParameters: { x: '1,2', y: 'ä' },
      pathParameters: { name: 'a b%C3' },
      requestContext: { http: { method: 'PUT', path: '/hooks/a b%C3', protocol: 'HTTP/1.1' }, stage: '$default' },
      isBase64Encoded: false,
    });
    expect(received[0]).not.toHaveProperty('body');
    expect(received[0]!.requestContext.time).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  });

  test.each([
    ['application/json', false],
    ['application/json; charset=utf-8', false],
    ['text/plain', false],
    ['application/xml', false],
    ['application/x-www-form-urlencoded', true],
    ['application/octet-stream', true],
    ['multipart/form-data; boundary=x', true],
  ])('with a body of type %s, in base64: %s', async (type, base64) => {
    await post({ 'content-type': type }, 'ä=1');
    const { body, isBase64Encoded } = received[0]!;
    expect(isBase64Encoded).toBe(base64);
    expect(Buffer.from(body!, base64 ? 'base64' : 'utf8').toString()).toBe('ä=1');
  });
});

test('what is no text comes in base64, whatever its type says: byte for byte', async () => {
  const bytes = Buffer.from([0x7b, 0xff, 0x7d]);
  await post({ 'content-type': 'application/json' }, bytes);
  const { body, isBase64Encoded } = received[0]!;
  expect([isBase64Encoded, Buffer.from(body!, 'base64')]).toEqual([true, bytes]);
});

describe('a path is decoded once, before it is routed', () => {
  test.each([
    ['/hooks/%61%C3%A4', '/hooks/aä'],
    ['/%68ooks/x', '/hooks/x'],
    ['/hooks%2Fx', '/hooks/x'],
    ['/hooks/a%2541', '/hooks/a%41'],
    ['/hooks/a%252Fb', '/hooks/a%2Fb'],
    ['/hooks/a+b', '/hooks/a+b'],
    ['/hooks/x%3Fy=1', '/hooks/x'],
    ['/hooks/x%23y', '/hooks/x#y'],
  ])('%s reaches the function as %s', async (path, rawPath) => {
    await fetch(server.url + path, { method: 'POST' });
    const [, , name] = rawPath.split('/');
    expect(received).toMatchObject([{ rawPath, rawQueryString: '', pathParameters: { name } }]);
  });

  test.each(['/hooks/a%2Fb', '/hooks/x%2F', '/hooks%3Fx', '/hooks%252Fx', '/hooks/%3Fx'])(
    '404 for %s, which leads nowhere',
    async path => {
      expect((await fetch(server.url + path, { method: 'POST' })).status).toBe(404);
      expect(received).toEqual([]);
    },
  );

  test.each(['/hooks/%', '/hooks/%4', '/hooks/%zz', '/hooks/%ff', '/%/nowhere'])(
    '400 for %s, which cannot be decoded',
    async path => {
      const response = await fetch(server.url + path, { method: 'POST' });
      expect([response.status, await response.json()]).toEqual([400, { message: 'Bad Request' }]);
      expect(response.headers.get('apigw-requestid')).not.toBeNull();
      expect(received).toEqual([]);
    },
  );
});

describe('what the gateway answers by itself', () => {
  test('404 where there is no route', async () => {
    const response = await fetch(`${server.url}/nowhere`);
    expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }]);
  });

  test('413 for a body beyond what Lambda or the gateway takes', async () => {
    for (const size of [6 * 1024 * 1024 + 1, 10 * 1024 * 1024 + 1]) {
      const response = await post({ 'content-type': 'text/plain' }, Buffer.alloc(size, 'x'));
      expect(response.status).toBe(413);
    }
    expect(received).toEqual([]);
  });

  test('413 for a body that is too large as the JSON of an event, where each quote takes two bytes', async () => {
    const quotes = (count: number) => post({ 'content-type': 'application/json' }, Buffer.alloc(count, '"'));
    expect((await quotes(3.1 * 1024 * 1024)).status).toBe(413);
    expect(received).toEqual([]);
    expect((await quotes(2.9 * 1024 * 1024)).status).toBe(200);
  });

  test('503 when the function takes no more invocations at the moment', async () => {
    answer = () => {
      throw new FunctionError('TooManyRequestsException', 'f: all processes are busy');
    };
    expect((await post({}, '')).status).toBe(503);
    expect(faults).toEqual([]);
  });

  test('500 without detail when the function fails or returns what is no answer', async () => {
    for (const result of [
      () => {
        throw new FunctionError('Error', 'a secret');
      },
      () => ({ statusCode: 'x' }),
      () => ({ statusCode: 200, body: { no: 'text' } }),
      () => ({ statusCode: 200, cookies: 'no list' }),
    ]) {
      answer = result;
      const response = await post({}, '');
      expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    }
    expect(faults).toContain('a secret');
  });

  test('500 for a result beyond the 6 MB that Lambda hands on', async () => {
    const sized = (size: number) => {
      answer = () => ({ statusCode: 200, body: 'x'.repeat(size) });
      return post({}, '');
    };
    expect((await sized(6 * 1024 * 1024)).status).toBe(200);
    faults.length = 0;
    const response = await sized(6 * 1024 * 1024 + 200);
    expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    expect(faults).toEqual(['f: its result is larger than 6 MB']);
  });

  test("503 when the function does not answer within the integration's timeout", async () => {
    answer = () => new Promise(() => {});
    faults.length = 0;
    answers.length = 0;
    const response = await fetch(`${server.url}/hasty`);
    expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }]);
    expect(faults).toEqual(["f: no answer before the gateway's timeout"]);
    expect(answers).toMatchObject([{ routeKey: 'GET /hasty', gatewayReason: 'function_late' }]);
  });

  test('431 for a request line and header values of more than 10,240 bytes together', async () => {
    const sized = (size: number) => post({ 'x-long': 'x'.repeat(size) }, '');
    expect((await sized(9_500)).status).toBe(200);
    expect((await sized(10_240)).status).toBe(431);
    expect((await fetch(`${server.url}/hooks/x?${'y'.repeat(10_240)}`)).status).toBe(431);
    expect(received).toHaveLength(1);
  });
});

describe("a function's result becomes the answer", () => {
  test('with status, headers and a body in base64', async () => {
    answer = () => ({
      statusCode: 201,
      headers: { 'Content-Type': 'image/x' },
      body: Buffer.from([0, 255]).toString('base64'),
      isBase64Encoded: true,
    });
    const response = await post({}, '');
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('image/x');
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255]);
  });

  test('with its cookies, each in a header of its own', async () => {
    answer = () => ({ statusCode: 200, cookies: ['a=1; Path=/', 'b=2'] });
    expect((await post({}, '')).headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
  });

  test.each([
    [{ error: 'none' }, '{"error":"none"}'],
    ['Hello from Lambda!', 'Hello from Lambda!'],
    [['a'], '["a"]'],
    [null, 'null'],
  ])('with 200 and JSON where it names no status: %j', async (result, text) => {
    answer = () => result;
    const response = await post({}, '');
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'application/json',
      text,
    ]);
  });
});

describe('a route with an authorizer', () => {
  const claims = () => ({
    iss: issuer,
    aud: 'api',
    exp: now() + 60,
    account_id: 'acme',
    roles: ['a', 'b'],
    n: 1,
    app: { b: ['x', 'y'], a: true },
  });
  const get = (token: string, path = '/mine/1/parts/2') =>
    fetch(`${server.url}${path}`, { headers: { authorization: token } });

  test('hands the claims on as text', async () => {
    const response = await get(`Bearer ${await tokens.sign(claims())}`);
    expect(response.status).toBe(200);
    expect(received[0]!.requestContext.authorizer.jwt).toMatchObject({
      claims: { account_id: 'acme', roles: '[a b]', n: '1', app: 'map[a:true b:[x y]]' },
      scopes: null,
    });
    expect(received[0]!.pathParameters).toEqual({ id: '1', part: '2' });
  });

  test.each([
    ['none', {}],
    ['another issuer', { iss: 'https://other.test/' }],
    ['another audience', { aud: 'other' }],
    ['a time that is over', { exp: 1 }],
    ['no end', { exp: undefined }],
    ['a time that is still to come', { nbf: now() + 600 }],
  ])('answers 401 to a token with %s', async (what, change) => {
    const token = what === 'none' ? '' : `Bearer ${await tokens.sign({ ...claims(), ...change })}`;
    const response = await get(token);
    expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }]);
    expect(received).toEqual([]);
  });

  test('answers 401 to a token of another key, or of none', async () => {
    const other = await openTokenIssuer(mkdtempSync(join(tmpdir(), 'mailtrail-test-')));
    const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
    // HS256, with what everybody knows as the secret.
    const head = `${part({ alg: 'HS256', kid: tokens.jwks.keys[0]!.kid })}.${part(claims())}`;
    const publicKey = createPublicKey({ key: tokens.jwks.keys[0] as JsonWebKey, format: 'jwk' });
    const byPublicKey = createHmac('sha256', publicKey.export({ type: 'spki', format: 'pem' })).update(head);
    for (const token of [
      await other.sign(claims()),
      `${part({ alg: 'none' })}.${part(claims())}.`,
      `${head}.${byPublicKey.digest('base64url')}`,
    ]) {
      expect((await get(`Bearer ${token}`)).status).toBe(401);
    }
  });

  test('that demands a scope answers 403 without it', async () => {
    expect((await get(await tokens.sign({ ...claims(), scope: 'write' }), '/scoped')).status).toBe(403);
    expect((await get(await tokens.sign({ ...claims(), scope: 'read write' }), '/scoped')).status).toBe(200);
    expect(received[0]!.requestContext.authorizer.jwt.scopes).toEqual(['read', 'write']);
    expect((await get(await tokens.sign({ ...claims(), scp: ['write', 'read'] }), '/scoped')).status).toBe(200);
    for (const scope of [null, true, 7, { read: true }, [['read']], [null, { read: 'read' }]])
      expect((await get(await tokens.sign({ ...claims(), scope }), '/scoped')).status).toBe(403);
  });
});

describe('a page of another origin', () => {
  const preflight = (origin: string, path = '/hooks/x') =>
    fetch(server.url + path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } });

  test('is answered before any function where no route takes OPTIONS, and allowed where the API names its origin', async () => {
    for (const path of ['/scoped', '/nowhere']) {
      const allowed = await preflight('https://app.test', path);
      expect([allowed.status, allowed.headers.get('access-control-allow-methods')]).toEqual([204, 'GET,POST']);
      expect(allowed.headers.get('apigw-requestid')).not.toBeNull();
    }
    answers.length = 0;
    expect((await preflight('https://other.test', '/scoped')).headers.get('access-control-allow-origin')).toBeNull();
    expect(answers).toMatchObject([
      { method: 'OPTIONS', refusedOrigin: 'https://other.test', gatewayReason: 'preflight' },
    ]);
    expect(received).toEqual([]);
  });

  test.each(['/hooks/x', '/asked'])('asks the function at %s, where a route takes OPTIONS', async path => {
    answer = () => ({ statusCode: 200, headers: { allow: 'POST' }, body: 'from the function' });
    answers.length = 0;
    for (const origin of ['https://app.test', 'https://other.test']) {
      const response = await preflight(origin, path);
      expect([response.status, response.headers.get('allow')]).toEqual([200, 'POST']);
      expect(await response.text()).toBe('from the function');
      expect(response.headers.get('access-control-allow-methods')).toBeNull();
    }
    const routeKey = path === '/asked' ? 'OPTIONS /asked' : 'ANY /hooks/{name}';
    expect(received.map(event => [event.routeKey, event.requestContext.http.method])).toEqual([
      [routeKey, 'OPTIONS'],
      [routeKey, 'OPTIONS'],
    ]);
    expect(answers).toMatchObject([{ routeKey, refusedOrigin: undefined }, { refusedOrigin: undefined }]);
  });

  test('needs a token where a route with an authorizer takes OPTIONS', async () => {
    expect((await preflight('https://app.test', '/closed')).status).toBe(401);
  });

  test('is 404 where no route takes it and the API has no CORS, or where it is a mere OPTIONS', async () => {
    expect((await fetch(`${server.url}/scoped`, { method: 'OPTIONS' })).status).toBe(404);
  });

  test("gets no CORS header of a function: the API's own take their place", async () => {
    answer = () => ({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*', 'x-own': '1' }, body: 'ok' });
    const of = async (headers: Record<string, string>) => (await post(headers, '')).headers;
    expect((await of({})).get('access-control-allow-origin')).toBeNull();
    expect((await of({ origin: 'https://app.test' })).get('access-control-allow-origin')).toBe('https://app.test');
    expect((await of({})).get('x-own')).toBe('1');
  });

  test('may read the answers', async () => {
    const { headers } = await post({ origin: 'https://app.test' }, '');
    expect(headers.get('access-control-allow-origin')).toBe('https://app.test');
    expect(headers.get('access-control-expose-headers')).toBe('etag');
  });
});

test('the most specific route wins, and the method before ANY', () => {
  const keys = ['ANY /a/{x}', 'GET /a/{x}', 'GET /a/b', 'GET /a/{x+}', 'GET /a/{x}/c'];
  const routeOf = createRouter(keys.map(key => ({ key })));
  const keyOf = (method: string, path: string) => routeOf(method, path)?.route.key;
  expect(keyOf('GET', '/a/b')).toBe('GET /a/b');
  expect(keyOf('GET', '/a/c')).toBe('GET /a/{x}');
  expect(keyOf('PUT', '/a/b')).toBe('ANY /a/{x}');
  expect(keyOf('GET', '/a/b/c')).toBe('GET /a/{x}/c');
  expect(keyOf('GET', '/a/b/d')).toBe('GET /a/{x+}');
  expect(routeOf('GET', '/a/b/d/e')?.pathParameters).toEqual({ x: 'b/d/e' });
  expect(routeOf('GET', '/other')).toBeNull();
});

test('every answer names its request, also the one of the gateway itself', async () => {
  const answers = [await fetch(`${server.url}/nowhere`), await fetch(`${server.url}/scoped`), await post({}, 'x')];
  expect(answers.map(({ status }) => status)).toEqual([404, 401, 200]);
  const ids = answers.map(({ headers }) => headers.get('apigw-requestid'));
  expect(new Set(ids).size).toBe(3);
  expect(ids).not.toContain(null);
  expect(received.at(-1)?.requestContext.requestId).toBe(ids[2]);
});

test('what an answer varies by is told whole: what the function says, and the origin', async () => {
  answer = () => ({ statusCode: 200, headers: { vary: 'accept-encoding' }, body: 'ok' });
  expect((await post({ origin: 'https://app.test' }, 'x')).headers.get('vary')).toBe('accept-encoding, origin');
  expect((await post({}, 'x')).headers.get('vary')).toBe('accept-encoding');
});
