import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type AlertKey, keyText } from '../../shared/alerts/alert.ts';
import type { Publish } from '../../shared/alerts/publish.ts';
import { type Telling, type Told, tellOnce } from '../../shared/alerts/tell-once.ts';
import { parseDigestMessage } from '../../shared/queues/digest-messages.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { type LetterLinks, letterOf, maxEmailsPerLetter } from './letter.ts';
import type { Pace } from './pace.ts';
import type { Postpone } from './postpone.ts';

export interface DigestDependencies extends Pick<Telling, 'ledger' | 'alertsOf'> {
  readonly pace: Pace;
  readonly postpone: Postpone;
  /** Publishes to the topic for people. */
  readonly publish: Publish;
  readonly links: LetterLinks;
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

/** The wait for the next digest after a full one, and after one that failed. */
const afterFullMs = 1_000;
const afterFailureMs = 5_000;

/** Alerts that an invocation looks up in the ledger: more would not fit into its time. */
const maxLookUps = 1_000;

/** A message of the queue. */
interface Asking {
  readonly record: SQSRecord;
  /** null if the message cannot be parsed. */
  readonly keys: readonly AlertKey[] | null;
}

/**
 * The digest function: takes alerts from the queue and tells people all of them in one message. It publishes at most one
 * message in an invocation. Alerts that come before the next turn stay in the queue until then.
 */
export function createHandler(dependencies: DigestDependencies) {
  const { ledger, alertsOf, pace, postpone, publish, links, now, sleep, log } = dependencies;
  return middy<SQSEvent, SQSBatchResponse>().handler(async ({ Records }, { awsRequestId }) => {
    const requestId = awsRequestId;
    const fault = (where: string, error: unknown) => log('fault', { requestId, where, error: errorName(error) });
    const asking = Records.map((record): Asking => ({ record, keys: keysIn(record) }));
    for (const { record, keys } of asking) {
      if (keys === null) log('queue.message-failed', { requestId, messageId: record.messageId, cause: 'Unreadable' });
    }

    const beyond = asking.slice(countWithin(asking, maxLookUps));

    let turnAt: number | null = null;
    const publishing: Promise<unknown>[] = [];
    let told: Told | null = null;
    try {
      told = await tellOnce(
        asking.slice(0, asking.length - beyond.length).flatMap(({ keys }) => keys ?? []),
        {
          channel: 'people',
          ledger,
          alertsOf,
          split: alerts => (alerts.length === 0 ? [] : [alerts]),
          async publish(digestId, alerts) {
            publishing.push(sleep(minPublishingMs));
            await publish(letterOf(digestId, alerts, links));
          },
          limit: { messages: 1, alerts: maxEmailsPerLetter },
          async mayPublish() {
            turnAt = await pace.take();
            return turnAt === null;
          },
          onFault: fault,
        },
      );
      const { failed, waiting } = told;
      if (failed.size > 0) await pace.nextIn(afterFailureMs);
      else if (waiting.size + beyond.length > 0 && turnAt === null) await pace.nextIn(afterFullMs);
    } catch (error) {
      fault('digest.lookup', error);
    }

    const rest = asking.filter(one => beyond.includes(one) || !isTold(one.keys, told));
    const waiting = rest.filter(one => beyond.includes(one) || one.keys?.some(key => told?.waiting.has(keyText(key))));
    const seconds = Math.max(1, Math.ceil(((turnAt ?? now() + afterFullMs) - now()) / 1000));
    await Promise.all([
      ...publishing,
      postpone(
        waiting.map(({ record }) => record.receiptHandle),
        seconds,
      ),
    ]);
    const { emails = 0, messages = 0, alreadyTold = 0 } = told ?? {};
    const failed = rest.length - waiting.length;
    log('digest.sent', {
      requestId,
      requests: Records.length,
      emails,
      messages,
      alreadyTold,
      postponed: waiting.length,
      failed,
    });
    return { batchItemFailures: rest.map(({ record }) => ({ itemIdentifier: record.messageId })) };
  });
}

function keysIn({ body }: SQSRecord): readonly AlertKey[] | null {
  try {
    return parseDigestMessage(body);
  } catch {
    return null;
  }
}

/** The first messages that hold no more than so many alerts together; at least one. */
function countWithin(asking: readonly Asking[], maxAlerts: number): number {
  let alerts = 0;
  const over = asking.findIndex(({ keys }) => {
    alerts += keys?.length ?? 0;
    return alerts > maxAlerts;
  });
  return over === -1 ? asking.length : Math.max(1, over);
}

function isTold(keys: readonly AlertKey[] | null, told: Told | null): boolean {
  if (keys === null || told === null) return false;
  return !keys.map(keyText).some(text => told.failed.has(text) || told.waiting.has(text));
}
