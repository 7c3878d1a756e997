import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Authorizer } from '../../infra/local/api-gateway/http-api.ts';
import { discoverIssuer } from '../../infra/local/api-gateway/issuer-discovery.ts';
import { createJwtAuthorizer } from '../../infra/local/api-gateway/jwt-authorizer.ts';
import { routesOf } from '../../infra/local/api-gateway/stack-routes.ts';
import { createToken } from '../../infra/local/cli/token.ts';
import { resolveTemplate } from '../../infra/local/cloudformation/template.ts';
import { type Endpoints, writeEndpoints } from '../../infra/local/endpoints.ts';

/** Keys by their id; each id begins with the algorithm. */
const pairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
  RS256again: generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const satisfies Record<string, { privateKey: KeyObject; publicKey: KeyObject }>;
type KeyId = keyof typeof pairs;

/** An issuer that answers over HTTP. */
let server: Server;
let issuer: string;
let published: KeyId[];
let discovery: unknown;
let asked: string[];
beforeAll(async () => {
  server = createServer(async (request, response) => {
    asked.push(request.url!);
    const keys = async () =>
      Promise.all(published.map(async kid => ({ ...(await exportJWK(pairs[kid].publicKey)), kid, use: 'sig' })));
    const documents: Record<string, () => unknown> = {
      '/tenant/.well-known/openid-configuration': () => discovery,
      '/keys': async () => ({ keys: await keys() }),
    };
    const document = await documents[request.url!]?.();
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tenant`;
});
afterAll(() => new Promise(resolve => server.close(resolve)));

const now = Date.UTC(2026, 10, 30, 12);
const seconds = now / 1000;
let authorize: Authorizer;
beforeEach(async () => {
  published = ['RS256', 'ES256', 'EdDSA'];
  discovery = { issuer, jwks_uri: issuer.replace('/tenant', '/keys') };
  asked = [];
  authorize = authorizerOver(await discoverIssuer(issuer));
});

const authorizerOver = (
  keyOf: Awaited<ReturnType<typeof discoverIssuer>>,
  { scopes = [] as string[], of = issuer } = {},
) => createJwtAuthorizer(keyOf, { issuer: of, audience: ['api'], scopes, now: () => now });

function token(claims: Readonly<Record<string, unknown>> = {}, keyId: KeyId = 'RS256', header: object = {}) {
  const alg = keyId.replace('again', '');
  return new SignJWT({ iss: issuer, aud: 'api', iat: seconds, exp: seconds + 60, ...claims })
    .setProtectedHeader({ alg, kid: keyId, ...header } as JWTHeaderParameters)
    .sign(pairs[keyId].privateKey);
}

const challengeOf = async (text: string | undefined, at = authorize) => {
  const decided = await at(text);
  return 'refused' in decided ? [decided.refused, decided.headers['www-authenticate']] : decided.claims.sub;
};
const invalid = ['unauthorized', 'Bearer scope="" error="invalid_token"'];
const because = (description: string) => ['unauthorized', `${invalid[1]} error_description="${description}"`];

describe('the authorizer of tokens', () => {
  it.each(['RS256', 'RS384', 'RS512'])('accepts %s, signed by a key that the issuer publishes', async alg => {
    expect(await challengeOf(`Bearer ${await token({ sub: 'jane' }, 'RS256', { alg })}`)).toBe('jane');
  });

  it('accepts a token without the word Bearer', async () => {
    expect(await challengeOf(await token({ sub: 'jane' }))).toBe('jane');
  });

  it.each(['ES256', 'EdDSA'] as const)('refuses %s, although the issuer publishes the key', async keyId => {
    expect(await challengeOf(await token({}, keyId))).toEqual(invalid);
  });

  it('refuses PS256, which is RSA with another padding', async () => {
    expect(await challengeOf(await token({}, 'RS256', { alg: 'PS256' }))).toEqual(invalid);
  });

  it('refuses a token that does not name its key, although only one could have signed it', async () => {
    published = ['RS256'];
    expect(await challengeOf(await token({}, 'RS256', { kid: undefined }))).toEqual(invalid);
  });

  it.each([
    ['issued in the future', { iat: seconds + 1 }, invalid],
    ['whose time of issue is no number', { iat: 'now' }, invalid],
    ['that is not valid yet', { nbf: seconds + 1 }, invalid],
    ['whose time is over', { exp: seconds }, because('the token has expired')],
    ['without an end', { exp: undefined }, invalid],
    ['of another issuer', { iss: 'https://other.test/' }, invalid],
    ['for another audience', { aud: 'other' }, because('the token does not have a valid audience')],
    [
      'for another audience, but with the right client',
      { aud: 'other', client_id: 'api' },
      because('the token does not have a valid audience'),
    ],
    ['for nobody', { aud: undefined }, because('the token does not have a valid audience')],
  ])('refuses a token %s', async (_, claims, challenge) => {
    expect(await challengeOf(await token(claims))).toEqual(challenge);
  });

  it.each([
    ['issued this second', { iat: seconds }],
    ['without a time of issue', { iat: undefined }],
    ['valid from this second', { nbf: seconds }],
    ['for several audiences', { aud: ['other', 'api'] }],
    ['with the client in place of an audience', { aud: undefined, client_id: 'api' }],
  ])('accepts a token %s', async (_, claims) => {
    expect(await challengeOf(await token({ sub: 'jane', ...claims }))).toBe('jane');
  });

  it('asks for a token where none is given, and says nothing else', async () => {
    expect(await challengeOf(undefined)).toEqual(['unauthorized', 'Bearer']);
    expect(await challengeOf('Bearer no-token')).toEqual(invalid);
  });

  it('names the scopes of the route in a challenge, and forbids a token that has none of them', async () => {
    const scoped = authorizerOver(await discoverIssuer(issuer), { scopes: ['read', 'support'] });
    expect(await challengeOf('x', scoped)).toEqual([
      'unauthorized',
      'Bearer scope="read support" error="invalid_token"',
    ]);
    expect(await challengeOf(await token({ scope: 'write' }), scoped)).toEqual(['forbidden', undefined]);
    expect(await challengeOf(await token({ sub: 'jane', scope: 'write support' }), scoped)).toBe('jane');
  });
});

describe('the keys of an issuer', () => {
  it('are fetched with the first token, and kept', async () => {
    expect(asked).toEqual(['/tenant/.well-known/openid-configuration']);
    for (let index = 0; index < 3; index += 1) expect(await challengeOf(await token({ sub: 'jane' }))).toBe('jane');
    expect(asked).toEqual(['/tenant/.well-known/openid-configuration', '/keys']);
  });

  it('are kept although the issuer has revoked one and published another', async () => {
    await challengeOf(await token());
    published = ['RS256again'];
    expect(await challengeOf(await token({ sub: 'jane' }))).toBe('jane');
    expect(await challengeOf(await token({}, 'RS256again'))).toEqual(invalid);
  });

  it('are found below an issuer with a slash at its end, too', async () => {
    const of = `${issuer}/`;
    const slashed = authorizerOver(await discoverIssuer(of), { of });
    expect(await challengeOf(await token({ sub: 'jane', iss: of }), slashed)).toBe('jane');
    expect(await challengeOf(await token(), slashed)).toEqual(invalid);
  });
});

/** An address at which nothing listens. */
async function closedUrl(): Promise<string> {
  const gone = createServer();
  await new Promise<void>(resolve => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise(resolve => gone.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe('npm run token', () => {
  it('makes no token for a stack that takes those of another issuer: the API would refuse it', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
    const tokens = { issuer, audience: 'api' };
    writeEndpoints({ dataDir, url: 'http://127.0.0.1:3000', tokens, functions: {} } as Endpoints);
    await expect(createToken(dataDir, { account: 'acme' })).rejects.toThrow(
      `this stack takes the tokens of ${issuer} alone: sign in there`,
    );
  });
});

describe('a stack', () => {
  const stack = (Issuer: string) =>
    resolveTemplate({
      Resources: {
        Tokens: {
          Type: 'AWS::ApiGatewayV2::Authorizer',
          Properties: { JwtConfiguration: { Issuer, Audience: ['api'] } },
        },
        Target: {
          Type: 'AWS::ApiGatewayV2::Integration',
          Properties: { IntegrationUri: 'f', TimeoutInMillis: 29_000 },
        },
        Mine: {
          Type: 'AWS::ApiGatewayV2::Route',
          Properties: { RouteKey: 'GET /mine', Target: 'integrations/Target', AuthorizerId: { Ref: 'Tokens' } },
        },
      },
    });
  const functions = {
    at: () => ({ name: 'f', invoke: async () => null, warm: async () => {}, stop: () => {} }),
  } as unknown as Parameters<typeof routesOf>[2];
  const unasked = {
    url: 'http://own.test',
    tokens: {
      keyOf: async () => {
        throw new Error('asked for a key');
      },
    },
  };
  const routes = (of: string) => routesOf(stack(of), unasked, functions);

  it('takes the tokens of a configured issuer, whose keys it fetches', async () => {
    const [mine] = await routes(issuer);
    const at = Math.floor(Date.now() / 1000);
    const decided = await mine!.authorizer!(await token({ sub: 'jane', iat: at, exp: at + 600 }));
    expect(decided).toMatchObject({ claims: { sub: 'jane' } });
    expect(mine).toMatchObject({ key: 'GET /mine', timeoutMs: 29_000, limit: { ratePerSecond: 10_000, burst: 5_000 } });
  });

  it.each([
    ['answers 404', async () => `${issuer}/elsewhere`, 'it answers 404'],
    ['cannot be reached', closedUrl, 'ECONNREFUSED'],
  ])('does not start with an issuer that %s', async (_, urlOf, reason) => {
    const url = await urlOf();
    await expect(routes(url)).rejects.toThrow(
      new RegExp(`^Invalid issuer: ${url}\\. .*/\\.well-known/openid-configuration.*: ${reason}$`),
    );
  });

  it.each([[{}], [{ jwks_uri: 'keys' }], ['text'], [null]])(
    'does not start with an issuer whose document is %j',
    async document => {
      discovery = document;
      await expect(routes(issuer)).rejects.toThrow(/^Invalid issuer: .*: it names no jwks_uri$/);
    },
  );
});
