import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answered, type HttpServer, startHttpServer } from '../../infra/local/api-gateway/http-api.ts';
import { rateLimitsOf } from '../../infra/local/api-gateway/stack-routes.ts';
import { accountLimit, createTokenBucket } from '../../infra/local/api-gateway/token-bucket.ts';
import { resolveTemplate, type Template } from '../../infra/local/cloudformation/template.ts';
import { synthesize } from '../infra/synthesized.ts';

describe('a token bucket', () => {
  let now: number;
  const bucket = (ratePerSecond: number, burst: number) => createTokenBucket({ ratePerSecond, burst }, () => now);
  const taken = (from: ReturnType<typeof bucket>, attempts: number) =>
    Array.from({ length: attempts }, () => from.take()).filter(Boolean).length;
  beforeEach(() => {
    now = 1_000_000;
  });

  it('gives its burst at once, then its rate, and never more than the burst after a pause', () => {
    const one = bucket(10, 20);
    expect(taken(one, 100)).toBe(20);
    now += 99;
    expect(taken(one, 100)).toBe(0);
    now += 1;
    expect(taken(one, 100)).toBe(1);
    now += 1_000;
    expect(taken(one, 100)).toBe(10);
    now += 3_600_000;
    expect(taken(one, 100)).toBe(20);
  });

  it('loses nothing when the clock is set back', () => {
    const one = bucket(10, 2);
    now -= 60_000;
    expect(taken(one, 5)).toBe(2);
    now += 100;
    expect(taken(one, 5)).toBe(1);
  });

  it('of rate and burst 0 gives nothing', () => {
    const one = bucket(0, 0);
    now += 1_000;
    expect(taken(one, 5)).toBe(0);
  });
});

describe("the stage's limit of a route", () => {
  const stack = (properties: object, routes: readonly string[] = ['GET /a', 'POST /b']) =>
    resolveTemplate({
      Resources: {
        ...Object.fromEntries(
          routes.map((RouteKey, index) => [
            `Route${index}`,
            { Type: 'AWS::ApiGatewayV2::Route', Properties: { RouteKey } },
          ]),
        ),
        Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: '$default', ...properties } },
      },
    });
  const own = { ThrottlingRateLimit: 7, ThrottlingBurstLimit: 8 };

  it('is its own, or the one of all routes', () => {
    const limitOf = rateLimitsOf(
      stack({
        DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 },
        RouteSettings: { 'POST /b': own },
      }),
    );
    expect(limitOf('GET /a')).toEqual({ ratePerSecond: 500, burst: 1000 });
    expect(limitOf('POST /b')).toEqual({ ratePerSecond: 7, burst: 8 });
  });

  it("is the account's where the stage names none, also for rate or burst alone", () => {
    expect(rateLimitsOf(stack({}))('GET /a')).toEqual(accountLimit);
    const limitOf = rateLimitsOf(stack({ RouteSettings: { 'POST /b': { ThrottlingRateLimit: 7 } } }));
    expect(limitOf('GET /a')).toEqual(accountLimit);
    expect(limitOf('POST /b')).toEqual({ ratePerSecond: 7, burst: accountLimit.burst });
  });

  it("is the setting's on people's routes of the project's own stage, and the account's on callbacks", () => {
    const limitOf = rateLimitsOf(resolveTemplate(synthesize({ requestsPerSecond: 70 }) as unknown as Template));
    expect(limitOf('GET /accounts/{accountId}/emails')).toEqual({ ratePerSecond: 70, burst: 140 });
    for (const key of ['POST /webhooks/{provider}', 'ANY /webhooks/{provider}'])
      expect(limitOf(key)).toEqual(accountLimit);
  });

  it('may not be of a route that the API does not have: such a stage cannot be deployed', () => {
    expect(() => rateLimitsOf(stack({ RouteSettings: { 'POST /c': own } }))).toThrow(
      'Unable to find Route by key POST /c within the provided RouteSettings',
    );
  });
});

describe('the gateway', () => {
  let server: HttpServer;
  let now: number;
  let invoked: number;
  let answers: Answered[];
  beforeAll(async () => {
    server = await startHttpServer(0);
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    now = 1_000_000;
    invoked = 0;
    answers = [];
    const lambda = {
      name: 'f',
      invoke: async () => {
        invoked += 1;
        return { statusCode: 200, body: 'ok' };
      },
      warm: async () => {},
      stop: () => {},
    };
    const open = { function: lambda, authorizer: null };
    server.serve({
      apiId: 'api',
      cors: undefined,
      ownPages: {},
      onFault: error => {
        throw error;
      },
      onAnswer: one => answers.push(one),
      now: () => now,
      accountLimit: { ratePerSecond: 10, burst: 12 },
      routes: [
        { key: 'GET /slow', ...open, limit: { ratePerSecond: 2, burst: 3 } },
        { key: 'GET /other', ...open, limit: { ratePerSecond: 2, burst: 3 } },
        { key: 'POST /hooks/{provider}', ...open },
        {
          key: 'GET /mine',
          function: lambda,
          authorizer: async () => {
            throw new Error('asked for a token');
          },
          limit: { ratePerSecond: 0, burst: 0 },
        },
      ],
    });
  });

  const get = (path: string) => fetch(server.url + path);
  const statuses = async (path: string, count: number, method = 'GET') => {
    const all = [];
    for (let index = 0; index < count; index += 1) all.push((await fetch(server.url + path, { method })).status);
    return all;
  };

  it("answers 429 beyond a route's limit, before the function runs, and goes on as the time passes", async () => {
    expect(await statuses('/slow', 4)).toEqual([200, 200, 200, 429]);
    const refused = await get('/slow');
    expect([refused.status, await refused.json()]).toEqual([429, { message: 'Too Many Requests' }]);
    expect(refused.headers.get('apigw-requestid')).not.toBeNull();
    expect(invoked).toBe(3);
    now += 500;
    expect(await statuses('/slow', 2)).toEqual([200, 429]);
  });

  it('counts each route by itself', async () => {
    await statuses('/slow', 4);
    expect(await statuses('/other', 3)).toEqual([200, 200, 200]);
  });

  it('answers 429 before it looks at a token', async () => {
    expect(await statuses('/mine', 1)).toEqual([429]);
  });

  it('tells that it answered by itself, and on which route', async () => {
    await statuses('/slow', 4);
    expect(answers.map(({ statusCode, routeKey, gatewayReason }) => [statusCode, routeKey, gatewayReason])).toEqual([
      [200, 'GET /slow', null],
      [200, 'GET /slow', null],
      [200, 'GET /slow', null],
      [429, 'GET /slow', 'throttled'],
    ]);
  });

  it("answers 429 beyond the account's limit over all routes, also to callbacks and to paths without a route", async () => {
    await statuses('/hooks/postmark', 6, 'POST');
    await statuses('/nowhere', 3);
    expect(await statuses('/slow', 3)).toEqual([200, 200, 200]);
    expect(await statuses('/hooks/postmark', 1, 'POST')).toEqual([429]);
    expect(await statuses('/nowhere', 1)).toEqual([429]);
    now += 100;
    expect(await statuses('/hooks/postmark', 2, 'POST')).toEqual([200, 429]);
  });
});
