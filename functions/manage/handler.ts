import middy from '@middy/core';
import { type AccessRules, type ApiEvent, refusalOf } from '../../shared/http/access.ts';
import { httpErrors } from '../../shared/http/error-middleware.ts';
import { problem } from '../../shared/http/problems.ts';
import { InvalidRequest } from '../../shared/http/request-parsing.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import { type RouteOf, routes } from '../../shared/http/routes.ts';
import { type Managed, type ManageServices, operations } from './operations.ts';

export interface ManageDependencies extends ManageServices {
  readonly access: AccessRules;
}

/** The manage function: erases a recipient's emails, and records that somebody handled an email. */
export function createHandler({ access, ...services }: ManageDependencies) {
  return middy<ApiEvent, HttpAnswer>()
    .use(httpErrors(services.log))
    .handler(async event => {
      const { requestId, routeKey } = event.requestContext;
      const { answer, emails } = await answerTo(services, access, event);
      services.log('manage.answered', { requestId, route: routeKey, answer: answer.statusCode, emails });
      return answer;
    });
}

async function answerTo(services: ManageServices, access: AccessRules, event: ApiEvent): Promise<Managed> {
  const unheard = (answer: HttpAnswer): Managed => ({ answer, emails: 0 });
  const { routeKey } = event.requestContext;
  if (!isManageRoute(routeKey)) return unheard(problem('not-found'));
  const refusal = refusalOf(event, routes[routeKey], access);
  if (refusal !== null) return unheard(refusal);
  try {
    return await operations[routeKey](services, event);
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    return unheard(problem('invalid-request', { field: error.field, detail: error.detail }));
  }
}

function isManageRoute(routeKey: string): routeKey is RouteOf<'manage'> {
  return Object.hasOwn(operations, routeKey);
}
