import middy from '@middy/core';
import { mailboxOf } from '../../shared/email/address.ts';
import { isRecipient } from '../../shared/email/event.ts';
import { type AccessRules, type ApiEvent, refusalOf } from '../../shared/http/access.ts';
import { httpErrors } from '../../shared/http/error-middleware.ts';
import { problem } from '../../shared/http/problems.ts';
import { type HttpAnswer, json } from '../../shared/http/responses.ts';
import { type RouteOf, routes } from '../../shared/http/routes.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import type { Erase } from './erase.ts';
import type { ErasedCounts } from './response-schemas.ts';

export interface EraseDependencies {
  readonly erase: Erase;
  readonly access: AccessRules;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Milliseconds after arrival at which nothing more is begun: API Gateway waits 30 s, and what is held of the queues has
 * to be given back within them.
 */
const eraseWithin = 24_000;

/** No cold start takes longer; a gateway that claims more has another clock than we. */
const maxErasureMs = 10_000;

const retryAfterSeconds = '60';

const nothing: ErasedCounts = { emails: 0, queuedEvents: 0, quarantined: 0, alertRecords: 0 };

/**
 * The erase function: one recipient's data is gone, or the answer says what remains. Erasing once more is safe, and goes
 * on with what remained.
 */
export function createHandler({ erase, access, now, log }: EraseDependencies) {
  return middy<ApiEvent, HttpAnswer>()
    .use(httpErrors(log))
    .handler(async event => {
      const { requestId, routeKey } = event.requestContext;
      const { answer, erased } = await answerTo(event, routeKey);
      log('erase.answered', { requestId, route: routeKey, answer: answer.statusCode, ...erased });
      return answer;
    });

  async function answerTo(event: ApiEvent, routeKey: string): Promise<{ answer: HttpAnswer; erased: ErasedCounts }> {
    const unheard = (answer: HttpAnswer) => ({ answer, erased: nothing });
    if (!isEraseRoute(routeKey)) return unheard(problem('not-found'));
    const refusal = refusalOf(event, routes[routeKey].access, access);
    if (refusal !== null) return unheard(refusal);

    // A filter that is not understood would erase too much.
    const [parameter] = new URLSearchParams(event.rawQueryString).keys();
    if (parameter !== undefined) {
      return unheard(problem('invalid-request', { field: parameter, detail: 'is not a parameter of this route' }));
    }
    const { recipient: given = '', accountId = null } = event.pathParameters ?? {};
    const recipient = mailboxOf(given);
    if (!isRecipient(recipient)) {
      return unheard(problem('invalid-request', { field: 'recipient', detail: 'must be an email address' }));
    }

    const { requestId, timeEpoch } = event.requestContext;
    const at = now();
    const waited = at - timeEpoch;
    const timeLeft = waited > 0 && waited < maxErasureMs ? eraseWithin - waited : eraseWithin;
    const { erased, remains } = await erase({
      erasure: { recipient, accountId },
      now: at,
      signal: AbortSignal.timeout(timeLeft),
      onFault: (where, error) => log('fault', { requestId, where, error: errorName(error) }),
    });
    const answer =
      remains.length === 0
        ? json(200, { erased }, { 'cache-control': 'no-store' })
        : problem('not-erased', { erased, remains }, { 'retry-after': retryAfterSeconds });
    return { answer, erased };
  }
}

function isEraseRoute(routeKey: string): routeKey is RouteOf<'manage'> {
  return Object.hasOwn(routes, routeKey) && routes[routeKey as keyof typeof routes].function === 'manage';
}
