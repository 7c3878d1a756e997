/** A restore, rehearsed: the items of a table in another one, which has the deployed keys and indexes and no past. */

import { readFileSync } from 'node:fs';
import { type AttributeValue, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReader } from '../../shared/email/reader.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { resourcesOf, synthesize } from '../infra/synthesized.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { createEmailTable } from '../rigs/email-table.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const day = 24 * 60 * 60_000;
const restored = 'restored';

describe('a restored table', () => {
  let stored: StoredEmails;
  let raw: DynamoDBClient;
  const ids: string[] = [];
  const reader = (tableName: string) =>
    createReader({ client: stored.client, tableName, retentionDays: 400, oldAfter: defaultOldAfter, now: () => noon });

  beforeAll(async () => {
    stored = await startStoredEmails();
    for (let number = 0; number < 24; number += 1) {
      const email = anEvent({ accountId: `account-${number % 2}`, reference: `INV-${number}` });
      const at = noon - number * 5 * day;
      ids.push(await stored.record([email], at));
      if (number % 3 === 0) await stored.record([{ ...email, eventId: 'b', status: 'hard_bounced' }], at + 1_000);
    }
    await stored.record([anEvent({ recipient: 'gone@example.com' })]);
    await stored.erase('gone@example.com');
    raw = new DynamoDBClient({
      endpoint: stored.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    await createEmailTable(raw, restored);
    for (const Item of await itemsOf(stored.tableName))
      await raw.send(new PutItemCommand({ TableName: restored, Item }));
  });
  afterAll(async () => {
    raw?.destroy();
    await stored?.stop();
  });

  async function itemsOf(TableName: string): Promise<readonly Record<string, AttributeValue>[]> {
    const { Items = [], LastEvaluatedKey } = await raw.send(new ScanCommand({ TableName }));
    expect(LastEvaluatedKey).toBeUndefined();
    return Items;
  }

  it('gives the same emails, lists and totals', async () => {
    const [before, after] = [reader(stored.tableName), reader(restored)];
    for (const emailId of ids) expect(await after.email(emailId)).toEqual(await before.email(emailId));
    for (const filter of [
      { accountId: 'account-0' },
      { accountId: 'account-1', attention: 'act' },
      { accountId: null, attention: 'act' },
      { accountId: null, recipient: 'jane@example.com' },
      { accountId: null, reference: 'INV-7' },
    ] as const) {
      const request = { limit: 50, after: null };
      const page = await after.page(filter, request);
      expect(page).toEqual(await before.page(filter, request));
      expect(page.shown.length, JSON.stringify(filter)).toBeGreaterThan(0);
    }
    expect(await after.actionableTotal(null)).toEqual({ count: 8, more: false });
  });

  it('keeps erased emails erased, and takes a redelivery for what it is', async () => {
    const recorder = createRecorder({ client: stored.client, tableName: restored, retentionDays: 400 });
    const known = anEvent({ accountId: 'account-0' });
    expect(await recorder.record([known], noon)).toMatchObject({ recorded: 1, failed: [] });
    expect(await recorder.record([known], noon)).toMatchObject({ recorded: 0, duplicate: 1 });
    const tombstones = (await itemsOf(restored)).filter(({ erasedAt }) => erasedAt !== undefined);
    expect(tombstones).toHaveLength(1);
  });
});

describe('the commands of a restore in docs/upgrading.md', () => {
  const page = readFileSync(new URL('../../docs/upgrading.md', import.meta.url), 'utf8');
  const { Properties: table } = resourcesOf(synthesize(), 'AWS::DynamoDB::Table').get('Emails')!;

  it('give back everything that the deployed table has besides keys and indexes', () => {
    expect(page).toContain(`StreamViewType=${table.StreamSpecification.StreamViewType}`);
    expect(page).toContain(`AttributeName=${table.TimeToLiveSpecification.AttributeName}`);
    expect(table.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
    expect(page).toContain('PointInTimeRecoveryEnabled=true');
    expect(table.DeletionProtectionEnabled).toBe(true);
    expect(page).toContain('--deletion-protection-enabled');
    const known = [
      'AttributeDefinitions',
      'BillingMode',
      'DeletionProtectionEnabled',
      'GlobalSecondaryIndexes',
      'KeySchema',
      'OnDemandThroughput',
      'PointInTimeRecoverySpecification',
      'SSESpecification',
      'StreamSpecification',
      // A restore keeps the class.
      'TableClass',
      'TimeToLiveSpecification',
    ];
    expect(Object.keys(table).filter(name => !known.includes(name))).toEqual([]);
  });
});
