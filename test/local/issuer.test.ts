import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createToken } from '../../infra/local/cli/token.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
let stack: StartedStack;
let issuer: string;
beforeAll(async () => {
  stack = await startStack({ dataDir });
  issuer = `${stack.url}/_local/issuer`;
});
afterAll(() => stack.stop());

interface Tokens {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token: string;
}

/** A browser without scripts: it keeps cookies and follows no redirect by itself. */
function createBrowser() {
  const cookies = new Map<string, string>();
  return async (url: string, form?: Readonly<Record<string, string>>) => {
    const answer = await fetch(new URL(url, stack.url), {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(pair => pair.join('=')).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = cookie.split(';')[0]!.split('=');
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return { status: answer.status, location: answer.headers.get('location') ?? '', text: await answer.text() };
  };
}

type Browser = ReturnType<typeof createBrowser>;

const discovered = async () =>
  (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<string, string>;

/** The address at which a sign-in begins, and the secret that proves the caller of the token endpoint. */
async function authorizationRequest(changes: Readonly<Record<string, string>> = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const { authorization_endpoint = '' } = await discovered();
  const url = new URL(authorization_endpoint);
  const parameters = {
    client_id: 'mailtrail-ui',
    response_type: 'code',
    redirect_uri: `${stack.url}/ui`,
    scope: 'openid offline_access',
    state: 's',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource: 'urn:mailtrail:local',
    ...changes,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { url: url.href, verifier };
}

/** The address of the page to which the issuer gives the code, after the choice of a person. */
async function signIn(browser: Browser, choice: Readonly<Record<string, string>>, url: string): Promise<URL> {
  const choosing = await browser(url);
  const page = await browser(choosing.location);
  expect(page.text).toContain('Sign in as support');
  const chosen = await browser(choosing.location, choice);
  const resumed = await browser(chosen.location);
  return new URL(resumed.location);
}

async function exchange(form: Readonly<Record<string, string>>) {
  const { token_endpoint = '' } = await discovered();
  const answer = await fetch(token_endpoint, {
    method: 'POST',
    headers: { origin: stack.url },
    body: new URLSearchParams({ client_id: 'mailtrail-ui', ...form }),
  });
  return { status: answer.status, body: (await answer.json()) as Tokens & { error?: string } };
}

const codeGrant = (code: string, verifier: string) => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: `${stack.url}/ui`,
  code_verifier: verifier,
});

async function tokensFor(choice: Readonly<Record<string, string>>, browser = createBrowser()): Promise<Tokens> {
  const { url, verifier } = await authorizationRequest();
  const back = await signIn(browser, choice, url);
  expect(back.href).toMatch(new RegExp(`^${stack.url}/ui\\?code=`));
  const { status, body } = await exchange(codeGrant(back.searchParams.get('code')!, verifier));
  expect([status, body.error]).toEqual([200, undefined]);
  return body;
}

async function statusOf(path: string, token: string, request: RequestInit = {}): Promise<number> {
  const answer = await fetch(stack.url + path, { ...request, headers: { authorization: `Bearer ${token}` } });
  return answer.status;
}

describe('the local issuer', () => {
  it('is found by discovery, with RSA keys and PKCE', async () => {
    const found = await discovered();
    expect(found).toMatchObject({ issuer, code_challenge_methods_supported: ['S256'] });
    const { keys } = (await (await fetch(found.jwks_uri!)).json()) as { keys: Record<string, string>[] };
    expect(keys).toEqual([expect.objectContaining({ kty: 'RSA', alg: 'RS256', use: 'sig' })]);
    expect(keys[0]).not.toHaveProperty('d');
  });

  it('signs somebody at an account in: the token reads that account and no other', async () => {
    const { access_token } = await tokensFor({ account: 'acme' });
    expect(decodeProtectedHeader(access_token)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    expect(decodeJwt(access_token)).toMatchObject({
      iss: issuer,
      aud: 'urn:mailtrail:local',
      sub: 'user-of-acme',
      account_id: 'acme',
      client_id: 'mailtrail-ui',
    });
    expect(await statusOf('/accounts/acme/emails', access_token)).toBe(200);
    expect(await statusOf('/accounts/globex/emails', access_token)).toBe(404);
    expect(await statusOf('/emails?recipient=jane@example.com', access_token)).toBe(403);
  });

  it('signs support in, who reads every account', async () => {
    const { access_token } = await tokensFor({ support: 'yes' });
    expect(await statusOf('/accounts/acme/emails', access_token)).toBe(200);
    expect(await statusOf('/emails?recipient=jane@example.com', access_token)).toBe(200);
  });

  it('lets a person erase who was chosen with that right, and nobody else', async () => {
    const erase = async (choice: Readonly<Record<string, string>>) => {
      const { access_token } = await tokensFor(choice);
      return statusOf('/accounts/acme/erasures', access_token, {
        method: 'POST',
        body: '{"recipient":"nobody@example.com"}',
      });
    };
    expect(await erase({ account: 'acme' })).toBe(403);
    expect(await erase({ account: 'acme', manage: 'on' })).toBe(200);
  });

  it('asks for no second choice within a session, also without any page', async () => {
    const browser = createBrowser();
    await tokensFor({ account: 'acme' }, browser);
    const { url, verifier } = await authorizationRequest({ prompt: 'none' });
    const { location } = await browser(url);
    const code = new URL(location).searchParams.get('code')!;
    expect((await exchange(codeGrant(code, verifier))).status).toBe(200);
    const stranger = await createBrowser()(url);
    expect(new URL(stranger.location).searchParams.get('error')).toBe('login_required');
  });

  it('asks again where the entered account can be none, and shows it as text', async () => {
    const browser = createBrowser();
    const { url } = await authorizationRequest();
    const { location } = await browser(url);
    const { text } = await browser(location, { account: '<b>no account</b>' });
    expect(text).toContain('No account can have the id “&lt;b&gt;no account&lt;/b&gt;”');
  });

  it('takes a code only with the verifier of its challenge, and only once', async () => {
    const { url, verifier } = await authorizationRequest();
    const back = await signIn(createBrowser(), { account: 'acme' }, url);
    const code = back.searchParams.get('code')!;
    const wrong = await exchange(codeGrant(code, randomBytes(32).toString('base64url')));
    expect(wrong).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await exchange(codeGrant(code, verifier))).toMatchObject({ status: 200 });
    expect(await exchange(codeGrant(code, verifier))).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('refuses a request without a challenge, to an unknown address, or for another API', async () => {
    const errorOf = async (changes: Readonly<Record<string, string>>) => {
      const { url } = await authorizationRequest(changes);
      const { status, location } = await createBrowser()(url);
      return status === 303 ? new URL(location).searchParams.get('error') : status;
    };
    expect(await errorOf({ code_challenge: '' })).toBe('invalid_request');
    expect(await errorOf({ redirect_uri: 'https://evil.example/' })).toBe(400);
    expect(await errorOf({ resource: 'urn:another' })).toBe('invalid_target');
  });

  it('renews tokens once per refresh token', async () => {
    const { refresh_token } = await tokensFor({ account: 'acme' });
    const renewed = await exchange({ grant_type: 'refresh_token', refresh_token });
    expect(renewed.status).toBe(200);
    expect(renewed.body.refresh_token).not.toBe(refresh_token);
    expect(await statusOf('/accounts/acme/emails', renewed.body.access_token)).toBe(200);
    expect((await exchange({ grant_type: 'refresh_token', refresh_token })).status).toBe(400);
  });

  it('signs out, and leads back to the page: the session and its refresh tokens are over', async () => {
    const browser = createBrowser();
    const { id_token, refresh_token } = await tokensFor({ account: 'acme' }, browser);
    const { end_session_endpoint = '' } = await discovered();
    const leaving = new URL(end_session_endpoint);
    leaving.searchParams.set('id_token_hint', id_token);
    leaving.searchParams.set('post_logout_redirect_uri', `${stack.url}/ui`);
    const { text } = await browser(leaving.href);
    const [, action = ''] = /action="([^"]+)"/.exec(text)!;
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(text)!;
    const left = await browser(action, { xsrf, logout: 'yes' });
    expect([left.status, left.location]).toEqual([303, `${stack.url}/ui`]);
    expect((await exchange({ grant_type: 'refresh_token', refresh_token })).status).toBe(400);
    const { url } = await authorizationRequest({ prompt: 'none' });
    expect(new URL((await browser(url)).location).searchParams.get('error')).toBe('login_required');
  });

  it('lets the pages of this machine alone read its answers', async () => {
    const { token_endpoint = '' } = await discovered();
    const allowed = async (origin: string) => {
      const body = new URLSearchParams({ client_id: 'mailtrail-ui', grant_type: 'refresh_token', refresh_token: 'x' });
      const { headers } = await fetch(token_endpoint, { method: 'POST', headers: { origin }, body });
      return headers.get('access-control-allow-origin');
    };
    const localhost = stack.url.replace('127.0.0.1', 'localhost');
    expect(await allowed(localhost)).toBe(localhost);
    expect(await allowed('https://evil.example')).toBeNull();
  });

  it('prints nothing on the terminal', () => {
    expect(stack.output()).not.toMatch(/oidc|warning|notice/i);
  });
});

describe('the API', () => {
  it('refuses a token of the issuer that is for another audience', async () => {
    const token = await createToken(dataDir, { account: 'acme', claims: { aud: 'urn:another' } });
    expect(await statusOf('/accounts/acme/emails', token)).toBe(401);
  });

  it('refuses the ID token of a sign-in', async () => {
    const { id_token } = await tokensFor({ account: 'acme' });
    expect(await statusOf('/accounts/acme/emails', id_token)).toBe(401);
  });

  it('accepts a token of npm run token, whose issuer is the one of the sign-in', async () => {
    const token = await createToken(dataDir, { account: 'acme' });
    expect(decodeJwt(token).iss).toBe(issuer);
    expect(await statusOf('/accounts/acme/emails', token)).toBe(200);
  });
});
