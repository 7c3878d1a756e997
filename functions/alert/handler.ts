import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import { errorName, type Log } from '../../shared/runtime/log.ts';
import { type Alert, alertOf } from './alert.ts';
import { messagesOf } from './message.ts';
import type { Publish } from './publish.ts';
import type { SentAlerts } from './sent-alerts.ts';

export interface AlertDependencies {
  readonly sentAlerts: SentAlerts;
  readonly publish: Publish;
  /** Support's page of an email, with placeholders `{accountId}` and `{emailId}`; empty if there is none. */
  readonly emailPageUrl: string;
  readonly log: Log;
}

const messagesInFlight = 8;
const marksInFlight = 16;

/**
 * The alert function: takes a batch of the table's stream and alerts support once per email and kind, ever.
 *
 * After a failed record, Lambda sends that record and all later ones again. A mark on the item tells which emails were
 * alerted already. The mark is set after publishing: a crash in between alerts support twice, which is better than
 * never.
 */
export function createHandler({ sentAlerts, publish, emailPageUrl, log }: AlertDependencies) {
  return middy<DynamoDBStreamEvent, DynamoDBBatchResponse>().handler(async ({ Records }, { awsRequestId }) => {
    const requestId = awsRequestId;
    const failed = new Set<string>();
    const fault = (where: string, error: unknown) => log('fault', { requestId, where, error: errorName(error) });

    /** Each alert once, with the records that caused it. */
    const asked = new Map<string, { readonly alert: Alert; readonly records: string[] }>();
    for (const record of Records) {
      const sequenceNumber = record.dynamodb?.SequenceNumber ?? '';
      try {
        const alert = alertOf(record);
        if (alert === null) continue;
        const same = asked.get(keyOf(alert));
        if (same === undefined) asked.set(keyOf(alert), { alert, records: [sequenceNumber] });
        else same.records.push(sequenceNumber);
      } catch (error) {
        failed.add(sequenceNumber);
        fault('alert.read', error);
      }
    }
    const fail = (alerts: readonly Alert[]) => {
      for (const alert of alerts) for (const record of asked.get(keyOf(alert))!.records) failed.add(record);
    };

    const alerts = [...asked.values()].map(({ alert }) => alert);
    const counts = { emails: 0, messages: 0, alreadySent: 0 };
    try {
      const kinds = await sentAlerts.kindsOf([...new Set(alerts.map(({ emailId }) => emailId))]);
      const existing = alerts.filter(({ emailId }) => kinds.has(emailId));
      const unsent = existing.filter(({ emailId, kind }) => !kinds.get(emailId)!.has(kind));
      counts.alreadySent = existing.length - unsent.length;

      await forEachConcurrently(messagesOf(unsent, emailPageUrl), messagesInFlight, async message => {
        try {
          await publish(message);
        } catch (error) {
          fail(message.alerts);
          return fault('alert.publish', error);
        }
        counts.messages += 1;
        counts.emails += message.alerts.length;
        await forEachConcurrently(message.alerts, marksInFlight, async ({ emailId, kind }) => {
          // Support has its alert: failing the record now would only send it again.
          await sentAlerts.mark(emailId, kind).catch(error => fault('alert.mark', error));
        });
      });
    } catch (error) {
      fail(alerts);
      fault('alert.lookup', error);
    }
    log('alert.sent', { requestId, records: Records.length, ...counts, failed: failed.size });
    return { batchItemFailures: [...failed].map(itemIdentifier => ({ itemIdentifier })) };
  });
}

function keyOf({ emailId, kind }: Alert): string {
  return `${kind} ${emailId}`;
}
