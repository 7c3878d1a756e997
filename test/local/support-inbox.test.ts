import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PublishBatchCommand, PublishCommand, type PublishCommandInput, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveTemplate, type Template } from '../../infra/local/cloudformation/template.ts';
import { type Queues, startQueues } from '../../infra/local/services/queues.ts';
import type { ServiceMetric } from '../../infra/local/services/service-metric.ts';
import { type InboxMessage, type SupportInbox, startSupportInbox } from '../../infra/local/services/support-inbox.ts';

const attributesOf = (...names: string[]) => ({ FilterPolicy: { kind: names } });
const template: Template = {
  Resources: {
    Support: { Type: 'AWS::SNS::Topic' },
    Machines: { Type: 'AWS::SNS::Topic' },
    Nobody: { Type: 'AWS::SNS::Topic' },
    All: { Type: 'AWS::SQS::Queue' },
    Bounces: { Type: 'AWS::SQS::Queue' },
    ...Object.fromEntries(
      [
        ['Support', { Protocol: 'email', Endpoint: 'support@example.com' }],
        ['Support', { Protocol: 'email', Endpoint: 'boss@example.com' }],
        ['Machines', { Protocol: 'sqs', Endpoint: { 'Fn::GetAtt': ['All', 'Arn'] }, RawMessageDelivery: true }],
        ['Machines', { Protocol: 'sqs', Endpoint: { 'Fn::GetAtt': ['Bounces', 'Arn'] }, ...attributesOf('bounce') }],
      ].map(([topic, properties], index) => [
        `Subscription${index}`,
        {
          Type: 'AWS::SNS::Subscription',
          Properties: { TopicArn: { Ref: topic as string }, ...(properties as object) },
        },
      ]),
    ),
  },
};

let queues: Queues;
let inbox: SupportInbox;
let sns: SNSClient;
let now: number;
let delivered: InboxMessage[];
let faults: string[];
let metrics: ServiceMetric[];
let urls: Record<string, string>;

beforeAll(async () => {
  queues = await startQueues(mkdtempSync(join(tmpdir(), 'mailtrail-test-')));
  const resolved = resolveTemplate(template, { queueEndpoint: queues.endpoint });
  await queues.create(resolved);
  urls = Object.fromEntries(resolved.ofType('AWS::SQS::Queue').map(({ logicalId, ref }) => [logicalId, ref]));
  return () => queues.stop();
});
beforeEach(async () => {
  now = Date.UTC(2026, 0, 2, 12);
  delivered = [];
  faults = [];
  metrics = [];
  inbox = await startSupportInbox({
    snsEndpoint: queues.endpoint,
    file: join(mkdtempSync(join(tmpdir(), 'mailtrail-test-')), 'inbox.jsonl'),
    onMessage: message => delivered.push(message),
    onFault: line => faults.push(line),
    onMetric: metric => metrics.push(metric),
    now: () => now,
  });
  inbox.serve(resolveTemplate(template, { queueEndpoint: queues.endpoint }));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  sns = new SNSClient({ endpoint: inbox.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  return () => inbox.stop();
});
afterAll(() => sns.destroy());

const publish = (topic: string, input: Partial<PublishCommandInput> = {}) =>
  sns.send(new PublishCommand({ TopicArn: `arn:aws:sns:us-east-1:000000000000:${topic}`, Message: 'hello', ...input }));
const publishAll = async (topic: string, count: number) => {
  for (let index = 0; index < count; index += 1) await publish(topic);
};
const states = () => inbox.subscriptions().map(({ email, state }) => `${email} ${state}`);
const sumOf = (topic: string) => {
  const sums: Record<string, number> = {};
  for (const { name, dimensions, value } of metrics) {
    if (dimensions.TopicName === topic) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
};
const bodiesIn = (queue: string) => queues.messagesIn(urls[queue]!).map(({ body }) => body);

describe('a topic with subscribers by email', () => {
  it('delivers a letter to each, and says to which topic it went', async () => {
    await publish('Support', {
      Subject: 'Bounced',
      MessageStructure: 'json',
      Message: '{"default":"{}","email":"Hi"}',
    });
    expect(delivered).toMatchObject([
      { topicArn: expect.stringMatching(/:Support$/), subject: 'Bounced', text: 'Hi', data: {}, missedBy: [] },
    ]);
    expect(delivered[0]!.letters.map(({ to }) => to)).toEqual(['support@example.com', 'boss@example.com']);
    expect(inbox.last()).toEqual(delivered[0]);
    expect(sumOf('Support')).toEqual({ NumberOfMessagesPublished: 1, NumberOfNotificationsDelivered: 2 });
  });

  it('keeps its subscriptions with ten messages a second', async () => {
    await publishAll('Support', 10);
    now += 1_000;
    await publishAll('Support', 10);
    expect(delivered).toHaveLength(20);
    expect(states()).toEqual(['support@example.com Confirmed', 'boss@example.com Confirmed']);
  });

  it('loses them with the eleventh within a second: later messages are published, and reach nobody', async () => {
    await publishAll('Support', 11);
    now += 60_000;
    await publish('Support');
    expect(delivered).toHaveLength(10);
    expect(inbox.messages()).toHaveLength(12);
    expect(inbox.messages().at(-1)).toMatchObject({
      letters: [],
      missedBy: ['support@example.com', 'boss@example.com'],
    });
    expect(states()).toEqual(['support@example.com PendingConfirmation', 'boss@example.com PendingConfirmation']);
    expect(faults).toEqual([
      'the subscription of support@example.com to support is suspended, and deleted after 48 hours: too many messages within a second',
      'the subscription of boss@example.com to support is suspended, and deleted after 48 hours: too many messages within a second',
    ]);
    expect(sumOf('Support')).toEqual({
      NumberOfMessagesPublished: 12,
      NumberOfNotificationsDelivered: 20,
      NumberOfNotificationsFailed: 2,
    });
  });

  it('loses a suspended subscription for good after 48 hours', async () => {
    await publishAll('Support', 11);
    now += 48 * 3_600_000 - 1;
    expect(states()[0]).toBe('support@example.com PendingConfirmation');
    now += 1;
    expect(states()[0]).toBe('support@example.com Deleted');
  });

  it('goes on once they are confirmed anew', async () => {
    await publishAll('Support', 11);
    inbox.confirm();
    await publish('Support');
    expect(delivered.at(-1)!.letters).toHaveLength(2);
  });
});

describe('the unsubscribe link of a letter', () => {
  const visit = async (url: string) => (await fetch(url)).status;
  const letter = async () => {
    await publish('Support');
    return delivered.at(-1)!.letters;
  };

  it('ends the subscription, whoever visits it', async () => {
    const [support] = await letter();
    expect(await visit(support!.unsubscribeUrl)).toBe(200);
    expect((await letter()).map(({ to }) => to)).toEqual(['boss@example.com']);
    expect(states()).toEqual(['support@example.com Deleted', 'boss@example.com Confirmed']);
    expect(faults).toEqual([
      'the subscription of support@example.com to support is deleted: its unsubscribe link was visited',
    ]);
  });

  it('ends nothing where unsubscribing needs a sign-in to AWS', async () => {
    inbox.confirm({ authenticatesUnsubscribe: true });
    const [support] = await letter();
    expect(await visit(support!.unsubscribeUrl)).toBe(403);
    expect(states()[0]).toBe('support@example.com Confirmed');
  });

  it('ends nothing twice, and is another one after a new confirmation', async () => {
    const [support] = await letter();
    await visit(support!.unsubscribeUrl);
    inbox.confirm();
    expect(await visit(support!.unsubscribeUrl)).toBe(404);
    expect(states()[0]).toBe('support@example.com Confirmed');
  });
});

describe('a topic for machines', () => {
  it('delivers their part of the message to each queue whose filter policy lets it through', async () => {
    const attribute = (StringValue: string) => ({ kind: { DataType: 'String', StringValue } });
    const message = (id: number) => ({
      MessageStructure: 'json',
      Message: JSON.stringify({ default: `${id}`, email: 'no' }),
    });
    await publish('Machines', { ...message(1), MessageAttributes: attribute('bounce') });
    await publish('Machines', { ...message(2), MessageAttributes: attribute('spam') });
    expect(bodiesIn('All')).toEqual(['1', '2']);
    expect(bodiesIn('Bounces').map(body => JSON.parse(body).Message)).toEqual(['1']);
    expect(inbox.messages().map(({ attributes }) => attributes)).toEqual([{ kind: 'bounce' }, { kind: 'spam' }]);
    expect(delivered).toEqual([]);
    expect(inbox.last()).toBeNull();
    expect(sumOf('Machines')).toEqual({
      NumberOfMessagesPublished: 2,
      NumberOfNotificationsDelivered: 3,
      NumberOfNotificationsFilteredOut: 1,
    });
  });

  it('takes more than ten messages a second', async () => {
    await publishAll('Machines', 15);
    expect(sumOf('Machines').NumberOfNotificationsDelivered).toBe(15);
  });

  it('takes messages that nobody gets', async () => {
    await publish('Nobody');
    expect(sumOf('Nobody')).toEqual({ NumberOfMessagesPublished: 1 });
    expect(inbox.messages()).toMatchObject([{ letters: [], missedBy: [] }]);
  });
});

describe('a batch of messages', () => {
  it('is refused, since it would pass by the subscribers by email', async () => {
    const batch = new PublishBatchCommand({
      TopicArn: 'arn:aws:sns:us-east-1:000000000000:Support',
      PublishBatchRequestEntries: [{ Id: '1', Message: 'hello' }],
    });
    await expect(sns.send(batch)).rejects.toThrow('PublishBatch is not understood here');
  });
});

describe('SNS refuses', () => {
  it.each([
    ['a subject of 100 characters', { Subject: 'x'.repeat(100) }],
    ['a subject with a line break', { Subject: 'a\nb' }],
    ['a subject beyond ASCII', { Subject: 'Rücklauf' }],
    ['a message above 256 KB', { Message: 'x'.repeat(256 * 1024 + 1) }],
    [
      'a message above 256 KB with its attributes',
      { Message: 'x'.repeat(256 * 1024 - 5), MessageAttributes: { a: { DataType: 'String', StringValue: 'x' } } },
    ],
    [
      'parts above 256 KB in sum',
      {
        MessageStructure: 'json',
        Message: JSON.stringify({ default: 'x'.repeat(130_000), email: 'x'.repeat(140_000) }),
      },
    ],
    ['parts without a default one', { MessageStructure: 'json', Message: '{"email":"x"}' }],
  ])('%s', async (_what, input) => {
    await expect(publish('Support', input)).rejects.toThrow(/Invalid parameter/);
    expect(inbox.messages()).toEqual([]);
  });
});
