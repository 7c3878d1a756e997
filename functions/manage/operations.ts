import type { EraseEmails } from '../../shared/email/eraser.ts';
import { emailIdShape } from '../../shared/email/event.ts';
import { canBeHandled } from '../../shared/email/handling.ts';
import type { Email } from '../../shared/email/item.ts';
import { type AddNotes, handledNote } from '../../shared/email/notes.ts';
import type { ApiEvent } from '../../shared/http/access.ts';
import { problem } from '../../shared/http/problems.ts';
import { remainingMs } from '../../shared/http/remaining-time.ts';
import { bodyBytes, bodyOf, noParameters, parametersOf } from '../../shared/http/request-parsing.ts';
import { type HttpAnswer, json } from '../../shared/http/responses.ts';
import type { RouteOf } from '../../shared/http/routes.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { day, isoText } from '../../shared/runtime/time.ts';
import { erasureBody, handledBody } from './schemas.ts';

export interface ManageServices {
  readonly erase: EraseEmails;
  readonly addNotes: AddNotes;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** The answer, and the number of emails that the request changed. */
export interface Managed {
  readonly answer: HttpAnswer;
  readonly emails: number;
}

/**
 * Answers one route, after access to the account in its path was granted.
 *
 * @throws InvalidRequest
 */
type Operation = (services: ManageServices, event: ApiEvent) => Promise<Managed>;

/** Milliseconds after arrival when no further write starts: API Gateway waits 30 s. */
const eraseWithin = 24_000;

const retryAfterSeconds = '60';

/** Days until the rest is gone: the longest that a queue keeps a message, and the reach of point-in-time recovery. */
const forgottenAfterDays = { queues: 14, backups: 35 } as const;

const notStored = { 'cache-control': 'no-store' };

/** The operation of each route. */
export const operations = {
  'POST /accounts/{accountId}/erasures': eraseRecipient,
  'POST /erasures': eraseRecipient,
  'POST /accounts/{accountId}/emails/{emailId}/handled': (services, event) =>
    handleEmail(services, event, ({ accountId }) => accountId === event.pathParameters?.accountId),
  'POST /emails/{emailId}/handled': (services, event) => handleEmail(services, event, () => true),
} as const satisfies Record<RouteOf<'manage'>, Operation>;

/**
 * Erases a recipient's emails, and answers when the rest is gone, or that some emails remain. Repeating an erasure is safe
 * and continues with the remaining emails.
 */
async function eraseRecipient({ erase, now, log }: ManageServices, event: ApiEvent): Promise<Managed> {
  parametersOf(noParameters, event.rawQueryString);
  const { recipient } = bodyOf(erasureBody, bodyBytes(event).toString());
  const { requestId, routeKey, timeEpoch } = event.requestContext;
  const at = now();
  const timeLeft = remainingMs(eraseWithin, timeEpoch, at);
  const { accountId = null } = event.pathParameters ?? {};
  const { erased: emails, error } = await erase({ recipient, accountId }, at, AbortSignal.timeout(timeLeft));
  if (error !== null) {
    log('fault', { requestId, where: routeKey, error: errorName(error) });
    return { answer: problem('not-erased', { erased: { emails } }, { 'retry-after': retryAfterSeconds }), emails };
  }
  const { queues, backups } = forgottenAfterDays;
  const forgottenBy = { queues: isoText(at + queues * day), backups: isoText(at + backups * day) };
  return { answer: json(200, { erased: { emails }, forgottenBy }, notStored), emails };
}

/** Records that somebody handled an email, unless it asks nobody to act, nor stops others to its address. */
async function handleEmail(
  { addNotes, now }: ManageServices,
  event: ApiEvent,
  isVisible: (email: Email) => boolean,
): Promise<Managed> {
  parametersOf(noParameters, event.rawQueryString);
  const body = bodyBytes(event).toString();
  const { note } = bodyOf(handledBody, body === '' ? '{}' : body);
  const { emailId = '' } = event.pathParameters ?? {};
  const at = now();
  const actor = event.requestContext.authorizer?.jwt.claims.sub;
  const notesFor = (email: Email) => {
    if (!isVisible(email)) return null;
    return canBeHandled(email) ? [handledNote(email, actor === undefined ? undefined : String(actor), note, at)] : [];
  };
  const noted = emailIdShape.test(emailId) ? await addNotes(emailId, notesFor, at) : null;
  if (noted === null) return { answer: problem('not-found'), emails: 0 };
  const attention = noted.email.attentionAt === undefined ? null : 'act';
  const answer = json(200, { emailId, attention, recorded: noted.added > 0 }, notStored);
  return { answer, emails: noted.added };
}
