/** The calls by which an operator, or a function, looks at a stack: the SDK's clients get the answers that AWS documents. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  ListMetricsCommand,
  paginateDescribeAlarms,
} from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoints } from '../../infra/local/endpoints.ts';
import { eventually } from '../rigs/eventually.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-control-'));
let stack: StartedStack;
let endpoints: Endpoints;

const at = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const called = (members: Readonly<Record<string, string>>, start: string) =>
  Object.entries(members).find(([id]) => id.startsWith(start))![1];

beforeAll(async () => {
  stack = await startStack({ dataDir });
  endpoints = stack.endpoints;
});
afterAll(async () => {
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('CloudWatch on this machine', () => {
  const cloudWatch = () => new CloudWatchClient(at(endpoints.cloudwatch));

  it('describes metric alarms alone unless composite alarms are asked for, as AWS does', async () => {
    const both = ['MetricAlarm', 'CompositeAlarm'] as const;
    const { MetricAlarms = [], CompositeAlarms = [] } = await cloudWatch().send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms.length).toBeGreaterThan(5);
    expect(CompositeAlarms).toEqual([]);
    const all = await cloudWatch().send(new DescribeAlarmsCommand({ AlarmTypes: [...both], MaxRecords: 100 }));
    expect(all.CompositeAlarms!.length).toBeGreaterThan(0);
    for (const alarm of [...all.MetricAlarms!, ...all.CompositeAlarms!]) {
      expect(alarm.AlarmName).toMatch(/^Mailtrail-/);
      expect(alarm.AlarmDescription).toMatch(/\w/);
      expect(alarm.StateUpdatedTimestamp).toBeInstanceOf(Date);
      expect(alarm.StateReason).toMatch(/\w/);
      expect(alarm.ActionsEnabled).toBe(true);
    }
  });

  it('gives alarms by name, prefix and state, in pages', async () => {
    const { MetricAlarms = [] } = await cloudWatch().send(new DescribeAlarmsCommand({ AlarmNamePrefix: 'Other-' }));
    expect(MetricAlarms).toEqual([]);
    const names: string[] = [];
    for await (const page of paginateDescribeAlarms(
      { client: cloudWatch(), pageSize: 3 },
      { AlarmNamePrefix: 'Mailtrail-' },
    )) {
      expect(page.MetricAlarms!.length).toBeLessThanOrEqual(3);
      names.push(...page.MetricAlarms!.map(({ AlarmName }) => AlarmName!));
    }
    expect(new Set(names).size).toBe(names.length);
    const one = await cloudWatch().send(new DescribeAlarmsCommand({ AlarmNames: [names[0]!] }));
    expect(one.MetricAlarms!.map(({ AlarmName }) => AlarmName)).toEqual([names[0]]);
    const inState = async (StateValue: 'ALARM' | 'OK' | 'INSUFFICIENT_DATA') =>
      (await cloudWatch().send(new DescribeAlarmsCommand({ StateValue, MaxRecords: 100 }))).MetricAlarms!.length;
    expect((await inState('ALARM')) + (await inState('OK')) + (await inState('INSUFFICIENT_DATA'))).toBe(names.length);
  });

  it('lists metrics, and gives their values and those of an expression', async () => {
    const url = called(endpoints.queues, 'Quarantine');
    await new SQSClient(at(endpoints.sqs)).send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'hello' }));
    const MetricName = 'ApproximateNumberOfMessagesVisible';
    const { Metrics = [] } = await cloudWatch().send(new ListMetricsCommand({ Namespace: 'AWS/SQS', MetricName }));
    const metric = Metrics.find(({ Dimensions }) => Dimensions![0]!.Value!.startsWith('Quarantine'))!;
    expect(metric).toMatchObject({ Namespace: 'AWS/SQS', MetricName, Dimensions: [{ Name: 'QueueName' }] });
    const now = Date.now();
    const times = { StartTime: new Date(now - 600_000), EndTime: new Date(now + 60_000) };
    const stat = { MetricStat: { Metric: metric, Period: 60, Stat: 'Maximum' } };
    const { MetricDataResults } = await cloudWatch().send(
      new GetMetricDataCommand({
        ...times,
        MetricDataQueries: [
          { Id: 'waiting', ...stat, ReturnData: false },
          { Id: 'twice', Expression: 'waiting * 2' },
          { Id: 'more', Expression: 'MAX([twice, waiting]) + 1', Label: 'one more' },
        ],
      }),
    );
    expect(MetricDataResults).toMatchObject([
      { Id: 'twice', StatusCode: 'Complete', Timestamps: expect.arrayContaining([expect.any(Date)]) },
      { Id: 'more', Label: 'one more' },
    ]);
    expect(MetricDataResults!.map(({ Values }) => Values![0])).toEqual([2, 3]);
  });

  it('gives the values of each period by its beginning, the newest first or last', async () => {
    const Metric = { Namespace: 'AWS/SQS', MetricName: 'ApproximateNumberOfMessagesVisible', Dimensions: [] };
    const query = { Id: 'none', MetricStat: { Metric, Period: 300, Stat: 'Sum' } };
    const input = { StartTime: new Date(Date.now() - 900_000), EndTime: new Date(), MetricDataQueries: [query] };
    const { MetricDataResults } = await cloudWatch().send(new GetMetricDataCommand(input));
    expect(MetricDataResults).toMatchObject([{ Id: 'none', Label: Metric.MetricName, Timestamps: [], Values: [] }]);
  });

  it.each([
    ['of an unknown query', [{ Id: 'a', Expression: 'b + 1' }]],
    [
      'with a name twice',
      [
        { Id: 'a', Expression: '1' },
        { Id: 'a', Expression: '2' },
      ],
    ],
    [
      'that refers to itself',
      [
        { Id: 'a', Expression: 'b' },
        { Id: 'b', Expression: 'a' },
      ],
    ],
    ['that is not there', []],
  ])('refuses an expression %s', async (_, MetricDataQueries) => {
    const input = { StartTime: new Date(0), EndTime: new Date(), MetricDataQueries };
    await expect(cloudWatch().send(new GetMetricDataCommand(input))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('Lambda on this machine', () => {
  const lambda = () => new LambdaClient(at(endpoints.lambda));
  const mappings = async () => (await lambda().send(new ListEventSourceMappingsCommand({}))).EventSourceMappings!;

  it('lists the mappings of all functions, or of one', async () => {
    const all = await mappings();
    expect(all.every(({ State }) => State === 'Enabled')).toBe(true);
    const FunctionName = endpoints.outputs.IngestFunctionName as string;
    const { EventSourceMappings: own = [] } = await lambda().send(new ListEventSourceMappingsCommand({ FunctionName }));
    expect(own).toHaveLength(2);
    expect(all.length).toBeGreaterThan(own.length);
    expect(all[0]).toMatchObject({ UUID: expect.any(String), EventSourceArn: expect.stringMatching(/^arn:/) });
    expect(all[0]!.LastModified).toBeInstanceOf(Date);
  });

  it('stops a mapping that is switched off, so that its queue is not read, and starts it again', async () => {
    const mapping = (await mappings()).find(({ EventSourceArn }) => /:Retry/.test(EventSourceArn!))!;
    const { UUID } = mapping;
    const stateOf = async () => (await lambda().send(new GetEventSourceMappingCommand({ UUID: UUID! }))).State;
    const off = await lambda().send(new UpdateEventSourceMappingCommand({ UUID: UUID!, Enabled: false }));
    expect(off.State).toBe('Disabling');
    await eventually(async () => expect(await stateOf()).toBe('Disabled'));
    const queue = Object.values(endpoints.queues).find(url =>
      url.endsWith(`/${mapping.EventSourceArn!.split(':').at(-1)}`),
    )!;
    const sqs = new SQSClient(at(endpoints.sqs));
    await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: '{}' }));
    const counts = async () => {
      const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const input = { QueueUrl: queue, AttributeNames: [...AttributeNames] };
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand(input));
      return AttributeNames.map(name => Number(Attributes![name]));
    };
    await new Promise(resolve => setTimeout(resolve, 1_500));
    expect(await counts()).toEqual([1, 0]);
    await lambda().send(new UpdateEventSourceMappingCommand({ UUID: UUID!, Enabled: true }));
    await eventually(async () => expect((await counts())[0]).toBe(0));
    expect(await stateOf()).toBe('Enabled');
  });

  it('knows the configuration of a function, and no other function and mapping', async () => {
    const FunctionName = endpoints.outputs.IngestFunctionName as string;
    const found = await lambda().send(new GetFunctionConfigurationCommand({ FunctionName }));
    expect(found.Environment?.Variables?.TABLE_NAME).toBe(endpoints.outputs.TableName);
    expect(found).toMatchObject({ FunctionName, Runtime: expect.any(String), Timeout: expect.any(Number) });
    const none = { name: 'ResourceNotFoundException' };
    await expect(lambda().send(new GetFunctionConfigurationCommand({ FunctionName: 'none' }))).rejects.toMatchObject(
      none,
    );
    await expect(lambda().send(new GetEventSourceMappingCommand({ UUID: 'none' }))).rejects.toMatchObject(none);
  });
});

describe('SNS on this machine', () => {
  const sns = () => new SNSClient(at(endpoints.sns));
  const TopicArn = () => endpoints.outputs.SupportTopicArn as string;
  const counts = async () => {
    const { Attributes } = await sns().send(new GetTopicAttributesCommand({ TopicArn: TopicArn() }));
    return [Attributes!.SubscriptionsConfirmed, Attributes!.SubscriptionsPending];
  };
  const listed = async () =>
    (await sns().send(new ListSubscriptionsByTopicCommand({ TopicArn: TopicArn() }))).Subscriptions!;

  it('lists the subscriptions by email, with the way in which they were confirmed', async () => {
    const [one, ...others] = await listed();
    expect(others).toEqual([]);
    expect(one).toMatchObject({ Protocol: 'email', TopicArn: TopicArn(), Endpoint: expect.stringContaining('@') });
    const attributes = async () =>
      (await sns().send(new GetSubscriptionAttributesCommand({ SubscriptionArn: one!.SubscriptionArn }))).Attributes;
    expect(await attributes()).toMatchObject({ PendingConfirmation: 'false', ConfirmationWasAuthenticated: 'true' });
    await fetch(`${stack.url}/_local/inbox`, { method: 'POST' });
    expect(await attributes()).toMatchObject({ PendingConfirmation: 'false', ConfirmationWasAuthenticated: 'false' });
  });

  it('counts a new subscription as pending, and none that was removed', async () => {
    expect(await counts()).toEqual(['1', '0']);
    await sns().send(new SubscribeCommand({ TopicArn: TopicArn(), Protocol: 'email', Endpoint: 'new@example.com' }));
    expect(await counts()).toEqual(['1', '1']);
    const found = await listed();
    expect(found.map(({ SubscriptionArn }) => SubscriptionArn)).toContain('PendingConfirmation');
    const { SubscriptionArn } = found.find(one => one.SubscriptionArn !== 'PendingConfirmation')!;
    await sns().send(new UnsubscribeCommand({ SubscriptionArn }));
    expect(await counts()).toEqual(['0', '1']);
    await expect(sns().send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });
});

describe('the other services on this machine', () => {
  it('list the objects of the failure bucket', async () => {
    const Bucket = endpoints.outputs.AlertFailuresBucketName as string;
    const s3 = new S3Client({ ...at(endpoints.s3), forcePathStyle: true });
    expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'aws/lambda/one', Body: '{}' }));
    const { KeyCount, Contents } = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 10 }));
    expect({ KeyCount, keys: Contents!.map(({ Key }) => Key) }).toEqual({ KeyCount: 1, keys: ['aws/lambda/one'] });
  });

  it('describe a secret, and refuse one that does not exist', async () => {
    const secrets = new SecretsManagerClient(at(endpoints.secretsManager));
    const SecretId = endpoints.outputs.WebhookSecretsArn as string;
    expect(await secrets.send(new DescribeSecretCommand({ SecretId }))).toMatchObject({ ARN: SecretId });
    expect((await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString).toMatch(/^{/);
    const none = secrets.send(new DescribeSecretCommand({ SecretId: 'none' }));
    await expect(none).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('describe the table with its stream, its indexes and its expiry', async () => {
    const dynamoDb = new DynamoDBClient(at(endpoints.dynamodb));
    const TableName = endpoints.tableName;
    const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
    expect(Table!.StreamSpecification!.StreamEnabled).toBe(true);
    expect(Table!.GlobalSecondaryIndexes!.every(({ IndexStatus }) => IndexStatus === 'ACTIVE')).toBe(true);
    const { TimeToLiveDescription } = await dynamoDb.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(TimeToLiveDescription).toEqual({ AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' });
  });
});
