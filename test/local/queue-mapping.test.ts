import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveTemplate, type Template } from '../../infra/local/cloudformation/template.ts';
import type { RunningMapping } from '../../infra/local/event-sources/event-source-mapping.ts';
import { startQueueMapping } from '../../infra/local/event-sources/queue-mapping.ts';
import { awsJson } from '../../infra/local/services/aws-json.ts';
import { type Queues, startQueues } from '../../infra/local/services/queues.ts';
import { eventually } from '../rigs/eventually.ts';

interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly eventSource: string;
}

const template: Template = {
  Resources: {
    Dead: { Type: 'AWS::SQS::Queue' },
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
