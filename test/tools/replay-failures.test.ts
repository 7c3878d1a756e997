/** `npm run replay -- --queue failures`: the functions get the records of the failure bucket again. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFailureDestination } from '../../infra/local/event-sources/failure-destination.ts';
import { failureSummary, replayFailures } from '../../infra/tools/replay/replay-failures.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { type Email, UnreadableItem } from '../../shared/email/item.ts';
import type { ReadEmail } from '../../shared/email/notes.ts';
import { reportToStack } from '../rigs/application.ts';
import { eventually } from '../rigs/eventually.ts';
import { runScript } from '../rigs/script.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
let stack: StartedStack;
let s3: S3Client;
let dynamoDb: DynamoDBClient;
let bucket: string;

beforeAll(async () => {
  stack = await startStack({ dataDir });
  const { endpoints } = stack;
  const common = { region: endpoints.region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  s3 = new S3Client({ endpoint: endpoints.s3, forcePathStyle: true, ...common });
  dynamoDb = new DynamoDBClient({ endpoint: endpoints.dynamodb, ...common });
  bucket = String(endpoints.outputs.AlertFailuresBucketName);
});
afterAll(async () => {
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const run = (...args: readonly string[]) =>
  runScript('infra/tools/replay/replay.ts', ['--queue', 'failures', ...args], { DATA_DIR: dataDir });
const objects = async () => (await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? [];
const eventsOf = async (emailId: string) => {
  const answer = await fetch(`${stack.url}/_local/events`, { headers: { accept: 'application/json' } });
  const text = await answer.text();
  return text.split(`"emailId":"${emailId}"`).length - 1;
};

/** An email that bounced, once its event is out. */
async function bounced(messageId: string): Promise<string> {
  const recipient = `${messageId}@example.com`;
  const data = { messageId, recipient, accountId: 'acme', reason: { text: '550 5.1.1 no such user' } };
  const timestamp = new Date().toISOString();
  expect(await reportToStack(stack.endpoints, messageId, { type: 'email.hard_bounced', timestamp, data })).toBe(200);
  const emailId = emailIdOf({ provider: 'app', messageId, recipient });
  await eventually(async () => expect(await eventsOf(emailId)).toBeGreaterThan(0));
  return emailId;
}

async function recordOf(emailId: string) {
  const Keys = { emailId: { S: emailId } };
  const { Item } = await dynamoDb.send(new GetItemCommand({ TableName: stack.endpoints.tableName, Key: Keys }));
  const dynamodb = { Keys, NewImage: Item ?? Keys, SequenceNumber: '1' };
  return { eventID: '1', eventName: 'INSERT', eventSource: 'aws:dynamodb', dynamodb };
}

const giveUp = (name: string, ...emailIds: readonly string[]) => giveUpOf(stack.endpoints.tableName, name, ...emailIds);

/** Leaves the records of emails in the bucket, as Lambda does once a function has failed with them too often. */
async function giveUpOf(tableName: string, name: string, ...emailIds: readonly string[]): Promise<void> {
  const functionName = Object.keys(stack.endpoints.functions).find(id => id.startsWith(name)) ?? name;
  const Records = await Promise.all(emailIds.map(recordOf));
  await createFailureDestination(
    `arn:aws:s3:::${bucket}`,
    stack.endpoints.s3,
  )({
    condition: 'RetryAttemptsExhausted',
    invokeCount: 101,
    functionName,
    event: { Records },
    shardId: 'shard-1',
    sequenceNumbers: ['1'],
    eventSourceArn: `arn:aws:dynamodb:us-east-1:000000000000:table/${tableName}/stream/local`,
  });
}

describe('a replay of the failure bucket', () => {
  it('publishes the event of a record that the changes function gave up, and empties the bucket', async () => {
    const emailId = await bounced('given-up-1');
    const before = await eventsOf(emailId);
    await giveUp('Changes', emailId);

    const dry = await run('--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toContain('Dry run: nothing was changed. 1 record can be fed back.');
    expect([(await objects()).length, await eventsOf(emailId)]).toEqual([1, before]);

    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Changes\w+ +1 +1 +1$/m);
    expect(stdout).toContain('1 object fed back. None of these is left in the bucket.');
    expect(await objects()).toEqual([]);
    expect(await eventsOf(emailId)).toBe(before + 1);
  });

  it('gives the alert function its records, which tells no alert twice', async () => {
    await giveUp('Alert', await bounced('given-up-2'));
    expect((await run()).stdout).toContain('1 object fed back.');
    expect(await objects()).toEqual([]);
  });

  it('publishes nothing about an email that is no longer there', async () => {
    await giveUp('Changes', 'EgoneAAAAAAAAAAAAAAAAA');
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toMatch(/erased or expired/);
    expect(await eventsOf('EgoneAAAAAAAAAAAAAAAAA')).toBe(0);
    expect(await objects()).toEqual([]);
  });

  describe('where an object cannot be fed back', () => {
    const Key = 'aws/lambda/other';
    afterEach(async () => {
      for (const { Key: key } of await objects())
        await fetch(`${stack.endpoints.s3}/${bucket}/${key}`, { method: 'DELETE' });
    });

    it('leaves it there, names it, and feeds the others back', async () => {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{}' }));
      await giveUp('Alert', await bounced('given-up-3'));
      const { code, stdout } = await run();
      expect(code).toBe(1);
      expect(stdout).toContain(`${Key}: no records of a stream`);
      expect(stdout).toContain('1 object fed back, 1 left in the bucket.');
      expect((await objects()).map(object => object.Key)).toEqual([Key]);
    });

    it.each([
      ['no JSON', 'lin.novak@example.com'],
      ['no records', { payload: '{"Records":[]}' }],
      ['records of something else', { payload: '{"Records":[{"s3":{}}]}' }],
    ])('leaves one with %s, and prints none of it', async (_, body) => {
      const own = `arn:aws:dynamodb:us-east-1:000000000000:table/${stack.endpoints.tableName}/stream/local`;
      const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:other';
      const facts = { requestContext: { functionArn }, DDBStreamBatchInfo: { streamArn: own } };
      const Body = typeof body === 'string' ? body : JSON.stringify({ ...facts, ...body });
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
      const { code, stdout } = await run();
      expect(code).toBe(1);
      expect(stdout).toContain(`${Key}: no records of a stream\n`);
      expect(await objects()).toHaveLength(1);
    });

    it('leaves the records of another table, whose emails this one never had', async () => {
      await giveUpOf('other', 'Changes', 'EgoneAAAAAAAAAAAAAAAAA');
      const { code, stdout } = await run();
      expect(code).toBe(1);
      expect(stdout).toContain('records of another table');
      expect(await objects()).toHaveLength(1);
    });

    it('leaves the records whose function is not there', async () => {
      await giveUp('Removed', await bounced('given-up-4'));
      const { code, stdout } = await run();
      expect(code).toBe(1);
      expect(stdout).toContain('Function not found');
      expect(await objects()).toHaveLength(1);
    });

    it('leaves older ones with --since', async () => {
      await giveUp('Alert', await bounced('given-up-5'));
      expect((await run('--since', '2999-01-01')).stdout).toContain('There is nothing to feed back.');
      expect(await objects()).toHaveLength(1);
    });
  });

  describe('asks the function', () => {
    type Answer = { readonly FunctionError?: string; readonly Payload: Uint8Array };
    /** Feeds the bucket back to a function that answers this, and returns the events that it got. */
    async function replayTo(
      answer: Answer,
      readEmail: ReadEmail = async emailId => ({ emailId }) as Email,
      onAsked: () => Promise<void> | void = () => {},
      { signal } = new AbortController(),
    ) {
      const asked: { readonly Records: readonly { readonly dynamodb: { readonly Keys: object } }[] }[] = [];
      const send = async ({ input }: InvokeCommand) => {
        asked.push(JSON.parse(String(input.Payload)));
        await onAsked();
        return answer;
      };
      const { tableName } = stack.endpoints;
      const lambda = { send } as unknown as Pick<LambdaClient, 'send'>;
      const report = await replayFailures({ s3, lambda, bucket, tableName, dryRun: false, readEmail, signal });
      return { ...report, asked };
    }
    const said = (answer: unknown) => Buffer.from(JSON.stringify(answer));
    afterEach(() => replayTo({ Payload: said(null) }));

    it.each([
      ['fails', { FunctionError: 'Unhandled', Payload: said({ errorType: 'TimeoutError' }) }, 'failed: TimeoutError'],
      [
        'leaves records',
        { Payload: said({ batchItemFailures: [{ itemIdentifier: '1' }] }) },
        'did not take all records',
      ],
    ])('and keeps the object of one that %s', async (_, answer, cause) => {
      await giveUp('Changes', 'one');
      const { causes, replayed } = await replayTo(answer);
      expect(causes).toEqual([expect.stringContaining(cause)]);
      expect([...replayed.values()]).toEqual([{ objects: 1, records: 1, gone: 0, done: 0, failed: 1 }]);
      expect(await objects()).toHaveLength(1);
    });

    it('about no object that somebody else has fed back meanwhile', async () => {
      await giveUp('Changes', 'one');
      await giveUp('Changes', 'two');
      const { causes, replayed, asked } = await replayTo({ Payload: said(null) }, undefined, async () => {
        for (const { Key } of await objects()) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      });
      expect([asked.length, causes]).toEqual([1, []]);
      expect([...replayed.values()]).toEqual([{ objects: 1, records: 1, gone: 0, done: 1, failed: 0 }]);
    });

    it('no more once it was interrupted, and says how many objects are left', async () => {
      for (const emailId of ['one', 'two', 'three']) await giveUp('Changes', emailId);
      const interrupted = new AbortController();
      const report = await replayTo({ Payload: said(null) }, undefined, () => interrupted.abort(), interrupted);
      expect(report.asked).toHaveLength(1);
      expect(failureSummary(report, false)).toBe('1 object fed back, 2 left in the bucket.');
    });

    it('without the records of erased emails, and with those that only a later version can read', async () => {
      await giveUp('Changes', 'erased', 'kept', 'later');
      const { asked, replayed } = await replayTo({ Payload: said({ batchItemFailures: [] }) }, async emailId => {
        if (emailId === 'later') throw new UnreadableItem();
        return emailId === 'erased' ? null : ({ emailId } as Email);
      });
      const ids = asked.map(({ Records }) => Records.map(({ dynamodb }) => dynamodb.Keys));
      expect(ids).toEqual([[{ emailId: { S: 'kept' } }, { emailId: { S: 'later' } }]]);
      expect([...replayed.values()]).toEqual([{ objects: 1, records: 3, gone: 1, done: 1, failed: 0 }]);
    });
  });

  it('refuses options that are for queues', async () => {
    expect(await run('--provider', 'app')).toMatchObject({ code: 1, stderr: expect.stringContaining('--provider') });
  });
});
