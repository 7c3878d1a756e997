/**
 * Sets off every alarm by a failure on a running stack, and shows that normal traffic sets off none. The stack is the
 * deployed one with one provider in use, but gives up sooner. The test moves the clock of metrics and alarms, so that
 * minutes take no time.
 */

import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { PurgeQueueCommand, SendMessageBatchCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createToken } from '../../infra/local/cli/token.ts';
import type { AlarmNow } from '../../infra/local/monitoring/monitoring.ts';
import { type RunningStack, runStack } from '../../infra/local/run-stack.ts';
import { awsJson } from '../../infra/local/services/aws-json.ts';
import type { AlarmName } from '../../infra/monitoring/alarm-table.ts';
import { createNewsStore, type NewsStore } from '../../shared/news/store.ts';
import { providers } from '../../shared/providers/registry.ts';
import { fixture } from '../fixtures/fixtures.ts';
import { reportToStack } from '../rigs/application.ts';
import { changedAssembly, sharedAssembly } from '../rigs/assembly.ts';
import { eventually } from '../rigs/eventually.ts';
import { type FaultProxy, startFaultProxy } from '../torture/fault-proxy.ts';
import { always } from '../torture/faults.ts';

const minute = 60_000;
const hour = 60 * minute;

/**
 * The clock of metrics and alarms: the machine's, and each leap from its second on. A record of the stream knows the
 * second of its creation alone.
 */
const leaps: { readonly at: number; readonly ahead: number }[] = [];
const clock = (at: number) => at + (leaps.findLast(leap => leap.at <= at)?.ahead ?? 0);

/** Lets time pass, with a sample before and after. */
async function pass(milliseconds: number): Promise<void> {
  await stack.monitoring.sample();
  const now = Math.floor(Date.now() / 1000) * 1000;
  leaps.push({ at: now, ahead: clock(now) - now + milliseconds });
  await stack.monitoring.sample();
}

/** Lets time pass until the clock is at this time. */
async function passTo(at: number): Promise<void> {
  await pass(Math.max(0, at - clock(Date.now())));
}

/** The start of the next minute by the clock. */
const nextMinute = () => Math.ceil(clock(Date.now()) / minute) * minute;

/** Lets time pass for messages and records that came before: none of them may be of this second. */
async function grow(milliseconds: number): Promise<void> {
  await delay(1_000);
  await pass(milliseconds);
}

const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-alarms-'));
const services = {
  ingestTable: ['Ingest', 'AWS_ENDPOINT_URL_DYNAMODB', 'dynamodb'],
  ingestQueues: ['Ingest', 'AWS_ENDPOINT_URL_SQS', 'sqs'],
  queryTable: ['Query', 'AWS_ENDPOINT_URL_DYNAMODB', 'dynamodb'],
  alertTopic: ['Alert', 'AWS_ENDPOINT_URL_SNS', 'sns'],
  digestTopic: ['Digest', 'AWS_ENDPOINT_URL_SNS', 'sns'],
  digestTable: ['Digest', 'AWS_ENDPOINT_URL_DYNAMODB', 'dynamodb'],
  changesBus: ['Changes', 'AWS_ENDPOINT_URL_EVENTBRIDGE', 'eventBridge'],
} as const;
type Service = keyof typeof services;
let proxies: Record<Service, FaultProxy>;
let stack: RunningStack;
let sqs: SQSClient;
let sns: SNSClient;
let lambda: LambdaClient;
let dynamodb: DynamoDBClient;
let news: NewsStore;
const faults: string[] = [];

/** The server of `eventsUrl`, with its answer to each event. */
let receiverStatus = 200;
let received = 0;
const receiver = createServer((request, response) => {
  received += 1;
  request.resume().once('end', () => response.writeHead(receiverStatus).end());
});

beforeAll(async () => {
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve));
  const started = await Promise.all(
    Object.keys(services).map(async name => {
      const proxy = await startFaultProxy({
        // The proxy stands for the table here, so that it also counts as DynamoDB does.
        onCall({ operation, body, fault }) {
          if (fault !== 'throttling') return;
          const { TableName } = JSON.parse(body.toString());
          const dimensions = { TableName, Operation: operation };
          stack.monitoring.measure({ namespace: 'AWS/DynamoDB', name: 'ThrottledRequests', dimensions, value: 1 });
        },
      });
      return [name, proxy] as const;
    }),
  );
  proxies = Object.fromEntries(started) as typeof proxies;
  const serviceEndpoints: Record<string, Record<string, string>> = {};
  for (const [name, [functionName, variable]] of Object.entries(services)) {
    serviceEndpoints[functionName] = {
      ...serviceEndpoints[functionName],
      [variable]: proxies[name as Service].endpoint,
    };
  }
  stack = await runStack({
    port: 0,
    dataDir,
    providers,
    assembly: givingUpSooner(await sharedAssembly()),
    maxVisibilityTimeoutSeconds: shortVisibilitySeconds,
    secondsBetweenDigests: 1,
    serviceEndpoints,
    metered: true,
    clock,
    onStep: () => {},
    onAnswer: () => {},
    onFault: line => faults.push(line),
    onInboxMessage: () => {},
  });
  for (const [name, [, , service]] of Object.entries(services)) {
    proxies[name as Service].leadTo(service === 'dynamodb' ? stack.meter!.endpoint : stack.endpoints[service]);
  }
  const { sqs: endpoint, region } = stack.endpoints;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  sqs = new SQSClient({ endpoint, region, credentials });
  sns = new SNSClient({ endpoint: stack.endpoints.sns, region, credentials });
  lambda = new LambdaClient({ endpoint: stack.endpoints.lambda, region, credentials });
  dynamodb = new DynamoDBClient({ endpoint: stack.endpoints.dynamodb, region, credentials });
  news = createNewsStore(DynamoDBDocumentClient.from(dynamodb), idOf(stack.endpoints.tables, /^Guards/));
});

afterAll(async () => {
  mend();
  await stack?.stop();
  for (const client of [sqs, sns, lambda, dynamodb]) client?.destroy();
  for (const proxy of Object.values(proxies)) await proxy.stop();
  receiver.close();
});

const deliveries = 5;
const shortVisibilitySeconds = 1;

/** The provider in use, whose news is to come within three hours. */
const inUse = 'sendgrid';

/** Low ceilings are soon near. */
const settings = {
  providers: inUse,
  expectNews: `${inUse}=60`,
  maxWriteUnits: 1,
  sesConcurrency: 2,
  ingestConcurrency: 5,
  events: true,
} as const;

/** The stack with these settings, whose queues give up sooner. */
function givingUpSooner(assembly: string): string {
  const eventsUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  return changedAssembly(assembly, join(dataDir, 'cdk.out'), { ...settings, eventsUrl }, (logicalId, Properties) => {
    // The account's limit takes too many calls.
    if ('RouteSettings' in Properties) {
      const limits = { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 1 };
      Object.assign(Properties.RouteSettings!, { 'ANY /webhooks/{provider}': limits });
    }
    // People's alerts are also received when they only wait for their turn.
    if ('RedrivePolicy' in Properties && !/^Digests/.test(logicalId)) {
      Object.assign(Properties.RedrivePolicy!, { maxReceiveCount: deliveries });
    }
    // The news of ten seconds makes one batch.
    if (logicalId.startsWith('ChangesStream')) Object.assign(Properties, { MaximumBatchingWindowInSeconds: 1 });
  });
}

const break_ = (...names: readonly Service[]) => ({
  by: (fault: Parameters<typeof always>[0]) => {
    isHanging ||= fault === 'hang';
    for (const name of names) proxies[name].plan(always(fault));
  },
});

let isHanging = false;

function mend(): void {
  isHanging = false;
  receiverStatus = 200;
  for (const proxy of Object.values(proxies)) proxy.plan(null);
}

let emails = 0;

/** The sending application reports one email, with a signature of its own or of somebody else. */
async function tell(
  status: string,
  { signedBy, occurredAt = Date.now() }: { readonly signedBy?: string; readonly occurredAt?: number } = {},
): Promise<number> {
  emails += 1;
  const messageId = `alarms-${emails}`;
  const report = {
    type: `email.${status}`,
    timestamp: new Date(occurredAt).toISOString(),
    data: { messageId, recipient: `${messageId}@example.com`, accountId: 'alarms' },
  };
  return reportToStack(stack.endpoints, messageId, report, signedBy);
}

const foreignKey = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

async function readList(token?: string): Promise<number> {
  const bearer = token ?? (await createToken(dataDir, { account: 'alarms' }));
  const headers = { authorization: `Bearer ${bearer}` };
  return (await fetch(`${stack.endpoints.url}/accounts/alarms/emails`, { headers })).status;
}

const times = <Result>(count: number, work: () => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, () => work()));

const idOf = (named: Readonly<Record<string, string>>, name: RegExp) =>
  Object.entries(named).find(([id]) => name.test(id))![1];

async function kill(functionName: RegExp): Promise<void> {
  const pids = (await (await fetch(`${stack.endpoints.url}/_local/processes`)).json()) as Record<string, number[]>;
  for (const [id, running] of Object.entries(pids)) {
    if (functionName.test(id)) for (const pid of running) process.kill(pid, 'SIGKILL');
  }
}

/** The function's process dies in the middle of its next call of a service. */
async function killedDuring(service: Service, functionName: RegExp, begin: () => Promise<unknown>): Promise<void> {
  break_(service).by('hang');
  const before = faults.length;
  const ended = begin();
  await eventually(() => expect(proxies[service].calls).toBeGreaterThan(0));
  // On a busy machine the call may be over before the process is.
  await eventually(async () => {
    await kill(functionName);
    expect(faults.slice(before).join('\n')).toContain('the process ended');
  });
  mend();
  await ended;
}

const alarmsNow = () => stack.monitoring.alarms();
const on = (alarms: readonly AlarmNow[]) => alarms.filter(({ state }) => state === 'ALARM').map(({ name }) => name);

/** Waits for a line in the log of a function that is newer than this call. */
async function logged(functionName: string, line: string): Promise<void> {
  const file = join(stack.endpoints.logsDir, `${functionName}.log`);
  const before = readFileSync(file, 'utf8').length;
  await eventually(() => expect(readFileSync(file, 'utf8').slice(before)).toContain(line));
}

/** The watch function's run of every five minutes. */
async function watch(): Promise<void> {
  const FunctionName = Object.keys(stack.endpoints.functions).find(name => name.startsWith('Watch'))!;
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload: '{}' }));
  expect(FunctionError).toBeUndefined();
}

interface Failure {
  readonly alarms: readonly AlarmName[];
  readonly failure: string;
  /** It happens once, and again after so many minutes. */
  readonly happens: (turn: number) => Promise<unknown>;
  /** Each turn begins with a minute, as the periods of alarms do. */
  readonly everyMinutes?: number;
  /** How often it happens until the alarm is on; once by default. */
  readonly times?: number;
  /** Removes what a person would remove. */
  readonly tidy?: () => Promise<unknown>;
}

/** A person has seen to the messages in these queues. */
async function purge(queues: RegExp): Promise<void> {
  for (const [id, QueueUrl] of Object.entries(stack.endpoints.queues)) {
    if (queues.test(id)) await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  }
}

/** Failures that do not disturb each other happen at once. */
const failures: readonly Failure[] = [
  {
    alarms: ['IngestErrors'],
    failure: 'the process of the ingest function dies at work, again after six minutes',
    happens: () => killedDuring('ingestTable', /^Ingest/, () => tell('delivered')),
    everyMinutes: 6,
    times: 2,
  },
  {
    alarms: ['IngestThrottles', 'IngestSlow'],
    failure: 'all processes of the ingest function wait for a hanging table and hanging queues',
    async happens() {
      break_('ingestTable', 'ingestQueues').by('hang');
      expect(await times(9, () => tell('delivered'))).toContain(503);
    },
    everyMinutes: 5,
    times: 3,
  },
  {
    alarms: ['WebhookThrottled'],
    failure: 'more calls than the gateway takes',
    async happens() {
      const setUp = () => fetch(`${stack.endpoints.url}/webhooks/app`);
      expect((await times(3, setUp)).map(({ status }) => status)).toContain(429);
    },
  },
  {
    alarms: ['WebhookUnavailable'],
    failure: 'table and queues fail, again after six minutes',
    async happens() {
      break_('ingestTable', 'ingestQueues').by('server error');
      expect(await tell('delivered')).toBe(429);
    },
    everyMinutes: 6,
    times: 2,
  },
  {
    alarms: ['EventsFailing', 'CanaryFailed'],
    failure: 'the table fails for a quarter of an hour',
    async happens(turn) {
      break_('ingestTable').by('server error');
      // The leg is the table, or ingest where a new process cannot read the canary's key.
      if (turn === 1) canaryRun = Promise.all([logged('watch', 'canary.failed'), watch()]);
      const failed = logged('ingest', 'queue.message-failed');
      expect(await tell('delivered')).toBe(200);
      await failed;
      if (turn === 3) await canaryRun;
    },
    everyMinutes: 5,
    times: 3,
  },
  {
    alarms: ['CanaryFailed'],
    failure: 'the watch function does not run any more',
    happens: () => pass(11 * minute),
  },
  {
    alarms: ['EventsLate'],
    failure: 'a hanging table keeps the queue of Amazon SES from being read for 16 minutes',
    async happens() {
      break_('ingestTable').by('hang');
      // As the deployed queue, it hides a message for longer than this test lasts. A message that comes back at once is
      // soon received so often that SQS leaves its age out.
      await sesEventsHiddenFor(60);
      await many(sesEventsQueue(), sesNotification());
      await eventually(() => expect(proxies.ingestTable.calls).toBeGreaterThan(0));
      await grow(16 * minute);
    },
    async tidy() {
      await sesEventsHiddenFor(shortVisibilitySeconds);
      await purge(/^SesEvents/);
    },
  },
  {
    alarms: ['TableThrottled'],
    failure: 'the table throttles for a quarter of an hour',
    async happens() {
      break_('ingestTable').by('throttling');
      await tell('delivered');
    },
    everyMinutes: 5,
    times: 3,
  },
  {
    alarms: ['NewsLate'],
    failure: 'events come an hour late for three quarters of an hour',
    happens: async () => expect(await tell('delivered', { occurredAt: Date.now() - hour })).toBe(200),
    everyMinutes: 15,
    times: 3,
  },
  {
    alarms: ['ApiErrors'],
    failure: 'the table fails for readers for a quarter of an hour',
    async happens() {
      break_('queryTable').by('server error');
      expect(await readList()).toBeGreaterThanOrEqual(500);
    },
    everyMinutes: 5,
    times: 3,
  },
  {
    alarms: ['TokensRefused'],
    failure: 'people come with tokens of another issuer for half an hour',
    async happens() {
      expect(await readList()).toBe(200);
      expect(new Set(await times(8, () => readList('e30.e30.e30')))).toEqual(new Set([401]));
    },
    everyMinutes: 15,
    times: 2,
  },
  {
    alarms: ['AlertsLate'],
    failure: "the machines' topic fails for 16 minutes while an email bounces",
    async happens() {
      break_('alertTopic').by('server error');
      await tell('hard_bounced');
      await eventually(() => expect(proxies.alertTopic.calls).toBeGreaterThan(0));
      // The reader waited a second for more, so that the record is older than this second.
      await pass(16 * minute);
    },
  },
  {
    alarms: ['AlertsLate'],
    failure: 'the table of guards hangs for 16 minutes while many emails bounce',
    async happens() {
      break_('digestTable').by('hang');
      const QueueUrl = idOf(stack.endpoints.queues, /^Digests(?!DeadLetters)/);
      await many(QueueUrl, 'not read');
      await grow(16 * minute);
    },
    tidy: () => purge(/^Digests/),
  },
  {
    alarms: ['DigestsFailing'],
    failure: "people's topic fails for a quarter of an hour in which emails bounce",
    async happens() {
      break_('digestTopic').by('server error');
      // The metric is made of this line.
      const failed = logged('digest', '"failed":1}');
      await nextTurn();
      await tell('hard_bounced');
      await failed;
    },
    everyMinutes: 5,
    times: 3,
  },
  {
    alarms: ['AlertsUndelivered'],
    failure: "eleven messages are published to support's topic within a second",
    async happens() {
      const TopicArn = idOf(stack.endpoints.topics, /^Support/);
      await times(11, () => sns.send(new PublishCommand({ TopicArn, Message: 'one of many' })));
    },
    tidy: () => fetch(`${stack.endpoints.url}/_local/inbox`, { method: 'POST' }),
  },
  {
    alarms: ['ChangesUnpublished'],
    failure: 'the bus fails for 16 minutes while an email bounces',
    async happens() {
      break_('changesBus').by('server error');
      await tell('hard_bounced');
      await eventually(() => expect(proxies.changesBus.calls).toBeGreaterThan(0));
      // The reader waited a second for more, so that the record is older than this second.
      await pass(16 * minute);
    },
  },
  {
    alarms: ['EventsUndelivered'],
    failure: 'the server of eventsUrl refuses an event',
    async happens() {
      receiverStatus = 400;
      await tell('delivered');
    },
  },
  {
    alarms: ['ThroughputNearCeiling'],
    failure: 'events take more than 70 % of the write units that the settings allow',
    async happens() {
      for (let batch = 0; batch < 12; batch += 1) await times(4, () => tell('delivered'));
    },
    everyMinutes: 1,
    times: 3,
  },
  {
    alarms: ['IngestConcurrencyNearCeiling'],
    failure: 'all executions that are set aside for callbacks wait for a hanging table and hanging queues',
    async happens() {
      break_('ingestTable', 'ingestQueues').by('hang');
      await times(settings.ingestConcurrency, () => tell('delivered'));
    },
    everyMinutes: 1,
    times: 3,
  },
  {
    alarms: ['WebhookRefused'],
    failure: 'three calls with a wrong signature',
    async happens() {
      const forge = () => fetch(`${stack.endpoints.url}/webhooks/${inUse}`, { method: 'POST', body: '[]' });
      expect((await times(3, forge)).map(({ status }) => status)).toEqual([401, 401, 401]);
    },
  },
  {
    alarms: ['Silence'],
    failure: 'the provider in use has reported nothing for four hours',
    async happens() {
      // The functions' clock cannot be moved: the news that they keep is dated back instead.
      await report(Date.now() - 4 * hour, { awaited: 20, answered: 20 });
      await watch();
    },
    tidy: () => report(Date.now(), { awaited: 20, answered: 20 }),
  },
];

let canaryRun: Promise<unknown> = Promise.resolve();

/** The stream told of so many emails of the provider in use, first seen at this time, and of news of some. */
function report(at: number, { awaited, answered }: { readonly awaited: number; readonly answered: number }) {
  return news.add({
    batchId: String(at),
    reports: answered > 0 ? [{ provider: inUse, at, lag: 0 }] : [],
    emails: [{ provider: inUse, seenAt: at, awaited, answered, at }],
  });
}

/** Nobody waits for the digest function's pace. */
async function nextTurn(): Promise<void> {
  const TableName = idOf(stack.endpoints.tables, /^Guards/);
  const Key = { guardKey: { S: 'pace:digest' } };
  await awsJson(stack.endpoints.dynamodb, 'DynamoDB_20120810.DeleteItem', { TableName, Key });
}

interface Letter {
  readonly topicArn: string;
  readonly text: string;
  readonly letters: readonly { readonly unsubscribeUrl: string }[];
  readonly missedBy: readonly string[];
}

async function inbox(): Promise<readonly Letter[]> {
  const headers = { accept: 'application/json' };
  const answer = await fetch(`${stack.endpoints.url}/_local/inbox`, { headers });
  return ((await answer.json()) as { messages: readonly Letter[] }).messages;
}

async function supportInbox(): Promise<readonly Letter[]> {
  const support = idOf(stack.endpoints.topics, /^Support/);
  return (await inbox()).filter(({ topicArn }) => topicArn === support);
}

/** The last letter to support; one is written if there is none yet. */
async function lastLetter(): Promise<Letter> {
  if ((await supportInbox()).length === 0) await tell('hard_bounced');
  return eventually(async () => {
    const last = (await supportInbox()).at(-1);
    expect(last?.letters).not.toEqual([]);
    return last!;
  });
}

/** More messages than the function takes at once. */
async function many(QueueUrl: string, MessageBody: string): Promise<void> {
  for (let batch = 0; batch < 12; batch += 1) {
    const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: String(index), MessageBody }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
}

/** An event of Amazon SES of this moment, as its topic hands it to the queue. */
function sesNotification(): string {
  const Timestamp = new Date().toISOString();
  const Message = fixture('ses', 'Delivery')
    .toString()
    .replaceAll(/2026-01-02T12:00:00\.\d{3}Z/g, Timestamp);
  return JSON.stringify({ Type: 'Notification', MessageId: 'of-alarms', Message, Timestamp });
}

const sesEventsQueue = () => idOf(stack.endpoints.queues, /^SesEventsQueue(?!DeadLetters)/);

/** Sets the visibility timeout of the queue of Amazon SES. */
async function sesEventsHiddenFor(seconds: number): Promise<void> {
  const Attributes = { VisibilityTimeout: String(seconds) };
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: sesEventsQueue(), Attributes }));
}

/** A composite alarm goes off with its members. */
const composites = ['CallsNotRecorded', 'NotTold', 'NearCeiling'] as const;

describe('a stack with normal traffic', () => {
  it('sets off no alarm', async () => {
    for (let quarter = 0; quarter < 3; quarter += 1) {
      expect(await tell('delivered')).toBe(200);
      expect(await tell('opened')).toBe(200);
      expect(await readList()).toBe(200);
      // Strangers, and somebody whose session is over.
      expect(await tell('delivered', { signedBy: foreignKey })).toBe(401);
      expect((await fetch(`${stack.endpoints.url}/wp-login.php`)).status).toBe(404);
      expect(await readList('e30.e30.e30')).toBe(401);
      // A record that waits while the clock leaps would be as old as the leap.
      await eventually(() => expect(received).toBeGreaterThanOrEqual(2 * (quarter + 1)));
      await pass(quarter === 0 ? 5 * minute : 61 * minute);
      await watch();
      expect(on(await alarmsNow())).toEqual([]);
    }
    expect(await tell('hard_bounced')).toBe(200);
    await lastLetter();
    expect(on(await alarmsNow())).toEqual([]);
  });

  it('has a failure for every alarm of the template, and no other alarm', async () => {
    const names = (await alarmsNow()).map(({ name }) => name);
    const setOff = new Set(failures.flatMap(({ alarms }) => alarms));
    expect(names.toSorted()).toEqual([...setOff, ...composites].toSorted());
  });

  it('shows its alarms on a page and as JSON', async () => {
    const page = (path: string, accept: string) => fetch(`${stack.endpoints.url}${path}`, { headers: { accept } });
    const { alarms } = (await (await page('/_local/alarms', 'application/json')).json()) as { alarms: AlarmNow[] };
    const shown = ({ name, state, mails }: AlarmNow) => ({ name, state, mails });
    expect(alarms.map(shown)).toEqual((await stack.monitoring.alarms()).map(shown));
    expect(await (await page('/_local/alarms', 'text/html')).text()).toContain('No alarm is on.');
    expect(await (await page('/_local/health', 'application/json')).json()).toMatchObject({ alarms: [] });
  });
});

describe('an alarm goes off, and ends once the failure is over', () => {
  afterEach(async () => {
    mend();
    await purge(/./);
  });

  it.each(failures.map(failure => ({ names: failure.alarms.join(', '), ...failure })))(
    '$names: $failure',
    async ({ alarms: names, happens, everyMinutes = 5, times = 1, tidy }) => {
      for (const name of names) expect(on(await alarmsNow())).not.toContain(name);
      const begin = nextMinute();
      for (let turn = 0; turn < times; turn += 1) {
        await passTo(begin + turn * everyMinutes * minute);
        await happens(turn + 1);
      }
      const alarms = await eventually(async () => {
        const now = await alarmsNow();
        const points = now.filter(({ name }) => names.some(one => one === name)).map(one => [one.name, one.points]);
        expect(on(now), `the newest values are ${JSON.stringify(points)}`).toEqual(expect.arrayContaining([...names]));
        return now;
      });
      // Each alarm sends an email, or a composite alarm does that is on by now.
      const mailing = alarms.filter(({ mails, state }) => mails && state === 'ALARM').map(one => one.name);
      for (const name of names) {
        if (alarms.find(one => one.name === name)!.mails) expect(mailing).toContain(name);
        else expect(composites.some(composite => mailing.includes(composite))).toBe(true);
      }

      // Else a call would hang on until its function gives up.
      const wereHanging = isHanging;
      mend();
      if (wereHanging) await kill(/^(Ingest|Digest)/);
      await tidy?.();
      // All that waited is worked off, and then grows old.
      await eventually(async () => {
        await purge(/^Quarantine|DeadLetters/);
        await pass(25 * hour);
        const withoutRun = ['CallsNotRecorded', 'CanaryFailed', 'Silence'];
        expect(on(await alarmsNow()).filter(name => !withoutRun.includes(name))).toEqual([]);
        await watch();
        expect(on(await alarmsNow())).toEqual([]);
      });
    },
  );
});
