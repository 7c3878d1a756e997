/** Checks of the API by requests that change nothing. Each asks for behaviour that AWS does not document in full. */

import { createHmac, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { fail, notShown, type Outcome, pass } from './outcome.ts';
import type { Target } from './target.ts';

const timeoutMs = 30_000;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Sends a request with its path as it is written: `fetch` would normalise it. */
export function ask(url: string, path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
  const { protocol, hostname, port } = new URL(url);
  const send = protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const length = body && { 'content-length': String(body.length) };
    const options = { hostname, port, path, method, headers: { ...headers, ...length }, agent: false as const };
    const request = send({ ...options, timeout: timeoutMs }, response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    request.on('error', reject);
    request.end(body);
  });
}

/** A pass if the status is the expected one, and the condition holds. */
function expectStatus(answer: Answer, status: number, says: string, holds = true): Outcome {
  if (answer.status === status && holds) return pass(says);
  return fail(`expected ${status}: ${says}; got ${answer.status} ${JSON.stringify(answer.body.slice(0, 120))}`);
}

/** The same for a call to one provider's webhook, which the setting `onlyListed` may leave out. */
function expectOfWebhook(answer: Answer, status: number, says: string, holds = true): Outcome {
  // The gateway's own 404 has no problem document.
  const isUnlisted = answer.status === 404 && header(answer, 'content-type').startsWith('application/problem+json');
  return isUnlisted ? notShown('onlyListed leaves this provider out') : expectStatus(answer, status, says, holds);
}

const header = ({ headers }: Answer, name: string) => String(headers[name] ?? '');

/** The message of an answer of the gateway, which no function wrote. */
function gatewayMessage({ body }: Answer): string {
  try {
    return String(JSON.parse(body).message ?? '');
  } catch {
    return '';
  }
}

/** The largest body that the gateway takes is 10 MiB. */
const tooLarge = 10 * 1024 * 1024 + 1;

/** Options of the person who runs the checks. */
export interface Allowed {
  /** An access token, for the checks of the account API. */
  readonly token?: string | undefined;
  /** Leaves one message in the quarantine. */
  readonly quarantine: boolean;
  /** Sends 12 messages to the alarm topic within a second. */
  readonly burst: boolean;
}

export type Check = (target: Target, allowed: Allowed) => Promise<Outcome> | Outcome;

export const httpChecks = {
  async 'public routes'({ url }) {
    const first = await ask(url, '/statuses');
    const again = await ask(url, '/statuses', { headers: { 'if-none-match': header(first, 'etag') } });
    return expectStatus(again, 304, 'GET /statuses answers, and 304 to its own etag', first.status === 200);
  },

  'paths are decoded before they are routed': async ({ url }) =>
    expectStatus(await ask(url, '/%73tatuses'), 200, 'GET /%73tatuses is GET /statuses'),

  'an encoded slash ends a path': async ({ url }) =>
    expectStatus(await ask(url, '/accounts/a%2Fb/emails'), 404, 'GET /accounts/a%2Fb/emails fits no route'),

  async 'no token'({ url }) {
    const answer = await ask(url, '/accounts/acme/emails');
    const isBearer = /^bearer/i.test(header(answer, 'www-authenticate'));
    const says = 'the gateway answers 401, "Unauthorized", with www-authenticate: Bearer';
    return expectStatus(answer, 401, says, isBearer && gatewayMessage(answer) === 'Unauthorized');
  },

  async 'a forged token'({ url }) {
    const forged = `${['{"alg":"none"}', '{"account_id":"acme"}'].map(text => Buffer.from(text).toString('base64url')).join('.')}.`;
    const answer = await ask(url, '/accounts/acme/emails', { headers: { authorization: `Bearer ${forged}` } });
    return expectStatus(answer, 401, 'the gateway answers 401 to an unsigned token');
  },

  async 'a genuine token'({ url }, { token }) {
    if (token === undefined) return notShown('give --token');
    const { status } = await ask(url, '/emails?attention=act&limit=1', {
      headers: { authorization: `Bearer ${token}` },
    });
    if (status === 200) return pass("the token is support's, and GET /emails answers");
    if (status === 403) return pass('the token is accepted, and GET /emails is refused to it with 403');
    return fail(`GET /emails answers ${status}: compare oidcIssuer and oidcAudience with the token's iss and aud`);
  },

  async 'HEAD reaches the function'({ url }) {
    const answer = await ask(url, '/webhooks/mandrill', { method: 'HEAD' });
    return expectOfWebhook(answer, 200, 'HEAD /webhooks/mandrill answers, as its dashboard asks for');
  },

  async 'OPTIONS reaches the function'({ url }) {
    const headers = { 'webhook-request-origin': 'eventgrid.azure.net', 'webhook-request-rate': '100' };
    const answer = await ask(url, '/webhooks/azure', { method: 'OPTIONS', headers });
    // The handshake itself needs the secret in its URL. A problem document shows who has answered.
    const isOwn = header(answer, 'content-type').startsWith('application/problem+json');
    return expectOfWebhook(
      answer,
      401,
      "OPTIONS /webhooks/azure reaches the function, as Event Grid's handshake does",
      isOwn,
    );
  },

  async 'an unproven callback'({ url }) {
    const answer = await ask(url, '/webhooks/postmark', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{}'),
    });
    const isBasic = /^basic/i.test(header(answer, 'www-authenticate'));
    return expectOfWebhook(answer, 401, 'POST /webhooks/postmark answers 401, with www-authenticate: Basic', isBasic);
  },

  async 'a body above 10 MB'({ url }) {
    const body = Buffer.alloc(tooLarge, 32);
    const headers = { 'content-type': 'application/json' };
    try {
      const answer = await ask(url, '/webhooks/postmark', { method: 'POST', headers, body });
      return expectStatus(answer, 413, 'the gateway answers 413', gatewayMessage(answer) !== '');
    } catch (error) {
      // A gateway may close the connection while the body still comes.
      return notShown(`the connection ended before an answer: ${(error as Error).message}`);
    }
  },

  async 'bytes of a body'({ url, outputs, secrets }, { quarantine }) {
    if (!quarantine) return notShown('give --quarantine: it leaves one message in the quarantine');
    const { SecretString = '{}' } = await secrets.send(
      new GetSecretValueCommand({ SecretId: outputs.WebhookSecretsArn }),
    );
    const secret = [JSON.parse(SecretString).app ?? []].flat().find(one => typeof one === 'string');
    if (secret === undefined) return notShown('the provider app has no secret to sign with');
    // A body in Latin-1 with é: byte E9 alone is no UTF-8.
    const body = Buffer.from('{"type":"verify-deployment","subject":"é"}', 'latin1');
    const answer = await ask(url, '/webhooks/app', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...standardWebhook(secret, body) },
      body,
    });
    if (answer.status === 401) return fail('byte E9 was changed on the way: the signature no longer fits');
    return expectOfWebhook(answer, 200, 'byte E9 arrives as it was sent, and the signature fits');
  },
} as const satisfies Record<string, Check>;

/** The headers of a signed callback. https://github.com/standard-webhooks/standard-webhooks */
function standardWebhook(secret: string, body: Buffer): Record<string, string> {
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.trim().replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
