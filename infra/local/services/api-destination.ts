/** Delivery of events to a URL, as EventBridge's API destinations do it: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html */

import { backoff, pause } from '../event-sources/event-source-mapping.ts';
import type { BusEvent } from './put-events.ts';

/** The URL of a rule's target, and what becomes of events that it does not take. */
export interface ApiDestination {
  readonly ruleArn: string;
  readonly targetArn: string;
  readonly url: string;
  readonly method: string;
  /** The header with the API key. */
  readonly headers: Readonly<Record<string, string>>;
  /** Attempts after the first one. */
  readonly maxRetries: number;
  readonly maxAgeMs: number;
  /** Takes an event that was given up; null if there is no dead-letter queue. */
  readonly deadLetters: ((letter: DeadLetter) => Promise<void>) | null;
}

/** An event that was given up, with the attributes of its message. */
export interface DeadLetter {
  readonly event: BusEvent;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface DeliveryOptions {
  /** Called with one line when a URL begins to fail, and for each event that is given up. */
  readonly onFault: (line: string) => void;
  /** Aborted when the stack stops. */
  readonly signal: AbortSignal;
  readonly now?: () => number;
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Bound of one attempt; AWS's unless a test is in a hurry. */
  readonly timeoutMs?: number;
}

/** A URL that takes longer counts as one that has not answered. */
const usualTimeoutMs = 5_000;

const retriedStatuses: ReadonlySet<number> = new Set([409, 429]);
const isRetried = (status: number) => retriedStatuses.has(status) || status >= 500;

const ownHosts: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Whether a URL leads to this machine: a local run calls no other. */
export function isOnThisMachine(url: string): boolean {
  return URL.canParse(url) && ownHosts.has(new URL(url).hostname);
}

/** The outcome of one attempt. `retryAfterMs` is the least wait that the answer asks for; null rules a retry out. */
type Attempt = 'taken' | { readonly cause: string; readonly retryAfterMs: number | null };

/** Attempts that are under way at once. */
const maxAttempts = 20;

/** Sends an event until it is taken or given up, and never rejects. */
export type Deliver = (destination: ApiDestination, event: BusEvent) => Promise<void>;

export function createDelivery(options: DeliveryOptions): Deliver {
  const { onFault, signal, now = Date.now, wait = pause, timeoutMs = usualTimeoutMs } = options;
  let underWay = 0;
  const waiting: (() => void)[] = [];
  /** The URLs whose last attempt failed. Their first failure has a line, and not that of each event. */
  const failing = new Set<string>();

  async function attempted(destination: ApiDestination, event: BusEvent): Promise<Attempt> {
    if (underWay < maxAttempts) underWay += 1;
    else await new Promise<void>(resolve => waiting.push(resolve));
    try {
      return await sent(destination, event, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    } finally {
      const next = waiting.shift();
      if (next === undefined) underWay -= 1;
      else next();
    }
  }

  return async (destination, event) => {
    const { url, maxRetries, maxAgeMs } = destination;
    const begunAt = now();
    for (let retries = 0; ; retries += 1) {
      const attempt = await attempted(destination, event);
      if (attempt === 'taken') failing.delete(url);
      if (attempt === 'taken' || signal.aborted) return;
      const { cause, retryAfterMs } = attempt;
      if (retryAfterMs === null) return givenUp(destination, event, cause, retries, {});
      const waitMs = Math.max(backoff(retries), retryAfterMs);
      const isOld = now() + waitMs - begunAt > maxAgeMs;
      if (retries >= maxRetries || isOld) {
        const condition = isOld ? 'MaximumEventAgeInSeconds' : 'MaximumRetryAttempts';
        return givenUp(destination, event, cause, retries, { EXHAUSTED_RETRY_CONDITION: condition });
      }
      if (!failing.has(url)) onFault(`events to ${url}: ${cause}, and gets them again`);
      failing.add(url);
      await wait(waitMs, signal);
      if (signal.aborted) return;
    }
  };

  async function givenUp(
    { url, ruleArn, targetArn, deadLetters }: ApiDestination,
    event: BusEvent,
    cause: string,
    retries: number,
    exhausted: Readonly<Record<string, string>>,
  ): Promise<void> {
    const attributes = {
      RULE_ARN: ruleArn,
      TARGET_ARN: targetArn,
      ERROR_CODE: 'SDK_CLIENT_ERROR',
      ERROR_MESSAGE: `Unable to invoke ApiDestination endpoint: ${cause}`,
      RETRY_ATTEMPTS: String(retries),
      ...exhausted,
    };
    const end = await deadLetters?.({ event, attributes }).then(
      () => 'it is a dead letter now',
      (error: Error) => `the dead-letter queue did not take it: ${error.message}`,
    );
    onFault(`event to ${url}: ${cause}: ${end ?? 'given up'}`);
  }
}

async function sent({ url, method, headers }: ApiDestination, event: BusEvent, signal: AbortSignal): Promise<Attempt> {
  try {
    const answer = await fetch(url, {
      method,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Amazon/EventBridge/ApiDestinations',
        ...headers,
      },
      body: JSON.stringify(event),
      redirect: 'manual',
      signal,
    });
    await answer.arrayBuffer();
    if (answer.ok) return 'taken';
    // A date is no number: the backoff alone counts then. Below 0 no retry is wanted.
    const asked = Number(answer.headers.get('retry-after')) || 0;
    const isFinal = !isRetried(answer.status) || asked < 0;
    return { cause: `it answered ${answer.status}`, retryAfterMs: isFinal ? null : asked * 1000 };
  } catch (error) {
    const isLate = (error as Error).name === 'TimeoutError';
    return { cause: isLate ? 'it did not answer in time' : 'it cannot be reached', retryAfterMs: 0 };
  }
}
