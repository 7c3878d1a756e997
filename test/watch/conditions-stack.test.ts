import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Status } from '../../shared/status/catalogue.ts';
import { createAccountMarks } from '../../shared/watch/account-marks.ts';
import { createEpisodeStore, episodesKey } from '../../shared/watch/episodes.ts';
import { createFailures } from '../../shared/watch/failures.ts';
import { createNewestResolved } from '../../shared/watch/resolved-failures.ts';
import { reportToStack } from '../rigs/application.ts';
import { eventually } from '../rigs/eventually.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

interface InboxMessage {
  readonly topicArn: string;
  readonly subject: string;
  readonly text: string;
}

describe('the watch function of a running stack', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
  const clients: { destroy(): void }[] = [];
  let stack: StartedStack;
  let documents: DynamoDBDocumentClient;
  let lambda: LambdaClient;
  let sqs: SQSClient;
  let s3: S3Client;

  function connected<Client extends { destroy(): void }>(
    Client: new (config: object) => Client,
    service: 'dynamodb' | 'lambda' | 'sqs' | 's3' | 'cloudwatch',
  ): Client {
    const { region } = stack.endpoints;
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new Client({ endpoint: stack.endpoints[service], region, credentials });
    clients.push(client);
    return client;
  }

  beforeAll(async () => {
    stack = await startStack({ dataDir });
    documents = DynamoDBDocumentClient.from(connected(DynamoDBClient, 'dynamodb'));
    lambda = connected(LambdaClient, 'lambda');
    sqs = connected(SQSClient, 'sqs');
    s3 = connected(S3Client, 's3');
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await stack?.stop();
  });

  const idOf = (ids: Readonly<Record<string, string>>, name: RegExp) =>
    ids[Object.keys(ids).find(one => name.test(one))!]!;
  const guards = () => idOf(stack.endpoints.tables, /^Guards/);

  /** Runs the function, and returns what operators got by then. */
  async function watched(): Promise<readonly InboxMessage[]> {
    const FunctionName = Object.keys(stack.endpoints.functions).find(name => name.startsWith('Watch'))!;
    const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload: '{}' }));
    expect(FunctionError).toBeUndefined();
    expect(readFileSync(join(stack.endpoints.logsDir, 'watch.log'), 'utf8')).not.toContain('"fault"');
    const answer = await fetch(`${stack.url}/_local/inbox`, { headers: { accept: 'application/json' } });
    const { messages } = (await answer.json()) as { messages: readonly InboxMessage[] };
    const operations = idOf(stack.endpoints.topics, /^Operations/);
    return messages.filter(({ topicArn }) => topicArn === operations);
  }

  /** The function's clock cannot be moved: the times that it keeps are changed instead. */
  async function keepTimes(checkedAt: Readonly<Record<string, number>>): Promise<void> {
    await documents.send(
      new UpdateCommand({
        TableName: guards(),
        Key: { guardKey: episodesKey },
        UpdateExpression: 'SET checkedAt = :times',
        ExpressionAttributeValues: { ':times': checkedAt },
      }),
    );
  }
  const anHourLater = () => keepTimes({});

  let reports = 0;
  /** Reports a status of so many new emails of an account. */
  async function report(accountId: string, status: Status, emails: number, text?: string): Promise<void> {
    reports += 1;
    const recipient = Array.from({ length: emails }, (_, index) => `${status}-${index}@example.com`);
    const data = {
      messageId: `rates-${reports}`,
      recipient,
      accountId,
      ...(text !== undefined && { reason: { text } }),
    };
    const sent = { type: `email.${status}`, timestamp: new Date().toISOString(), data };
    expect(await reportToStack(stack.endpoints, `report-${reports}`, sent)).toBe(200);
  }

  /** On a busy machine, events wait in the retry queue. */
  async function recorded(accountId: string, emails: number, failed: number): Promise<void> {
    const resolved = createNewestResolved(documents, guards());
    const failures = createFailures(documents, stack.endpoints.tableName, resolved);
    await eventually(async () => {
      const known = await failures.ofAccount(accountId, Date.now());
      expect([known.shares.BounceRate.volume, known.failed.length]).toEqual([emails, failed]);
    });
  }

  it('tells nobody of a healthy stack', async () => {
    expect(await watched()).toEqual([]);
  });

  it("tells of an account's hard bounces with figures and causes, and of the end", async () => {
    await report('acme', 'delivered', 91);
    await report('acme', 'hard_bounced', 12, '550 5.1.2 host not found');
    await report('acme', 'rejected', 3, '550 5.7.1 blocked using zen.spamhaus.org');
    await recorded('acme', 106, 15);
    const marks = createAccountMarks(documents, guards());
    await eventually(async () => expect(await marks.read()).toMatchObject([{ accountId: 'acme' }]));
    const messages = await watched();
    expect(messages.map(({ subject }) => subject)).toEqual(['Mailtrail: many hard bounces of account acme']);
    expect(messages[0]!.text).toMatch(
      /^12 of 106 emails of account acme of the last 7 days bounced hard: 11\.3 %\. Above 5 % providers may slow you down; above 10 % they may suspend you\.\nOf 15 failed emails, these name a cause on the sender's side: Sender blocked \(3\)\.\nSender blocked: The recipient's server blocks .*\n\nImpact: .*\nWhat to do: .*\nEpisode: [\w-]{22}\n$/,
    );
    const [{ id } = { id: '' }] = (await createEpisodeStore(documents, guards()).read()).episodes;
    expect(messages[0]!.text).toContain(id);
    expect(await watched()).toHaveLength(1);
    await report('acme', 'delivered', 100);
    await report('acme', 'delivered', 100);
    await recorded('acme', 306, 15);
    await anHourLater();
    const ended = (await watched())[1]!;
    expect(ended.subject).toBe('Mailtrail: hard bounces of account acme are usual again');
    expect(ended.text).toBe(
      `Fewer than 4 % of the emails of account acme bounce hard now, or it sends too few to tell.\nEpisode: ${id}\n`,
    );
  });

  it('tells of the rate of a provider by the metrics of its events', async () => {
    await report('shop', 'hard_bounced', 20, '550 5.1.2 host not found');
    await recorded('shop', 20, 20);
    const cloudWatch = connected(CloudWatchClient, 'cloudwatch');
    // The metrics are made of log lines, which are read after a while.
    await eventually(async () => {
      const Dimensions = Object.entries({ service: 'mailtrail', Provider: 'app' }).map(([Name, Value]) => ({
        Name,
        Value,
      }));
      const Metric = { Namespace: `Mailtrail/${stack.endpoints.stackName}`, MetricName: 'HardBounced', Dimensions };
      const { MetricDataResults: [result] = [] } = await cloudWatch.send(
        new GetMetricDataCommand({
          StartTime: new Date(Date.now() - 2 * 3_600_000),
          EndTime: new Date(Date.now() + 3_600_000),
          MetricDataQueries: [{ Id: 'hard', MetricStat: { Metric, Period: 3_600, Stat: 'Sum' } }],
        }),
      );
      expect(result?.Values?.reduce((one, other) => one + other, 0)).toBe(32);
    });
    await anHourLater();
    const told = (await watched()).at(-1)!;
    expect(told.subject).toBe('Mailtrail: many hard bounces of Your own application');
    expect(told.text).toMatch(/^32 of 326 emails of Your own application of the last 24 hours bounced hard: 9\.8 %\. /);
    expect(told.text).toMatch(
      /Of \d+ failed emails that ask somebody to act, these name a cause on the sender's side: Sender blocked \(3\)\./,
    );
  });

  it('tells of work that waits for a person and of parts that are switched off in one message, and of the end', async () => {
    const before = (await watched()).length;
    const queue = idOf(stack.endpoints.queues, /^Quarantine/);
    await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'a piece' }));
    const bucket = idOf(stack.endpoints.buckets, /^AlertFailures/);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'aws/lambda/1', Body: '{}' }));
    const mapping = stack.endpoints.resources.find(({ logicalId }) => logicalId.startsWith('DigestDigests'))!.ref;
    const turn = (Enabled: boolean) => lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping, Enabled }));
    await turn(false);
    await anHourLater();
    const began = (await watched()).slice(before);
    expect(began.map(({ subject }) => subject)).toEqual(['Mailtrail: 3 conditions']);
    expect(began[0]!.text).toContain('1 message waits in quarantine.\n');
    expect(began[0]!.text).toContain('1 object is in the failure bucket.\n');
    expect(began[0]!.text).toContain('The event source mapping digest is switched off.\n');
    await sqs.send(new PurgeQueueCommand({ QueueUrl: queue }));
    await eventually(() => turn(true));
    const ended = (await watched()).slice(before + 1);
    expect(ended.map(({ subject }) => subject)).toEqual(['Mailtrail: 2 conditions are over']);
    expect(ended[0]!.text).toContain('The quarantine is empty again.\n');
    expect(ended[0]!.text).toContain('The event source mapping digest is switched on again.\n');
  });

  it('tells of a daily digest that was not sent, and that it was sent after all', async () => {
    const before = (await watched()).length;
    const [hour, day] = [3_600_000, 24 * 3_600_000];
    const FunctionName = Object.keys(stack.endpoints.functions).find(name => name.startsWith('Daily'))!;
    const digestHour = Number(stack.endpoints.functions[FunctionName]!.environment.DIGEST_HOUR);
    await keepTimes({ [`DailyDigestMissing:${digestHour}`]: Date.now() - 3 * day });
    const began = (await watched()).slice(before);
    expect(began.map(({ subject }) => subject)).toEqual(['Mailtrail: the daily digest was not sent']);
    // It was due an hour ago or earlier.
    const due = Math.floor((Date.now() - (digestHour + 1) * hour) / day) * day + digestHour * hour;
    const Payload = JSON.stringify({ time: new Date(due).toISOString() });
    expect((await lambda.send(new InvokeCommand({ FunctionName, Payload }))).FunctionError).toBeUndefined();
    const ended = (await watched()).slice(before + 1);
    expect(ended.map(({ subject }) => subject)).toEqual(['Mailtrail: the daily digest was sent again']);
  });
});
