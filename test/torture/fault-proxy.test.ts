import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { awsJson } from '../../infra/local/services/aws-json.ts';
import { chooseEngine, type DynamoDbEngine } from '../../infra/local/services/dynamodb-engine.ts';
import { startEventBus } from '../../infra/local/services/event-bus.ts';
import { type Queues, startQueues } from '../../infra/local/services/queues.ts';
import { createEmailTable } from '../rigs/email-table.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import {
  always,
  type FaultName,
  faultAt,
  faultNames,
  faults,
  randomFaults,
  usualBatchPercent,
  usualPercent,
} from './faults.ts';
import { seededRandom } from './random.ts';

const tableName = 'emails';
const aws = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};
/** The timeouts of the functions' own clients. */
const requestHandler = { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true };

let engine: DynamoDbEngine;
let queues: Queues;
let queueUrl: string;
let table: FaultProxy;
let queue: FaultProxy;
let direct: { readonly table: DynamoDBClient; readonly queue: SQSClient };
const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-faults-'));

beforeAll(async () => {
  engine = await (await chooseEngine())();
  queues = await startQueues(dataDir);
  direct = {
    table: new DynamoDBClient({ ...aws, endpoint: engine.endpoint }),
    queue: new SQSClient({ ...aws, endpoint: queues.endpoint }),
  };
  await createEmailTable(direct.table, tableName);
  queueUrl = (await direct.queue.send(new CreateQueueCommand({ QueueName: 'any' }))).QueueUrl!;
  table = await startFaultProxy({ target: engine.endpoint });
  queue = await startFaultProxy({ target: queues.endpoint });
});
afterEach(() => {
  table.plan(null);
  queue.plan(null);
});
afterAll(async () => {
  await Promise.all([table?.stop(), queue?.stop()]);
  await Promise.all([engine?.stop(), queues?.stop()]);
  rmSync(dataDir, { recursive: true, force: true });
});

/** Writes with a new client of DynamoDB, because a client keeps a corrected clock. Returns the outcome. */
async function write(emailId: string, maxAttempts: number, proxy = table): Promise<string> {
  const client = new DynamoDBClient({ ...aws, endpoint: proxy.endpoint, maxAttempts, requestHandler });
  const Item = { emailId: { S: emailId } };
  const outcome = await client.send(new PutItemCommand({ TableName: tableName, Item })).then(
    () => 'written',
    ({ name }: Error) => name,
  );
  client.destroy();
  return outcome;
}

async function isWritten(emailId: string): Promise<boolean> {
  const Key = { emailId: { S: emailId } };
  const { Item } = await direct.table.send(new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true }));
  return Item !== undefined;
}

/** The SDK's error for each fault. */
const seenAs = {
  'provisioned throughput exceeded': 'ProvisionedThroughputExceededException',
  throttling: 'ThrottlingException',
  'request limit exceeded': 'RequestLimitExceeded',
  hang: 'TimeoutError',
  'hang after the write': 'TimeoutError',
  'response lost': 'TimeoutError',
  'response in part': 'Error',
  'server error': 'InternalServerError',
  'server error after the write': 'InternalServerError',
  slow: 'TimeoutError',
  'credentials expired': 'ExpiredTokenException',
  'clock skewed': 'RequestTimeTooSkewed',
  'signature expired': 'InvalidSignatureException',
} as const satisfies Record<Exclude<FaultName, 'part of a batch'>, string>;
const ofAnyCall = faultNames.filter(name => name !== 'part of a batch');

/** Runs a test with its own proxy of the table. */
async function ofItsOwn(work: (proxy: FaultProxy) => Promise<void>): Promise<void> {
  const proxy = await startFaultProxy({ target: engine.endpoint });
  await work(proxy).finally(() => proxy.stop());
}

describe.concurrent.each(ofAnyCall)('the fault "%s"', name => {
  it("reaches DynamoDB's client as its error, and applies the write or not as the table of faults says", () =>
    ofItsOwn(async proxy => {
      proxy.plan(always(name));
      expect(await write(`once ${name}`, 1, proxy)).toBe(seenAs[name]);
      await proxy.idle();
      expect(await isWritten(`once ${name}`)).toBe(faults[name].applied);
      expect(proxy.calls).toBe(1);
      expect(proxy.injected.get(name)).toBeGreaterThan(0);
    }));

  it("is over at the client's next try if it comes once", () =>
    ofItsOwn(async proxy => {
      proxy.plan(faultAt(0, name));
      // A client with expired credentials does not try again.
      const retried = name !== 'credentials expired';
      expect(await write(`again ${name}`, 3, proxy)).toBe(retried ? 'written' : seenAs[name]);
      expect(proxy.calls).toBe(retried ? 2 : 1);
      expect(await isWritten(`again ${name}`)).toBe(retried);
    }));
});

describe("SQS's client", () => {
  const send = async (text: string, maxAttempts: number) => {
    // The client follows the queue's URL and not its endpoint.
    const QueueUrl = queueUrl.replace(new URL(queueUrl).origin, queue.endpoint);
    const client = new SQSClient({ ...aws, endpoint: queue.endpoint, maxAttempts, requestHandler });
    const outcome = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: text })).then(
      () => 'sent',
      ({ name }: Error) => name,
    );
    client.destroy();
    return outcome;
  };
  const received = async () => {
    const { Messages = [] } = await direct.queue.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    );
    return Messages.map(({ Body }) => Body);
  };

  it('tries again after throttling, and sends a message twice if the answer is lost', async () => {
    queue.plan(faultAt(0, 'throttling'));
    expect(await send('throttled', 3)).toBe('sent');
    expect(queue.calls).toBe(2);
    queue.plan(faultAt(0, 'response lost'));
    expect(await send('lost', 3)).toBe('sent');
    expect((await received()).toSorted()).toEqual(['lost', 'lost', 'throttled']);
  });

  it('gives up a hanging queue, which then has no message', async () => {
    queue.plan(always('hang'));
    expect(await send('hanging', 2)).toBe('TimeoutError');
    expect(queue.calls).toBe(2);
    expect(await received()).toEqual([]);
  });
});

describe('the fault "part of a batch"', () => {
  it("makes DynamoDB's answer partial, with unprocessed keys for the rest", async () => {
    const emailIds = Array.from({ length: 7 }, (_, index) => `batch ${index}`);
    for (const emailId of emailIds) expect(await write(emailId, 1)).toBe('written');
    table.plan(always('part of a batch'));
    const client = new DynamoDBClient({ ...aws, endpoint: table.endpoint, maxAttempts: 1 });
    const Keys = emailIds.map(emailId => ({ emailId: { S: emailId } }));
    const counts = new Set<number>();
    for (let time = 0; time < 20; time += 1) {
      const command = new BatchGetItemCommand({ RequestItems: { [tableName]: { Keys, ConsistentRead: true } } });
      const { Responses, UnprocessedKeys } = await client.send(command);
      const given = (Responses?.[tableName] ?? []).map(({ emailId }) => emailId!.S!);
      const left = (UnprocessedKeys?.[tableName]?.Keys ?? []).map(({ emailId }) => emailId!.S!);
      expect(left.length).toBeGreaterThan(0);
      expect([...given, ...left].toSorted()).toEqual(emailIds);
      expect(UnprocessedKeys?.[tableName]?.ConsistentRead).toBe(true);
      counts.add(given.length);
    }
    expect(counts.has(0)).toBe(true);
    expect(counts.size).toBeGreaterThan(2);
    client.destroy();
  });

  it('makes SQS accept some messages and report the rest as failed', async () => {
    queue.plan(always('part of a batch'));
    const QueueUrl = queueUrl.replace(new URL(queueUrl).origin, queue.endpoint);
    const client = new SQSClient({ ...aws, endpoint: queue.endpoint, maxAttempts: 1 });
    const Entries = ['a', 'b', 'c', 'd'].map(Id => ({ Id, MessageBody: Id }));
    const { Successful = [], Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(Failed.length).toBeGreaterThan(0);
    expect([...Successful, ...Failed].map(({ Id }) => Id).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    const { Messages = [] } = await direct.queue.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    );
    expect(Messages.map(({ Body }) => Body).toSorted()).toEqual(Successful.map(({ Id }) => Id).toSorted());
    client.destroy();
  });

  it('makes EventBridge take some events, and reports the others in their places as failed', async () => {
    const bus = await startEventBus({ onFault: () => {} });
    const proxy = await startFaultProxy({ target: bus.endpoint, plan: always('part of a batch') });
    const Entries = [0, 1, 2, 3, 4].map(n => ({ Source: 's', DetailType: 't', Detail: JSON.stringify({ n }) }));
    const outcomes = new Set<string>();
    for (let time = 0; time < 40; time += 1) {
      const answer = await awsJson<{ FailedEntryCount: number; Entries: { EventId?: string; ErrorCode?: string }[] }>(
        proxy.endpoint,
        'AWSEvents.PutEvents',
        { Entries },
      );
      expect(answer.Entries.filter(({ ErrorCode }) => ErrorCode !== undefined)).toHaveLength(answer.FailedEntryCount);
      const numbers = new Map(bus.events().map(({ event }) => [event.id, event.detail.n]));
      const taken = answer.Entries.map(({ EventId = '' }) => numbers.get(EventId) ?? '-');
      expect(taken).toEqual(taken.map((number, index) => (number === '-' ? '-' : index)));
      outcomes.add(taken.join(''));
    }
    expect([...outcomes].toSorted()).toEqual(['----4', '--234', '01---', '0123-', '-----'].toSorted());
    bus.stop();
    await proxy.stop();
  });

  it('is drawn only for batches', () => {
    const drawn = (operation: string) => {
      const plan = randomFaults(seededRandom(7));
      return Array.from({ length: 2_000 }, (_, index) => plan(index, operation)).filter(
        name => name === 'part of a batch',
      );
    };
    expect(drawn('BatchGetItem').length / 20).toBeCloseTo(usualBatchPercent, -0.5);
    expect(drawn('SendMessageBatch').length).toBeGreaterThan(0);
    expect(drawn('Query')).toEqual([]);
  });
});

describe("SNS's client", () => {
  it("gets errors in SNS's own format", async () => {
    queue.plan(always('throttling'));
    const sns = new SNSClient({ ...aws, endpoint: queue.endpoint, maxAttempts: 1 });
    const publish = new PublishCommand({ TopicArn: 'arn:aws:sns:us-east-1:1:any', Message: 'any' });
    await expect(sns.send(publish)).rejects.toThrow(expect.objectContaining({ name: 'ThrottlingException' }));
    expect([...queue.operations.keys()]).toContain('Publish');
  });
});

describe('the plan of faults', () => {
  it('fails only the call with the given index, for every index', async () => {
    for (const index of [0, 1, 2]) {
      table.plan(faultAt(index, 'server error'));
      const outcomes = [];
      for (const number of [0, 1, 2]) outcomes.push(await write(`turn ${index} ${number}`, 1));
      expect(outcomes.map(outcome => outcome === 'written')).toEqual([0, 1, 2].map(number => number !== index));
    }
  });

  it('is the same for the same seed, has the given frequency, and has every kind of fault', () => {
    const drawn = (seed: number, percent?: number) => {
      const plan = randomFaults(seededRandom(seed), percent);
      return Array.from({ length: 20_000 }, (_, index) => plan(index, 'Query'));
    };
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(7)).not.toEqual(drawn(8));
    expect(new Set(drawn(7))).toEqual(new Set([null, ...ofAnyCall]));
    const share = (names: readonly (string | null)[]) => names.filter(name => name !== null).length / names.length;
    expect(share(drawn(7)) * 100).toBeCloseTo(usualPercent, -0.5);
    expect(share(drawn(7, 40)) * 100).toBeCloseTo(40, -0.5);
    expect(share(drawn(7, 0))).toBe(0);
  });

  it('fails no call by default, and the proxy closes every connection without a service', async () => {
    expect(await write('plain', 1)).toBe('written');
    const leadingNowhere = await startFaultProxy();
    await expect(fetch(leadingNowhere.endpoint)).rejects.toThrow();
    leadingNowhere.leadTo(engine.endpoint);
    expect((await fetch(leadingNowhere.endpoint)).ok).toBe((await fetch(engine.endpoint)).ok);
    await leadingNowhere.stop();
  });
});
