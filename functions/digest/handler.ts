import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type AlertKey, keyText } from '../../shared/alerts/alert.ts';
import type { AlertLinks } from '../../shared/alerts/links.ts';
import type { Publish } from '../../shared/alerts/publish.ts';
import { type Telling, type Told, tellOnce } from '../../shared/alerts/tell-once.ts';
import { parseDigestMessage } from '../../shared/queues/digest-messages.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { letterOf, maxEmailsPerLetter } from './letter.ts';
import type { Pace } from './pace.ts';
import type { Postpone } from './postpone.ts';

export interface DigestDependencies extends Pick<Telling, 'ledger' | 'alertsOf'> {
  readonly pace: Pace;
  readonly postpone: Postpone;
  /** Publishes to the topic for people. */
  readonly publish: Publish;
  readonly links: AlertLinks;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly log: Log;
}

/**
 * An invocation that publishes takes at least so long. With two invocations at once, no more than four messages a second
 * leave, whatever the pace says.
 */
const minPublishingMs = 500;

/** A message of the queue. */
interface Request {
  readonly record: SQSRecord;
  /** null if the message cannot be parsed. */
  readonly keys: readonly AlertKey[] | null;
}

/**
 * The digest function: takes requests from the queue and tells people all their alerts in one letter. It publishes at
 * most one letter in an invocation. Requests that find no room in it, or come before the next turn, stay in the queue.
 */
export function createHandler(dependencies: DigestDependencies) {
  const { ledger, alertsOf, pace, postpone, publish, links, now, sleep, log } = dependencies;
  return middy<SQSEvent, SQSBatchResponse>().handler(async ({ Records }, { awsRequestId }) => {
    const requestId = awsRequestId;
    const fault = (where: string, error: unknown) => log('fault', { requestId, where, error: errorName(error) });
    const requests = Records.map((record): Request => ({ record, keys: keysIn(record) }));
    for (const { record, keys } of requests) {
      if (keys === null) log('queue.message-failed', { requestId, messageId: record.messageId, cause: 'Unreadable' });
    }
    const [tried, ...later] = inLetters(requests);

    let waitMs = 0;
    const publishing: Promise<unknown>[] = [];
    let told: Told | null = null;
    try {
      told = await tellOnce(
        tried!.flatMap(({ keys }) => keys ?? []),
        {
          channel: 'people',
          ledger,
          alertsOf,
          split: alerts => [alerts],
          async publish(digestId, alerts) {
            publishing.push(sleep(minPublishingMs));
            await publish(letterOf(digestId, alerts, links));
          },
          maxMessages: 1,
          async mayPublish() {
            waitMs = await pace.take(Math.min(...requests.map(({ record }) => sentAt(record) ?? now())));
            return waitMs === 0;
          },
          onFault: fault,
        },
      );
    } catch (error) {
      fault('digest.lookup', error);
    }

    const has = (keys: readonly AlertKey[] | null, texts: ReadonlySet<string> | undefined) =>
      keys?.some(key => texts?.has(keyText(key))) === true;
    const failed = tried!.filter(({ keys }) => keys === null || told === null || has(keys, told.failed));
    const waiting = tried!.filter(one => !failed.includes(one) && has(one.keys, told?.waiting));
    // Each letter comes a second after the one before. Failed requests come again after the queue's own timeout.
    const nextSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    await Promise.all([
      ...publishing,
      postpone(handlesOf(waiting), nextSeconds),
      ...later.map((letter, index) => postpone(handlesOf(letter), nextSeconds + index)),
    ]);
    const { emails = 0, messages = 0, alreadyTold = 0 } = told ?? {};
    const postponed = [...waiting, ...later.flat()];
    log('digest.sent', {
      requestId,
      requests: Records.length,
      emails,
      messages,
      alreadyTold,
      postponed: postponed.length,
      failed: failed.length,
    });
    const again = [...failed, ...postponed].map(({ record }) => record.messageId);
    return { batchItemFailures: again.map(itemIdentifier => ({ itemIdentifier })) };
  });
}

/** Divides requests into those of one letter each. A request is never divided: its alerts share one fate. */
function inLetters(requests: readonly Request[]): readonly (readonly Request[])[] {
  const letters: Request[][] = [[]];
  let emails = 0;
  for (const request of requests) {
    const count = request.keys?.length ?? 0;
    if (emails + count > maxEmailsPerLetter) {
      letters.push([]);
      emails = 0;
    }
    letters.at(-1)!.push(request);
    emails += count;
  }
  return letters;
}

function handlesOf(requests: readonly Request[]): readonly string[] {
  return requests.map(({ record }) => record.receiptHandle);
}

/** When the message entered the queue, in epoch milliseconds; null if its record does not say. */
function sentAt({ attributes }: SQSRecord): number | null {
  const time = Number(attributes?.SentTimestamp);
  return Number.isFinite(time) ? time : null;
}

function keysIn({ body }: SQSRecord): readonly AlertKey[] | null {
  try {
    return parseDigestMessage(body);
  } catch {
    return null;
  }
}
