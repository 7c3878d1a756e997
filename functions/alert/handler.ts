import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { type AlertKey, keyText, kindOf } from '../../shared/alerts/alert.ts';
import type { Publish } from '../../shared/alerts/publish.ts';
import { type Telling, tellOnce } from '../../shared/alerts/tell-once.ts';
import { type Image, statusIn } from '../../shared/email/item.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { messageOf, messagesOf } from './message.ts';

export interface AlertDependencies extends Pick<Telling, 'ledger' | 'alertsOf'> {
  /** Publishes to the topic for machines. */
  readonly publish: Publish;
  /** Hands alerts to the queue of people's digests; resolves once the queue has them all. */
  readonly forward: (keys: readonly AlertKey[]) => Promise<void>;
  /** Support's page of an email, with placeholders `{accountId}` and `{emailId}`; empty if there is none. */
  readonly emailPageUrl: string;
  readonly log: Log;
}

/**
 * The alert function: takes a batch of the table's stream, tells machines, and hands people's alerts to their queue.
 *
 * After a failed record, Lambda sends that record and all later ones again. The ledger knows the alerts that were told.
 * People's queue may get an alert twice, because the digest function has a ledger too.
 */
export function createHandler({ ledger, alertsOf, publish, forward, emailPageUrl, log }: AlertDependencies) {
  return middy<DynamoDBStreamEvent, DynamoDBBatchResponse>().handler(async ({ Records }, { awsRequestId }) => {
    const requestId = awsRequestId;
    const fault = (where: string, error: unknown) => log('fault', { requestId, where, error: errorName(error) });

    /** Each alert once, with the records that caused it. */
    const asked = new Map<string, { readonly key: AlertKey; readonly records: string[] }>();
    for (const record of Records) {
      const key = keyOf(record);
      if (key === null) continue;
      const sequenceNumber = record.dynamodb?.SequenceNumber ?? '';
      const same = asked.get(keyText(key));
      if (same === undefined) asked.set(keyText(key), { key, records: [sequenceNumber] });
      else same.records.push(sequenceNumber);
    }
    const keys = [...asked.values()].map(({ key }) => key);

    const [told, forwarded] = await Promise.allSettled([
      tellOnce(keys, {
        channel: 'machines',
        ledger,
        alertsOf,
        split: alerts => messagesOf(alerts, emailPageUrl),
        publish: (digestId, alerts) => publish(messageOf(digestId, alerts, emailPageUrl)),
        onFault: fault,
      }),
      keys.length === 0 ? undefined : forward(keys),
    ]);
    if (told.status === 'rejected') fault('alert.lookup', told.reason);
    if (forwarded.status === 'rejected') fault('alert.forward', forwarded.reason);
    const allFailed = told.status === 'rejected' || forwarded.status === 'rejected';
    const failed = [...asked].flatMap(([text, { records }]) =>
      allFailed || told.value.failed.has(text) ? records : [],
    );
    const { emails, messages, alreadyTold } =
      told.status === 'fulfilled' ? told.value : { emails: 0, messages: 0, alreadyTold: 0 };
    log('alert.sent', { requestId, records: Records.length, emails, messages, alreadyTold, failed: failed.length });
    return { batchItemFailures: failed.map(itemIdentifier => ({ itemIdentifier })) };
  });
}

/**
 * The alert of a stream record whose change takes the email into an alerting kind; null for other records. It reads the
 * statuses alone, so that no stored email can fail it.
 */
function keyOf({ eventName, dynamodb }: DynamoDBRecord): AlertKey | null {
  if (eventName === 'REMOVE') return null;
  const image = dynamodb?.NewImage as Image | undefined;
  const emailId = image?.emailId?.S;
  const kind = kindOf(statusIn(image));
  if (emailId === undefined || kind === null || kind === kindOf(statusIn(dynamodb?.OldImage as Image))) return null;
  return { emailId, kind };
}
