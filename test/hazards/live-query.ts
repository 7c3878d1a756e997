import { mkdtemp } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCursors } from '../../functions/query/cursor.ts';
import { createHandler } from '../../functions/query/handler.ts';
import { startHttpServer } from '../../infra/local/api-gateway/http-api.ts';
import { openTokenIssuer, type TokenIssuer } from '../../infra/local/issuer/token-issuer.ts';
import type { ApiEvent } from '../../shared/http/access.ts';
import { type Route, routes } from '../../shared/http/routes.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { lambdaContext } from '../rigs/http-event.ts';
import { access } from '../rigs/query-function.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test checks the members that it needs
  readonly json: any;
}

/** The query function behind the gateway, with real requests, tokens and emails. */
export interface LiveQuery {
  readonly emails: StoredEmails;
  readonly issuer: TokenIssuer;
  /** Creates a token of the issuer. Given claims replace the usual ones. */
  token(claims?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Sends the path byte for byte, without a URL parser. */
  call(path: string, options?: { token?: string; method?: string; headers?: Record<string, string> }): Promise<Answer>;
  stop(): Promise<void>;
}

export const tokenIssuer = 'https://issuer.test/';
export const audience = 'mailtrail-test';
export const allowedOrigin = 'https://app.example.com';

export async function startLiveQuery(): Promise<LiveQuery> {
  const emails = await startStoredEmails();
  const issuer = await openTokenIssuer(await mkdtemp(join(tmpdir(), 'mailtrail-test-')));
  const handler = createHandler({
    store: emails.store,
    cursors: createCursors(async () => 'the key of the tests'),
    access,
    oldAfter: defaultOldAfter,
    document: {},
    news: emails.news,
    listedProviders: [],
    now: () => noon,
    log: () => {},
  });
  const query = {
    name: 'query',
    invoke: (event: unknown) => handler(event as ApiEvent, lambdaContext),
    warm: async () => {},
    stop: () => {},
  };
  const authorizer = issuer.authorizer({ issuer: tokenIssuer, audience: [audience], scopes: [] });
  const server = await startHttpServer(0);
  server.serve({
    apiId: 'api',
    cors: { AllowOrigins: [allowedOrigin], AllowMethods: ['GET', 'POST'], AllowHeaders: ['authorization'] },
    ownPages: {},
    onFault: error => {
      throw error;
    },
    routes: Object.entries<Route>(routes)
      .filter(([, route]) => route.function === 'query')
      .map(([key, route]) => ({
        key,
        function: query,
        authorizer: route.access === 'public' ? null : authorizer,
      })),
  });
  const now = () => Math.floor(Date.now() / 1000);
  return {
    emails,
    issuer,
    token: (claims = {}) =>
      issuer.sign({ iss: tokenIssuer, aud: audience, sub: 'jane', account_id: 'acme', exp: now() + 60, ...claims }),
    call: (path, { token, method = 'GET', headers = {} } = {}) =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(server.url);
        request(
          {
            hostname,
            port,
            path,
            method,
            headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
          },
          response => {
            const chunks: Buffer[] = [];
            response.on('data', chunk => chunks.push(chunk));
            response.on('end', () => {
              const body = Buffer.concat(chunks).toString();
              const isJson = /json/.test(response.headers['content-type'] ?? '');
              resolve({
                status: response.statusCode ?? 0,
                headers: response.headers,
                body,
                json: isJson && body !== '' ? JSON.parse(body) : undefined,
              });
            });
          },
        )
          .on('error', reject)
          .end();
      }),
    async stop() {
      await server.stop();
      await emails.stop();
    },
  };
}
