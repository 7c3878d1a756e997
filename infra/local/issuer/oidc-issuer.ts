/** The local OpenID Connect issuer: sign-in without a password, for the people of one machine. */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import type { AccessToken, ClientCredentials, Configuration } from 'oidc-provider';
import { isAccountId } from '../../../shared/email/event.ts';
import type { HttpAnswer } from '../api-gateway/http-payload.ts';
import { localClient } from './local-client.ts';
import { choicePage, failurePage, signedOutPage, signOutPage } from './pages.ts';
import { type ClaimNames, claimsOf, personOf, subjectOf } from './person.ts';
import { createSessionStore } from './session-store.ts';
import type { TokenIssuer } from './token-issuer.ts';

/** The path below which the issuer answers. */
export const issuerPath = '/_local/issuer';

/** Lifetimes in seconds. An access token is so short that a page that stays open renews it. */
const seconds = { accessToken: 15 * 60, code: 60, interaction: 60 * 60, session: 12 * 60 * 60 } as const;

export interface OidcIssuerOptions {
  /** The address of the stack, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly audience: string;
  readonly clientId: string;
  readonly names: ClaimNames;
  readonly tokens: Pick<TokenIssuer, 'privateJwk'>;
}

/** The library loads with the first request: most runs of the stack sign nobody in. */
export function createOidcIssuer(options: OidcIssuerOptions): RequestListener {
  let answering: Promise<(request: IncomingMessage, response: ServerResponse) => Promise<void>> | undefined;
  return (request, response) => {
    answering ??= issuerFor(options);
    answering
      .then(answer => answer(request, response))
      .catch(() => {
        if (!response.headersSent) send(response, failurePage('The sign-in failed.'));
      });
  };
}

async function issuerFor(options: OidcIssuerOptions) {
  const { default: OidcProvider } = await import('oidc-provider');
  const provider: Provider = new OidcProvider(
    `${options.url}${issuerPath}`,
    configuration(options, () => provider),
  );
  const answer = provider.callback();
  const interaction = new RegExp(`^${issuerPath}/interaction/[\\w-]+$`);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url = '/', method } = request;
    if (interaction.test(url)) {
      if (method === 'POST') return finishChoice(provider, request, response);
      return send(response, await choice(provider, request, response));
    }
    // As a framework mounts a handler: the library finds its own path from both.
    Object.assign(request, { originalUrl: url, url: url.slice(issuerPath.length) });
    await answer(request, response);
  };
}

function configuration(
  { url, audience, clientId, names, tokens }: OidcIssuerOptions,
  provider: () => Provider,
): Configuration {
  const { port } = new URL(url);
  const origins = [url, `http://localhost:${port}`];
  const addresses = origins.flatMap(origin => [`${origin}/ui`, `${origin}/ui/`]);
  const claimsOfToken = (token: AccessToken | ClientCredentials) =>
    claimsOf(('accountId' in token && personOf(token.accountId)) || {}, names);
  return {
    adapter: createSessionStore(),
    jwks: { keys: [{ ...tokens.privateJwk }] },
    clients: [
      {
        client_id: clientId,
        client_name: 'Mailtrail',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: addresses,
        post_logout_redirect_uris: addresses,
      },
    ],
    clientBasedCORS: (_ctx, origin) => origins.includes(origin),
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      // Cookies do not tell ports apart, and two stacks may run.
      names: {
        session: `mailtrail_session_${port}`,
        interaction: `mailtrail_interaction_${port}`,
        resume: `mailtrail_resume_${port}`,
      },
    },
    ttl: {
      AccessToken: seconds.accessToken,
      AuthorizationCode: seconds.code,
      IdToken: seconds.accessToken,
      RefreshToken: seconds.session,
      Interaction: seconds.interaction,
      Session: seconds.session,
      Grant: seconds.session,
    },
    interactions: { url: (_ctx, { uid }) => `${issuerPath}/interaction/${uid}` },
    findAccount: (_ctx, subject) =>
      personOf(subject) === null ? undefined : { accountId: subject, claims: async () => ({ sub: subject }) },
    // Nobody has to consent on a machine of their own.
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc;
      const grant = new (provider().Grant)({ clientId: client!.clientId, accountId: session!.accountId! });
      grant.addOIDCScope('openid offline_access');
      await grant.save();
      return grant;
    },
    // The library drops offline_access where no consent is asked for.
    issueRefreshToken: async () => true,
    extraTokenClaims: (_ctx, token) => {
      const { scope, ...claims } = claimsOfToken(token);
      return claims;
    },
    formats: {
      customizers: {
        // The choice of the person decides on the scopes: a request need not name them.
        jwt: (_ctx, token, { payload }) => {
          const { scope } = claimsOfToken(token);
          if (scope !== undefined) payload.scope = scope;
        },
      },
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => localClient.audience,
        useGrantedResource: () => true,
        async getResourceServerInfo(_ctx, resource) {
          const { errors } = await import('oidc-provider');
          if (resource !== localClient.audience && resource !== audience) throw new errors.InvalidTarget();
          return { scope: '', audience, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => show(ctx, signOutPage(form, ctx.oidc.entities.IdTokenHint !== undefined)),
        postLogoutSuccessSource: ctx => show(ctx, signedOutPage()),
      },
    },
    renderError: (ctx, { error, error_description: description }) =>
      show(ctx, { ...failurePage(`${description ?? error}`), statusCode: ctx.status }),
  };
}

/** The page on which a person is chosen. */
async function choice(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<HttpAnswer> {
  try {
    await provider.interactionDetails(request, response);
    return choicePage();
  } catch {
    return failurePage('This sign-in has ended.');
  }
}

async function finishChoice(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  const account = (form.get('account') ?? '').trim();
  const isSupport = form.has('support');
  try {
    await provider.interactionDetails(request, response);
    if (!isSupport && !isAccountId(account)) return send(response, choicePage(account));
    const accountId = subjectOf(isSupport ? { support: true } : { account, manage: form.has('manage') });
    await provider.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false });
  } catch {
    send(response, failurePage('This sign-in has ended.'));
  }
}

/** Puts a page into an answer of the library. */
function show(ctx: { set(headers: Record<string, string>): void; status: number; body: unknown }, page: HttpAnswer) {
  ctx.set({ ...page.headers });
  ctx.status = page.statusCode;
  ctx.body = page.body.toString();
}

function send(response: ServerResponse, { statusCode, headers, body }: HttpAnswer): void {
  response.writeHead(statusCode, { 'cache-control': 'no-store', ...headers, 'content-length': body.length }).end(body);
}
