import middy from '@middy/core';
import type { EraseEmails } from '../../shared/email/eraser.ts';
import { type AccessRules, type ApiEvent, refusalOf } from '../../shared/http/access.ts';
import { httpErrors } from '../../shared/http/error-middleware.ts';
import { problem } from '../../shared/http/problems.ts';
import { remainingMs } from '../../shared/http/remaining-time.ts';
import { bodyBytes, bodyOf, InvalidRequest, noParameters, parametersOf } from '../../shared/http/request-parsing.ts';
import { type HttpAnswer, json } from '../../shared/http/responses.ts';
import { type RouteOf, routes } from '../../shared/http/routes.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { day, isoText } from '../../shared/runtime/time.ts';
import { erasureBody } from './schemas.ts';

export interface ManageDependencies {
  readonly erase: EraseEmails;
  readonly access: AccessRules;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** Milliseconds after arrival when no further write starts: API Gateway waits 30 s. */
const eraseWithin = 24_000;

const retryAfterSeconds = '60';

/** Days until the rest is gone: the longest that a queue keeps a message, and the reach of point-in-time recovery. */
const forgottenAfterDays = { queues: 14, backups: 35 } as const;

/**
 * The manage function: erases a recipient's emails and answers when the rest is gone, or that some emails remain.
 * Repeating an erasure is safe and continues with the remaining emails.
 */
export function createHandler({ erase, access, now, log }: ManageDependencies) {
  return middy<ApiEvent, HttpAnswer>()
    .use(httpErrors(log))
    .handler(async event => {
      const { requestId, routeKey } = event.requestContext;
      const { answer, emails } = await answerTo(event, routeKey);
      log('erase.answered', { requestId, route: routeKey, answer: answer.statusCode, emails });
      return answer;
    });

  async function answerTo(event: ApiEvent, routeKey: string): Promise<{ answer: HttpAnswer; emails: number }> {
    const unheard = (answer: HttpAnswer) => ({ answer, emails: 0 });
    if (!isManageRoute(routeKey)) return unheard(problem('not-found'));
    const refusal = refusalOf(event, routes[routeKey], access);
    if (refusal !== null) return unheard(refusal);
    let recipient: string;
    try {
      parametersOf(noParameters, event.rawQueryString);
      ({ recipient } = bodyOf(erasureBody, bodyBytes(event).toString()));
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
      return unheard(problem('invalid-request', { field: error.field, detail: error.detail }));
    }

    const { requestId, timeEpoch } = event.requestContext;
    const at = now();
    const timeLeft = remainingMs(eraseWithin, timeEpoch, at);
    const { accountId = null } = event.pathParameters ?? {};
    const { erased: emails, error } = await erase({ recipient, accountId }, at, AbortSignal.timeout(timeLeft));
    if (error === null) return { answer: erasureAnswer(emails, at), emails };
    log('fault', { requestId, where: routeKey, error: errorName(error) });
    return { answer: problem('not-erased', { erased: { emails } }, { 'retry-after': retryAfterSeconds }), emails };
  }
}

function erasureAnswer(emails: number, at: number): HttpAnswer {
  const { queues, backups } = forgottenAfterDays;
  const forgottenBy = { queues: isoText(at + queues * day), backups: isoText(at + backups * day) };
  return json(200, { erased: { emails }, forgottenBy }, { 'cache-control': 'no-store' });
}

function isManageRoute(routeKey: string): routeKey is RouteOf<'manage'> {
  return Object.hasOwn(routes, routeKey) && routes[routeKey as keyof typeof routes].function === 'manage';
}
