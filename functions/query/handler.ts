import middy from '@middy/core';
import { type AccessRules, type ApiEvent, refusalOf } from '../../shared/http/access.ts';
import { compressed } from '../../shared/http/compression.ts';
import { httpErrors } from '../../shared/http/error-middleware.ts';
import { problem } from '../../shared/http/problems.ts';
import { InvalidRequest } from '../../shared/http/request-parsing.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import { type RouteOf, routes } from '../../shared/http/routes.ts';
import { createStaticDocument } from '../../shared/http/static-document.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { operations, type QueryServices } from './operations.ts';
import { catalogueView } from './responses.ts';

export interface QueryDependencies extends Omit<QueryServices, 'catalogue' | 'document'> {
  /** The OpenAPI document of the API. */
  readonly document: object;
  readonly access: AccessRules;
  readonly log: Log;
}

/**
 * The query function: an account's people read their emails. Another account's email looks like one that does not
 * exist.
 */
export function createHandler(dependencies: QueryDependencies) {
  const services: QueryServices = {
    ...dependencies,
    catalogue: createStaticDocument(catalogueView),
    document: createStaticDocument(() => dependencies.document),
  };
  return middy<ApiEvent, HttpAnswer>()
    .use(httpErrors(dependencies.log))
    .use(compressed())
    .handler(async event => {
      const { requestId, routeKey } = event.requestContext;
      const answer = await answerTo(services, dependencies.access, event);
      dependencies.log('query.answered', { requestId, route: routeKey, answer: answer.statusCode });
      return answer;
    });
}

async function answerTo(services: QueryServices, rules: AccessRules, event: ApiEvent): Promise<HttpAnswer> {
  const { routeKey } = event.requestContext;
  if (!isQueryRoute(routeKey)) return problem('not-found');
  const refusal = refusalOf(event, routes[routeKey], rules);
  if (refusal !== null) return refusal;
  try {
    return await operations[routeKey](services, event);
  } catch (error) {
    if (error instanceof InvalidRequest)
      return problem('invalid-request', { field: error.field, detail: error.detail });
    throw error;
  }
}

function isQueryRoute(routeKey: string): routeKey is RouteOf<'query'> {
  return Object.hasOwn(operations, routeKey);
}
