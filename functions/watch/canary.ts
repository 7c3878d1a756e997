/** The canary: an event of Mailtrail's own that goes the way of every callback and is read back. */

import { createHmac } from 'node:crypto';
import * as z from 'zod/mini';
import { canaryAccountId, canaryIdPrefix, emailIdOf } from '../../shared/email/event.ts';
import { errorName } from '../../shared/runtime/log.ts';
import { isoText } from '../../shared/runtime/time.ts';

/** The part of the way that failed. */
export type Leg = 'key' | 'gateway' | 'signature' | 'ingest' | 'table' | 'query' | 'read';

/** The event came back; or the leg that failed, and its cause in a word or two. */
export type CanaryOutcome = { readonly ok: true } | { readonly ok: false; readonly leg: Leg; readonly cause: string };

export interface CanaryDependencies {
  /** The installation's own key. */
  readonly key: () => Promise<string>;
  /** Posts a body to the API's webhook of the sending application. */
  readonly post: (headers: Readonly<Record<string, string>>, body: string) => Promise<PostAnswer>;
  /** Invokes the query function with an event of the HTTP API, and gives its result. */
  readonly query: (event: object) => Promise<unknown>;
  readonly accountClaim: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface PostAnswer {
  readonly status: number;
  readonly body: string;
}

const recipient = 'canary@mailtrail.invalid';

const ingestAnswer = z.object({ recorded: z.number(), duplicate: z.number(), queued: z.number() });
const queryAnswer = z.object({ statusCode: z.number(), body: z.string() });
const emailAnswer = z.object({ timeline: z.array(z.object({ at: z.string() })) });

/**
 * Sends one event and reads it back. Never rejects. The events of an hour belong to one email, which stays far below the
 * bound of a history; its status asks nobody to act.
 */
export function createCanary({ key, post, query, accountClaim, now }: CanaryDependencies) {
  return async (): Promise<CanaryOutcome> => {
    const at = now();
    const messageId = `${canaryIdPrefix}${isoText(at).slice(0, 13)}`;
    const timestamp = isoText(at);
    const data = { messageId, recipient, accountId: canaryAccountId };
    const body = JSON.stringify({ type: 'email.delivered', timestamp, data });
    let secret: string;
    try {
      secret = await key();
    } catch (error) {
      return failed('key', errorName(error));
    }
    let answer: PostAnswer;
    try {
      answer = await post(signedHeaders(secret, `${messageId}-${at}`, Math.floor(at / 1000), body), body);
    } catch (error) {
      return failed('gateway', errorName(error));
    }
    const unanswered = faultOf(answer);
    if (unanswered !== null) return unanswered;
    const emailId = emailIdOf({ provider: 'app', messageId, recipient });
    try {
      return readOutcome(await query(readEvent(emailId, accountClaim, at)), timestamp);
    } catch (error) {
      return failed('query', errorName(error));
    }
  };
}

function failed(leg: Leg, cause: string): CanaryOutcome {
  return { ok: false, leg, cause };
}

/** Why the event was not recorded; null if it was. */
function faultOf({ status, body }: PostAnswer): CanaryOutcome | null {
  if (status === 401) return failed('signature', 'answered 401');
  const counts = ingestAnswer.safeParse(parsed(body));
  if (status !== 200) {
    // The gateway's own errors have no problem type.
    return failed(body.includes('"type"') ? 'ingest' : 'gateway', `answered ${status}`);
  }
  if (!counts.success) return failed('ingest', 'an unknown answer');
  const { recorded, duplicate, queued } = counts.data;
  if (recorded + duplicate > 0) return null;
  return queued > 0 ? failed('table', 'queued for a retry') : failed('ingest', 'not recorded');
}

function readOutcome(result: unknown, timestamp: string): CanaryOutcome {
  const answered = queryAnswer.safeParse(result);
  if (!answered.success) return failed('query', 'an unknown answer');
  const { statusCode, body } = answered.data;
  if (statusCode !== 200) return failed(statusCode === 404 ? 'read' : 'query', `answered ${statusCode}`);
  const email = emailAnswer.safeParse(parsed(body));
  if (!email.success) return failed('query', 'an unknown answer');
  return email.data.timeline.some(({ at }) => at === timestamp) ? { ok: true } : failed('read', 'the event is missing');
}

/** The headers of Standard Webhooks. The key is text of base64's letters. */
function signedHeaders(secret: string, id: string, seconds: number, body: string): Record<string, string> {
  const signature = createHmac('sha256', Buffer.from(secret, 'base64')).update(`${id}.${seconds}.${body}`);
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature.digest('base64')}`,
  };
}

/** An event of the HTTP API, as the gateway makes one for a token of the canary's account. */
function readEvent(emailId: string, accountClaim: string, at: number) {
  const claims = { [accountClaim]: canaryAccountId };
  const routeKey = 'GET /accounts/{accountId}/emails/{emailId}';
  const rawPath = `/accounts/${canaryAccountId}/emails/${emailId}`;
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: '',
    // The gateway has verified a token; its function reads the claims' types out of it.
    headers: { authorization: `Bearer canary.${payload}.canary` },
    pathParameters: { accountId: canaryAccountId, emailId },
    isBase64Encoded: false,
    requestContext: {
      routeKey,
      requestId: `canary-${at}`,
      timeEpoch: at,
      domainName: 'canary',
      stage: '$default',
      http: { method: 'GET', path: rawPath, protocol: 'HTTP/1.1', sourceIp: '', userAgent: 'mailtrail-canary' },
      authorizer: { jwt: { claims, scopes: null } },
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
