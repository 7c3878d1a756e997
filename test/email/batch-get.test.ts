/**
 * DynamoDB may answer a BatchGetItem in part: for a slow or throttled partition, or above 16 MB. Support would miss the
 * alert of an email that the code then takes for deleted.
 */

import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHandler } from '../../functions/alert/handler.ts';
import { createLedger } from '../../shared/alerts/ledger.ts';
import { createStoredAlerts } from '../../shared/alerts/stored-alerts.ts';
import { batchGet } from '../../shared/email/batch-get.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { createReader } from '../../shared/email/reader.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { lambdaContext } from '../rigs/http-event.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const bounces = Array.from({ length: 7 }, () => anEvent({ accountId: 'acme', status: 'hard_bounced' }));
const emailIds = bounces.map(emailIdOf);

let emails: StoredEmails;
beforeAll(async () => {
  emails = await startStoredEmails();
  await emails.record(bounces);
});
afterAll(() => emails?.stop());

/** The number of keys in each call. */
let calls: number[] = [];
beforeEach(() => {
  calls = [];
});

/** A client of a table that processes at most so many keys per call. */
const processing = (mostKeys: number) =>
  ({
    send: async (...given: Parameters<DynamoDBDocumentClient['send']>) => {
      const [command] = given;
      if (!(command instanceof BatchGetCommand)) return emails.client.send(...given);
      const request = command.input.RequestItems![emails.tableName];
      if (request === undefined) return emails.client.send(...given);
      const keys = request.Keys!;
      calls.push(keys.length);
      const left = { [emails.tableName]: { ...request, Keys: keys.slice(mostKeys) } };
      if (mostKeys === 0) return { Responses: { [emails.tableName]: [] }, UnprocessedKeys: left };
      const { Responses } = await emails.client.send(
        new BatchGetCommand({ RequestItems: { [emails.tableName]: { ...request, Keys: keys.slice(0, mostKeys) } } }),
      );
      return { Responses, UnprocessedKeys: keys.length > mostKeys ? left : {} };
    },
  }) as DynamoDBDocumentClient;

const readerOf = (client: DynamoDBDocumentClient) =>
  createReader({ client, tableName: emails.tableName, retentionDays: 400, oldAfter: defaultOldAfter, now: () => noon });
const ofAcme = [{ accountId: 'acme' }, { limit: 10, after: null }] as const;

/** The look-ups of several emails at once. Each returns the ids that it found. */
const users: Readonly<Record<string, (client: DynamoDBDocumentClient) => Promise<readonly string[]>>> = {
  'the look-up of emails': async client => [...(await batchGet(client, emails.tableName, emailIds)).keys()],
  'the look-up of alerts': async client => {
    const alertsOf = createStoredAlerts(client, emails.tableName, () => noon);
    return (await alertsOf(emailIds.map(emailId => ({ kind: 'hard_bounce', emailId })))).map(({ emailId }) => emailId);
  },
  "the reader's look-up by ids": async client => [...(await readerOf(client).emails(emailIds)).keys()],
  "the reader's page": async client => (await readerOf(client).page(...ofAcme)).shown.map(({ emailId }) => emailId),
  "the reader's page with all events": async client =>
    (await readerOf(client).wholePage(...ofAcme, email => email)).shown.map(({ emailId }) => emailId),
};

describe.each(Object.entries(users))('%s', (_, look) => {
  it.each([1, 2, 5])('finds every email when the table processes at most %i key(s) per call', async mostKeys => {
    expect((await look(processing(mostKeys))).toSorted()).toEqual(emailIds.toSorted());
    expect(calls.length).toBeGreaterThan(1);
  });

  it('fails when the table processes no keys in any call', async () => {
    await expect(look(processing(0))).rejects.toThrow('unprocessed');
    expect(calls.length).toBeLessThan(10);
  });
});

describe('an alert', () => {
  const records = async () => {
    const fresh = Array.from({ length: 7 }, () => anEvent({ accountId: 'initech', status: 'hard_bounced' }));
    await emails.record(fresh);
    const images = await Promise.all(fresh.map(event => emails.image(emailIdOf(event))));
    return images.map((NewImage, index) => ({
      eventName: 'INSERT',
      dynamodb: { SequenceNumber: String(index), NewImage },
    })) as DynamoDBRecord[];
  };
  const invoke = async (client: DynamoDBDocumentClient, Records: DynamoDBRecord[]) => {
    const told: string[] = [];
    const handler = createHandler({
      ledger: createLedger(client, emails.guardTableName, 'machines', Date.now),
      alertsOf: createStoredAlerts(client, emails.tableName, Date.now),
      publish: async ({ body }) =>
        void told.push(...JSON.parse(body).emails.map((email: { emailId: string }) => email.emailId)),
      forward: async () => {},
      emailPageUrl: '',
      log: () => {},
    });
    return { ...(await handler({ Records }, lambdaContext)), told: told.toSorted() };
  };
  const idsOf = (all: readonly DynamoDBRecord[]) =>
    all.map(({ dynamodb }) => dynamodb!.NewImage!.emailId!.S!).toSorted();

  it('is sent once for every email when the table answers in part', async () => {
    const all = await records();
    expect(await invoke(processing(2), all)).toEqual({ batchItemFailures: [], told: idsOf(all) });
    expect(await invoke(processing(2), all)).toEqual({ batchItemFailures: [], told: [] });
  });

  it('is sent later when the table does not answer: every record comes again', async () => {
    const all = await records();
    const { batchItemFailures, told } = await invoke(processing(0), all);
    expect([batchItemFailures.length, told]).toEqual([all.length, []]);
    expect(await invoke(emails.client, all)).toEqual({ batchItemFailures: [], told: idsOf(all) });
  });
});
