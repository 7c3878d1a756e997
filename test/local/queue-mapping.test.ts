import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { resolveTemplate, type Template } from '../../infra/local/cloudformation/template.ts';
import type { EventSourceMapping, RunningMapping } from '../../infra/local/event-sources/event-source-mapping.ts';
import { checkQueueMapping, startQueueMapping } from '../../infra/local/event-sources/queue-mapping.ts';
import { FunctionError } from '../../infra/local/lambda/function-environment.ts';
import { awsJson } from '../../infra/local/services/aws-json.ts';
import { type Queues, startQueues } from '../../infra/local/services/queues.ts';
import { eventually } from '../rigs/eventually.ts';

interface Message {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly eventSource: string;
}

const template: Template = {
  Resources: {
    Dead: { Type: 'AWS::SQS::Queue' },
    ...Object.fromEntries(
      ['Slow', 'Large', 'Heavy', 'Throttled', 'Postponed'].map(name => [
        name,
        { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 60, MaximumMessageSize: 1_048_576 } },
      ]),
    ),
    Work: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        VisibilityTimeout: 1,
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 2 },
      },
    },
  },
};

const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
let queues: Queues;
let mapping: RunningMapping;
let queueUrls: Record<string, string>;
const received: Message[] = [];

const open = async () => {
  queues = await startQueues(dataDir);
  const resolved = resolveTemplate(template, { queueEndpoint: queues.endpoint });
  await queues.create(resolved);
  queueUrls = Object.fromEntries(resolved.ofType('AWS::SQS::Queue').map(({ logicalId, ref }) => [logicalId, ref]));
};
const send = (queue: string, MessageBody: string) =>
  awsJson(queues.endpoint, 'AmazonSQS.SendMessage', { QueueUrl: queueUrls[queue], MessageBody });
const receive = async (queue: string) => {
  const { Messages = [] } = await awsJson<{ Messages?: { Body: string }[] }>(
    queues.endpoint,
    'AmazonSQS.ReceiveMessage',
    { QueueUrl: queueUrls[queue], VisibilityTimeout: 0 },
  );
  return Messages.map(({ Body }) => Body);
};

beforeAll(async () => {
  await open();
  mapping = startQueueMapping({
    mapping: { EventSourceArn: 'arn:work', FunctionResponseTypes: ['ReportBatchItemFailures'] },
    target: {
      name: 'f',
      invoke: async event => {
        const { Records } = event as { Records: Message[] };
        received.push(...Records);
        const poison = Records.filter(({ body }) => body === 'poison');
        return { batchItemFailures: poison.map(({ messageId }) => ({ itemIdentifier: messageId })) };
      },
      warm: async () => {},
      stop: () => {},
    },
    endpoint: queues.endpoint,
    queueUrl: queueUrls.Work!,
    onFault: () => {},
  });
});
afterAll(() => queues.stop());

test('a message reaches the function once it is sent, and is gone when it was taken', async () => {
  await send('Work', 'hello');
  await eventually(() => expect(received).toMatchObject([{ body: 'hello', eventSource: 'aws:sqs' }]));
  await eventually(async () => expect(await receive('Work')).toEqual([]));
});

test('a message that fails comes again, and ends in the dead-letter queue', async () => {
  await send('Work', 'poison');
  await eventually(async () => expect(await receive('Dead')).toEqual(['poison']));
  expect(received.filter(({ body }) => body === 'poison')).toHaveLength(2);
});

test('messages are still there after a restart', async () => {
  await mapping.stop();
  await send('Work', 'kept');
  await queues.stop();
  await open();
  expect(await receive('Work')).toEqual(['kept']);
});

describe('a mapping of a queue', () => {
  let running: RunningMapping[] = [];
  afterEach(async () => {
    await Promise.all(running.map(one => one.stop()));
    running = [];
  });
  const start = (
    queue: string,
    invoke: (records: readonly Message[]) => Promise<unknown>,
    mapping: Partial<EventSourceMapping> = {},
  ) =>
    running.push(
      startQueueMapping({
        mapping: { EventSourceArn: 'arn:work', FunctionResponseTypes: ['ReportBatchItemFailures'], ...mapping },
        target: {
          name: 'f',
          invoke: event => invoke((event as { Records: Message[] }).Records),
          warm: async () => {},
          stop: () => {},
        },
        endpoint: queues.endpoint,
        queueUrl: queueUrls[queue]!,
        onFault: () => {},
      }),
    );
  const sendAll = async (queue: string, bodies: readonly string[]) => {
    for (const body of bodies) await send(queue, body);
  };

  it.each([
    [undefined, 5],
    [20, 5],
    [2, 2],
  ])('with a MaximumConcurrency of %s works on %s batches at once', async (MaximumConcurrency, expected) => {
    let atOnce = 0;
    let most = 0;
    let seen = 0;
    const concurrency = MaximumConcurrency === undefined ? {} : { MaximumConcurrency };
    await sendAll(
      'Slow',
      Array.from({ length: 14 }, (_, index) => `slow${index}`),
    );
    start(
      'Slow',
      async records => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        // All pollers have come once nobody new comes for a second.
        await new Promise(resolve => setTimeout(resolve, 1_000));
        atOnce -= 1;
        seen += records.length;
        return null;
      },
      { BatchSize: 1, ScalingConfig: concurrency },
    );
    await eventually(() => expect(seen).toBe(14));
    expect(most).toBe(expected);
  });

  it('gathers more than ten messages within its window, and deletes them all', async () => {
    const batches: number[] = [];
    const bodies = Array.from({ length: 25 }, (_, index) => `large${index}`);
    const taken: string[] = [];
    await sendAll('Large', bodies);
    start(
      'Large',
      async records => {
        batches.push(records.length);
        taken.push(...records.map(({ body }) => body));
        return null;
      },
      { BatchSize: 10_000, MaximumBatchingWindowInSeconds: 1, ScalingConfig: { MaximumConcurrency: 2 } },
    );
    await eventually(() => expect(taken.sort()).toEqual([...bodies].sort()));
    expect(Math.max(...batches)).toBeGreaterThan(10);
    await eventually(() => expect(queues.messagesIn(queueUrls.Large!)).toEqual([]));
  });

  it('makes no event above 6 MB', async () => {
    const batches: number[] = [];
    await sendAll(
      'Heavy',
      Array.from({ length: 8 }, () => 'x'.repeat(1_000_000)),
    );
    start(
      'Heavy',
      async records => {
        batches.push(Buffer.byteLength(JSON.stringify(records)));
        return null;
      },
      { BatchSize: 100, MaximumBatchingWindowInSeconds: 1, ScalingConfig: { MaximumConcurrency: 2 } },
    );
    await eventually(() => expect(queues.messagesIn(queueUrls.Heavy!)).toEqual([]));
    expect(Math.max(...batches)).toBeLessThanOrEqual(6 * 1024 * 1024);
  });

  it('invokes a throttled function again with the same messages, and counts no receipt', async () => {
    const receipts: string[] = [];
    let times = 0;
    await send('Throttled', 'hello');
    start('Throttled', async records => {
      times += 1;
      if (times < 3) throw new FunctionError('TooManyRequestsException', 'busy');
      receipts.push(...records.map(record => (record as unknown as Receipt).attributes.ApproximateReceiveCount));
      return null;
    });
    await eventually(() => expect(receipts).toEqual(['1']));
  });

  it('leaves a failed message as the function left it: visible again when the function said', async () => {
    let times = 0;
    await send('Postponed', 'later');
    start('Postponed', async ([record]) => {
      times += 1;
      if (times > 1) return null;
      const { receiptHandle: ReceiptHandle, messageId } = record!;
      await awsJson(queues.endpoint, 'AmazonSQS.ChangeMessageVisibility', {
        QueueUrl: queueUrls.Postponed,
        ReceiptHandle,
        VisibilityTimeout: 1,
      });
      return { batchItemFailures: [{ itemIdentifier: messageId }] };
    });
    // The queue's own visibility timeout is 60 s.
    await eventually(() => expect(times).toBe(2));
    await eventually(() => expect(queues.messagesIn(queueUrls.Postponed!)).toEqual([]));
  });

  it.each([
    ['more than ten messages without a window', { BatchSize: 11 }, /BatchSize above 10 needs/],
    ['more than 10,000 messages', { BatchSize: 10_001, MaximumBatchingWindowInSeconds: 1 }, /from 1 to 10,000/],
    ['one batch at once', { ScalingConfig: { MaximumConcurrency: 1 } }, /MaximumConcurrency is from 2/],
  ])('is refused with %s, as by Lambda', (_what, mapping, message) => {
    const check = () => checkQueueMapping('Mapping', 'http://127.0.0.1/0/Work', { EventSourceArn: 'arn', ...mapping });
    expect(check).toThrow(message);
  });

  it('is refused for a FIFO queue, which is not understood here', () => {
    expect(() => checkQueueMapping('Mapping', 'http://127.0.0.1/0/Work.fifo', { EventSourceArn: 'arn' })).toThrow(
      /FIFO/,
    );
  });
});

interface Receipt {
  readonly attributes: { readonly ApproximateReceiveCount: string };
}
