import middy from '@middy/core';
import { type AccessRules, type ApiEvent, refusalOf } from '../../shared/access.ts';
import { emailIdShape } from '../../shared/event.ts';
import { type HttpAnswer, json, problem } from '../../shared/http.ts';
import { httpErrors } from '../../shared/http-errors.ts';
import type { Log } from '../../shared/log.ts';
import { routes } from '../../shared/routes.ts';
import { asksForAttention, type OldAfter } from '../../shared/status.ts';
import type { Email, Reader } from '../../shared/store.ts';
import { cursorOf, type ListOfAccount } from './cursor.ts';
import { withEtag } from './etag.ts';
import { listRequest } from './list-parameters.ts';
import { catalogueView, emailView, rowView } from './view.ts';

export interface QueryDependencies {
  readonly store: Reader;
  readonly access: AccessRules;
  readonly oldAfter: OldAfter;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

type QueryRoute = {
  [Key in keyof typeof routes]: (typeof routes)[Key]['function'] extends 'query' ? Key : never;
}[keyof typeof routes];

/** Answers one route, once access to the account in its path was granted. */
type Operation = (dependencies: QueryDependencies, event: ApiEvent) => HttpAnswer | Promise<HttpAnswer>;

/** A browser may keep an answer, yet asks each time whether it still holds. */
const revalidated = { 'cache-control': 'private, no-cache' };

const operations = {
  'GET /statuses': (_, { headers }) =>
    withEtag(json(200, catalogueView(), { 'cache-control': 'public, max-age=3600' }), headers['if-none-match']),

  'GET /accounts/{accountId}/emails': async ({ store, oldAfter, now }, event) => {
    const accountId = event.pathParameters?.accountId ?? '';
    const request = listRequest(accountId, event.rawQueryString);
    if ('field' in request) return problem('invalid-request', { ...request });
    const { emails, next } = await store.accountPage(accountId, request.of.list, request);
    const time = now();
    return json(
      200,
      {
        // An index lags behind its table: what an email says of itself decides.
        emails: emails.filter(belongsTo(request.of)).map(email => rowView(email, time, oldAfter)),
        ...(next && { cursor: cursorOf(request.of, next) }),
      },
      revalidated,
    );
  },

  'GET /accounts/{accountId}/emails/{emailId}': async ({ store, oldAfter, now }, event) => {
    const { accountId = '', emailId = '' } = event.pathParameters ?? {};
    const email = emailIdShape.test(emailId) ? await store.email(emailId) : null;
    if (email?.accountId !== accountId) return problem('not-found');
    return withEtag(json(200, emailView(email, now(), oldAfter), revalidated), event.headers['if-none-match']);
  },
} as const satisfies Record<QueryRoute, Operation>;

function belongsTo({ accountId, list }: ListOfAccount) {
  return (email: Email) =>
    email.accountId === accountId && (list === 'all' || (email.verdict !== null && asksForAttention(email.verdict)));
}

/** The query function: an account's people read their emails. Another account's email and none at all look the same. */
export function createHandler(dependencies: QueryDependencies) {
  return middy<ApiEvent, HttpAnswer>()
    .use(httpErrors(dependencies.log))
    .handler(async event => {
      const { requestId, routeKey } = event.requestContext;
      const answer = await answerTo(dependencies, event, routeKey);
      dependencies.log('query.answered', { requestId, route: routeKey, answer: answer.statusCode });
      return answer;
    });
}

function answerTo(dependencies: QueryDependencies, event: ApiEvent, routeKey: string) {
  if (!isQueryRoute(routeKey)) return problem('not-found');
  return refusalOf(event, routes[routeKey].access, dependencies.access) ?? operations[routeKey](dependencies, event);
}

function isQueryRoute(routeKey: string): routeKey is QueryRoute {
  return Object.hasOwn(operations, routeKey);
}
