import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '../../infra/local/api-gateway/http-api.ts';
import { openTokenIssuer, type TokenIssuer } from '../../infra/local/issuer/token-issuer.ts';
import { type Capture, captures, claimCaptures, routeKeys } from './gateway-captures.ts';

const issuer = 'https://issuer.test/';
/** The time of the captures. */
const at = Date.UTC(2020, 2, 12, 19, 3, 58, 390);

let server: HttpServer;
let tokens: TokenIssuer;
let received: APIGatewayProxyEventV2WithJWTAuthorizer[];
beforeAll(async () => {
  tokens = await openTokenIssuer(mkdtempSync(join(tmpdir(), 'mailtrail-test-')));
  server = await startHttpServer(0);
  const lambda = {
    name: 'f',
    invoke: async (event: unknown) => {
      received.push(event as APIGatewayProxyEventV2WithJWTAuthorizer);
      return { statusCode: 200, body: 'ok' };
    },
    warm: async () => {},
    stop: () => {},
  };
  const authorizer = (scopes: string[]) => tokens.authorizer({ issuer, audience: ['api'], scopes });
  server.serve({
    apiId: 'abc123',
    cors: { AllowOrigins: ['https://app.test'], AllowMethods: ['POST'] },
    ownPages: {},
    onFault: error => {
      throw error;
    },
    now: () => at,
    routes: [
      ...routeKeys.map(key => ({ key, function: lambda, authorizer: null })),
      { key: 'GET /mine', function: lambda, authorizer: authorizer([]) },
      { key: 'GET /scoped', function: lambda, authorizer: authorizer(['read']) },
    ],
  });
});
afterAll(() => server.stop());
beforeEach(() => {
  received = [];
});

/** Sends the request byte for byte, and resolves with the answer. */
async function sent({ head, body = Buffer.alloc(0) }: Pick<Capture, 'head' | 'body'>): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\nConnection: close\r\n\r\n`), body]));
  const chunks: Buffer[] = await socket.toArray();
  return Buffer.concat(chunks).toString();
}

describe('the event of a request is that of API Gateway, with', () => {
  it.each(captures.map(capture => [capture.name, capture] as const))('%s', async (_, capture) => {
    const answer = await sent(capture);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    const [event, ...others] = received;
    expect(others).toEqual([]);
    expect(event).toMatchObject(capture.event);
    for (const path of capture.without ?? []) expect(event).not.toHaveProperty(path);
  });

  it('an id in the form of API Gateway, which the answer has, too', async () => {
    const ids = new Set<string>();
    for (let index = 0; index < 50; index += 1) {
      const answer = await sent({ head: ['GET /capture/x HTTP/1.1', 'Host: a'] });
      const { requestId } = received.at(-1)!.requestContext;
      expect(requestId).toMatch(/^[\w-]{15}=$/);
      expect(answer).toContain(`\r\napigw-requestid: ${requestId}\r\n`);
      ids.add(requestId);
    }
    expect(ids.size).toBe(50);
  });

  it('headers of the way to it', async () => {
    await sent({ head: ['GET /capture/x HTTP/1.1', 'Host: a', 'Keep-Alive: timeout=5'] });
    expect(received[0]!.headers).toEqual({
      host: 'a',
      'content-length': '0',
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-5e6a879e-[0-9a-f]{24}$/),
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-port': new URL(server.url).port,
      'x-forwarded-proto': 'http',
    });
  });

  it('the claims of a token as text, and its scopes where the route demands one', async () => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: 'api', exp: now + 600, scope: 'read write', ...claimCaptures.claims };
    const authorization = `Authorization: Bearer ${await tokens.sign(claims)}`;
    for (const path of ['/mine', '/scoped']) await sent({ head: [`GET ${path} HTTP/1.1`, 'Host: a', authorization] });
    const texts = { ...claimCaptures.event, iss: issuer, aud: 'api', exp: String(now + 600), scope: 'read write' };
    expect(received.map(({ requestContext }) => requestContext.authorizer)).toEqual([
      { jwt: { claims: texts, scopes: null } },
      { jwt: { claims: texts, scopes: ['read', 'write'] } },
    ]);
  });
});
