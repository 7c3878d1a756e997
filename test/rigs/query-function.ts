import { gunzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createCursors } from '../../functions/query/cursor.ts';
import { createHandler, type QueryDependencies } from '../../functions/query/handler.ts';
import document from '../../functions/query/openapi.json' with { type: 'json' };
import type { Reader } from '../../shared/email/reader.ts';
import type { ApiEvent, VerifiedToken } from '../../shared/http/access.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import type { RouteKey } from '../../shared/http/routes.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from './arbitrary-events.ts';
import { bearerOf, httpEvent, lambdaContext } from './http-event.ts';

export const access = {
  accountClaim: 'account_id',
  supportScope: 'mailtrail/support',
  manageScope: 'mailtrail/manage',
};

export const tokenOf = (accountId: string): VerifiedToken => tokenWith({ sub: 'jane', account_id: accountId });
/** The same for a caller who may also erase. */
export const managerToken = (accountId: string): VerifiedToken =>
  tokenWith({ sub: 'joe', account_id: accountId, scope: 'openid mailtrail/manage' });
export const supportToken = tokenWith({ sub: 'sam', scope: 'openid mailtrail/support' });

/** A verified token in the form that API Gateway passes on. */
export function tokenWith(claims: VerifiedToken['claims'], scopes: string[] | null = null): VerifiedToken {
  // The declared type lacks null.
  return { claims, scopes: scopes as string[] };
}

export interface Call {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  /** Whether the body is in base64, as binary bodies are. */
  readonly isBase64Encoded?: boolean;
  readonly token?: VerifiedToken;
}

export interface CallAnswer extends HttpAnswer {
  /** The decompressed body. */
  readonly text: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: each test checks the members that it needs
  readonly json: any;
}

/** Returns the handler of the query function over real emails. */
export function queryHandler(emails: { readonly store: Reader }, changes: Partial<QueryDependencies> = {}) {
  return createHandler({
    store: emails.store,
    cursors: createCursors(async () => 'the key of the tests'),
    access,
    oldAfter: defaultOldAfter,
    document,
    news: { statesOf: async () => new Map(), countsOf: async () => new Map() },
    listedProviders: [],
    now: () => noon,
    log: () => {},
    ...changes,
  });
}

/** Returns the query function over real emails. It is called as API Gateway calls it. */
export function queryFunction(emails: { readonly store: Reader }, changes: Partial<QueryDependencies> = {}) {
  const handler = queryHandler(emails, changes);
  return async (
    routeKey: RouteKey,
    { path = {}, query = '', headers = {}, body, isBase64Encoded = false, token }: Call = {},
  ): Promise<CallAnswer> => {
    const sent = { ...(token && bearerOf(token.claims)), ...headers };
    const event: APIGatewayProxyEventV2 = {
      ...httpEvent(routeKey, path, sent, body === undefined ? undefined : Buffer.from(body)),
      rawQueryString: query,
      isBase64Encoded,
    };
    const requestContext = { ...event.requestContext, ...(token && { authorizer: { jwt: token } }) };
    const answer = await handler({ ...event, requestContext } as ApiEvent, lambdaContext);
    const text = answer.isBase64Encoded ? gunzipSync(Buffer.from(answer.body!, 'base64')).toString() : answer.body;
    const isJson =
      answer.headers['content-type']?.includes('json') && !answer.headers['content-type'].includes('jsonl');
    return { ...answer, text, json: isJson && text !== undefined ? JSON.parse(text) : undefined };
  };
}
