/** `npm run doctor` on a running stack: each fault is made for real, found and named. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import {
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { PurgeQueueCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningStack, runStack } from '../../infra/local/run-stack.ts';
import { awsJson } from '../../infra/local/services/aws-json.ts';
import { type LoopbackServer, startLoopbackServer } from '../../infra/local/services/loopback-server.ts';
import { examine } from '../../infra/tools/doctor/examine.ts';
import { functionsOf } from '../../infra/tools/doctor/functions.ts';
import { type Installation, localInstallation } from '../../infra/tools/doctor/installation.ts';
import { reportOf } from '../../infra/tools/doctor/report.ts';
import { eventSource } from '../../shared/events/publish.ts';
import { providers } from '../../shared/providers/registry.ts';
import { messageCount } from '../../shared/queues/message-count.ts';
import { metricService, watchMetricNames } from '../../shared/runtime/metric-names.ts';
import { day } from '../../shared/runtime/time.ts';
import { changedAssembly, sharedAssembly } from '../rigs/assembly.ts';
import { eventually } from '../rigs/eventually.ts';
import { runScript } from '../rigs/script.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-doctor-'));
const listed = 'sendgrid,app';
/** Milliseconds by which the metrics' clock is ahead. */
let ahead = 0;
let stack: RunningStack;
let well: Installation;
const servers: LoopbackServer[] = [];

/** Runs the canary, and judges silence. */
async function watch(): Promise<void> {
  const FunctionName = functionsOf(well).get('Watch');
  const { FunctionError } = await well.clients.lambda.send(new InvokeCommand({ FunctionName }));
  expect(FunctionError).toBeUndefined();
}

const confirm = () => fetch(`${stack.endpoints.url}/_local/inbox?authenticateOnUnsubscribe=true`, { method: 'POST' });

beforeAll(async () => {
  const refusing = await startLoopbackServer(async () => ({ status: 404, contentType: 'text/plain', body: '' }));
  servers.push(refusing);
  const settings = { providers: listed, events: true, eventsUrl: refusing.endpoint };
  stack = await runStack({
    port: 0,
    dataDir,
    providers,
    assembly: changedAssembly(await sharedAssembly(), join(dataDir, 'cdk.out'), settings),
    clock: at => at + ahead,
    onStep: () => {},
    onAnswer: () => {},
    onFault: () => {},
    onInboxMessage: () => {},
  });
  well = localInstallation(stack.endpoints);
  await watch();
});
afterAll(async () => {
  for (const server of servers) server.stop();
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** The findings, each as `check: wrong`. */
async function findings(installation: Installation = well): Promise<readonly string[]> {
  const examined = await examine(installation, Date.now());
  return examined.flatMap(({ check, findings }) => findings.map(({ wrong }) => `${check}: ${wrong}`));
}

const run = (directory: string, ...args: readonly string[]) =>
  runScript('infra/tools/doctor/doctor.ts', args, { DATA_DIR: directory });

describe('npm run doctor on a healthy stack', () => {
  it('has no finding', async () => {
    expect(await findings()).toEqual([]);
  });

  it('raises no alarm by its own calls, however often it runs', async () => {
    for (let times = 0; times < 4; times += 1) expect(await findings()).toEqual([]);
    const examined = await examine(well);
    expect(examined.find(({ check }) => check === 'webhooks')!.note).toMatch(/^2 not called, since a refused call/);
  });

  it('looks at every queue, bucket, table and function of the stack', async () => {
    const installation = localInstallation(stack.endpoints);
    const named = new Set<string>();
    const note = (value: unknown): void => {
      if (typeof value === 'string') named.add(value.split(/[:/]/).at(-1)!);
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(note);
    };
    for (const { middlewareStack } of Object.values(installation.clients) as readonly SQSClient[]) {
      const noting = (next: (args: { input: object }) => unknown) => (args: { input: object }) => {
        note(args.input);
        return next(args);
      };
      middlewareStack.add(noting as never, { step: 'initialize' });
    }
    await examine(installation);
    const types = ['AWS::SQS::Queue', 'AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::Lambda::Function'];
    const looked = installation.resources.filter(({ type }) => types.includes(type));
    expect(new Set(looked.map(({ type }) => type)).size).toBe(types.length);
    expect(looked.filter(({ ref }) => !named.has(ref.split('/').at(-1)!)).map(({ logicalId }) => logicalId)).toEqual(
      [],
    );
  });

  it('prints each check, and ends with 0', async () => {
    const { code, stdout, stderr } = await run(dataDir);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^API +ok$/m);
    expect(stdout).toMatch(/^0 findings\.$/m);
  });
});

const sendTo = (output: string) => ({
  make: () =>
    well.clients.sqs.send(new SendMessageCommand({ QueueUrl: well.outputs[output]!, MessageBody: '{"none":true}' })),
  mend: () => well.clients.sqs.send(new PurgeQueueCommand({ QueueUrl: well.outputs[output]! })),
});

const secretsText = () => readFileSync(stack.endpoints.webhookSecretsFile, 'utf8');
let secretsBefore = '';
const secrets = (change: (entries: Record<string, unknown>) => unknown) => ({
  make() {
    secretsBefore = secretsText();
    const entries = JSON.parse(secretsBefore);
    const changed = change(entries);
    writeFileSync(stack.endpoints.webhookSecretsFile, typeof changed === 'string' ? changed : JSON.stringify(entries));
  },
  mend: () => writeFileSync(stack.endpoints.webhookSecretsFile, secretsBefore),
});

const support = () => well.outputs.SupportTopicArn!;
const subscriptionArn = async () => {
  const { Subscriptions } = await well.clients.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: support() }));
  return Subscriptions![0]!.SubscriptionArn!;
};
const mappings = async () =>
  (await well.clients.lambda.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings!;
const turn = async (Enabled: boolean) => {
  const { UUID } = (await mappings()).find(({ EventSourceArn }) => EventSourceArn!.includes('/stream/'))!;
  await well.clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID: UUID!, Enabled }));
  const wanted = Enabled ? 'Enabled' : 'Disabled';
  await eventually(async () => expect((await mappings()).find(one => one.UUID === UUID)!.State).toBe(wanted));
};
const metric = (name: string, value: number) => {
  const { METRICS_NAMESPACE: namespace = '' } = Object.entries(stack.endpoints.functions).find(([id]) =>
    id.startsWith('Watch'),
  )![1].environment;
  stack.monitoring.measure({ namespace, name, dimensions: { service: metricService }, value });
};
const guards = () => Object.entries(stack.endpoints.tables).find(([id]) => id.startsWith('Guards'))![1];
const news = (item: object) =>
  DynamoDBDocumentClient.from(well.clients.dynamoDb).send(
    new PutCommand({ TableName: guards(), Item: { guardKey: 'news:sendgrid', ...item } }),
  );
const expires = (Enabled: boolean) =>
  well.clients.dynamoDb.send(
    new UpdateTimeToLiveCommand({
      TableName: stack.endpoints.tableName,
      TimeToLiveSpecification: { Enabled, AttributeName: 'expiresAt' },
    }),
  );
/** A new day of metrics, with a canary that came back. */
const newDay = async () => {
  ahead += day;
  await watch();
};
const bucket = () => ({ Bucket: well.outputs.AlertFailuresBucketName!, Key: 'aws/lambda/failed' });

interface Fault {
  readonly finding: RegExp;
  readonly make: () => unknown;
  readonly mend: () => unknown;
}

const faults: Readonly<Record<string, Fault>> = {
  'a provider in use without a secret': {
    finding: /^secrets: SendGrid is in use and has no webhook secret\.$/,
    ...secrets(entries => delete entries.sendgrid),
  },
  'webhook secrets that are no JSON': {
    finding: /^secrets: The webhook secrets cannot be read: they must be a JSON object/,
    ...secrets(() => '{"sendgrid": ['),
  },
  'a secret that can verify nothing': {
    finding: /^secrets: SendGrid's secret 1 is no P-256 public key\.$/,
    ...secrets(entries => Object.assign(entries, { sendgrid: ['c2VjcmV0'] })),
  },
  'an entry of another shape': {
    finding: /^secrets: The webhook secrets cannot be used: sendgrid: must be a list of secrets/,
    ...secrets(entries => Object.assign(entries, { sendgrid: [7] })),
  },
  'a misspelt provider': {
    finding: /^secrets: The webhook secrets name an unknown provider: sendgird, perhaps sendgrid is meant\.$/,
    ...secrets(entries => Object.assign(entries, { sendgird: ['x'] })),
  },
  'a mapping that is switched off': {
    finding: /^mappings: The mapping from the stream of the table \w+ to \w+ is Disabled\.$/,
    make: () => turn(false),
    mend: () => turn(true),
  },
  'a reader of the stream that is behind': {
    finding: /^mappings: Alert\w* is 60 minutes behind the stream of the table/,
    make: () =>
      stack.monitoring.measure({
        namespace: 'AWS/Lambda',
        name: 'IteratorAge',
        dimensions: { FunctionName: functionsOf(well).get('Alert')! },
        value: 3_600_000,
      }),
    mend: newDay,
  },
  'a message in quarantine': { finding: /^queues: 1 message in quarantine\.$/, ...sendTo('QuarantineQueueUrl') },
  'a dead letter of the retry queue': {
    finding: /^queues: 1 message among the dead letters of the retry queue\.$/,
    ...sendTo('RetryDeadLettersQueueUrl'),
  },
  'a dead letter of Amazon SES': {
    finding: /^queues: 1 message among the dead letters of Amazon SES\.$/,
    ...sendTo('SesDeadLettersQueueUrl'),
  },
  'a dead letter of the digests': {
    finding: /^queues: 1 message among the dead letters of the digests\.$/,
    ...sendTo('DigestDeadLettersQueueUrl'),
  },
  'an event that eventsUrl refused': {
    finding: /^queues: 1 message among the dead letters of eventsUrl\.$/,
    make: async () => {
      const { EventBusName, EventsDeadLettersQueueUrl } = well.outputs;
      const entry = { EventBusName, Source: eventSource, DetailType: 'Any', Detail: '{}' };
      await awsJson(stack.endpoints.eventBridge, 'AWSEvents.PutEvents', { Entries: [entry] });
      await eventually(async () => expect(await messageCount(well.clients.sqs, EventsDeadLettersQueueUrl!)).toBe(1));
    },
    mend: async () => {
      await sendTo('EventsDeadLettersQueueUrl').mend();
      await newDay();
    },
  },
  'records that were given up': {
    finding: /^failure bucket: 1 object in the failure bucket, e\.g\. aws\/lambda\/failed\.$/,
    make: () => well.clients.s3.send(new PutObjectCommand({ ...bucket(), Body: '{}' })),
    mend: () => well.clients.s3.send(new DeleteObjectCommand(bucket())),
  },
  "nobody at support's topic": {
    finding: /^subscriptions: Support's topic has no subscription\.$/,
    make: async () => well.clients.sns.send(new UnsubscribeCommand({ SubscriptionArn: await subscriptionArn() })),
    mend: confirm,
  },
  'a subscription that nobody confirmed': {
    finding: /^subscriptions: A subscription \(email\) of support's topic is not confirmed\.$/,
    make: () =>
      well.clients.sns.send(
        new SubscribeCommand({ TopicArn: support(), Protocol: 'email', Endpoint: 'new@example.com' }),
      ),
    mend: confirm,
  },
  'a subscription that a link can end': {
    finding: /^subscriptions: A link in each message can end the subscription \(email\) of support's topic\.$/,
    make: () => fetch(`${stack.endpoints.url}/_local/inbox`, { method: 'POST' }),
    mend: confirm,
  },
  'a burst that suspends a subscription': {
    finding: /^subscriptions: \d+ messages of support's topic were not delivered within the last 3 hours\.$/,
    make: async () => {
      const message = () => well.clients.sns.send(new PublishCommand({ TopicArn: support(), Message: 'hello' }));
      await Promise.all(Array.from({ length: 40 }, message));
    },
    mend: async () => {
      await confirm();
      await newDay();
    },
  },
  'a canary that does not come back': {
    finding: /^canary: The canary did not come back on its last run\.$/,
    make: () => metric(watchMetricNames.canaryFailed, 1),
    mend: newDay,
  },
  'an alarm': {
    finding: /^alarms: The alarm CallsNotRecorded is raised since .* UTC, by .*CanaryFailed/,
    make: () => {
      for (let period = 0; period < 6; period += 1) {
        metric(watchMetricNames.canaryFailed, 1);
        ahead += 5 * 60_000;
      }
    },
    mend: newDay,
  },
  'a canary that has never run': {
    finding: /^canary: The canary has not run for 15 minutes\.$/,
    make: async () => {
      // The line of the last run counts when it is read.
      await stack.monitoring.sample();
      ahead += day;
    },
    mend: watch,
  },
  'a provider in use that is silent': {
    finding: /^silence: SendGrid has been silent since .* UTC\.$/,
    make: async () => {
      await news({ firstEventAt: Date.now() - 30 * day, lastEventAt: Date.now() - 8 * day });
      await watch();
    },
    mend: async () => {
      await news({ firstEventAt: Date.now(), lastEventAt: Date.now() });
      await watch();
    },
  },
  'a table that keeps expired items': {
    finding: /^table: The table \w+ does not expire items by expiresAt\.$/,
    make: () => expires(false),
    mend: () => expires(true),
  },
};

describe('npm run doctor finds', () => {
  it.each(Object.entries(faults))('%s', async (_, { finding, make, mend }) => {
    await make();
    try {
      expect(await findings()).toEqual(expect.arrayContaining([expect.stringMatching(finding)]));
    } finally {
      await mend();
    }
  });

  it('nothing more once all is mended', async () => {
    await newDay();
    expect(await findings()).toEqual([]);
  });

  it('a webhook that accepts a call without a signature, by a server in front', async () => {
    const server = await startLoopbackServer(async () => ({ status: 200, contentType: 'text/plain', body: 'ok' }));
    servers.push(server);
    expect(await findings({ ...well, url: server.endpoint })).toEqual([
      'webhooks: The webhook of SendGrid accepts a call without a signature (200).',
      expect.stringMatching(/^webhooks: The webhook of .* accepts a call without a signature \(200\)\.$/),
    ]);
  });

  it('an API that does not answer, once', async () => {
    const server = await startLoopbackServer(async () => ({ status: 200, contentType: 'text/plain', body: '' }));
    server.stop();
    expect(await findings({ ...well, url: server.endpoint })).toEqual([
      expect.stringMatching(/^API: The API does not answer: .*ECONNREFUSED/),
    ]);
  });

  it('a secret that does not exist', async () => {
    const outputs = { ...well.outputs, WebhookSecretsArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:none' };
    expect(await findings({ ...well, outputs })).toEqual([
      'secrets: The secret with the webhook secrets does not exist.',
    ]);
  });

  /** Lambda with other environment variables of one function. */
  async function configured(start: string, variables: Readonly<Record<string, string>>): Promise<Installation> {
    const server = await startLoopbackServer(async ({ url = '' }) => {
      const answer = await fetch(`${stack.endpoints.lambda}${url}`);
      const output = (await answer.json()) as { Environment: { Variables: Record<string, string> } };
      if (url.includes(`/functions/${start}`)) Object.assign(output.Environment.Variables, variables);
      return { status: answer.status, contentType: 'application/json', body: JSON.stringify(output) };
    });
    servers.push(server);
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const lambda = new LambdaClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });
    return { ...well, clients: { ...well.clients, lambda } };
  }

  it('an issuer of another name', async () => {
    const issuer = `${stack.endpoints.url}/_local/other`;
    expect(await findings(await configured('Ui', { OIDC_ISSUER: issuer }))).toEqual([
      expect.stringMatching(/^issuer: The issuer is unusable: .*answers 404/),
    ]);
  });

  it('a setting that a function cannot read, and functions that do not agree', async () => {
    const found = await findings(await configured('Ingest', { RETENTION_DAYS: 'long' }));
    expect(found).toEqual([
      'settings: The ingest function has a setting that this version cannot read: RETENTION_DAYS.',
      expect.stringMatching(/^settings: The functions do not agree about RETENTION_DAYS: /),
    ]);
  });

  it('a permission that is missing, as a finding of that check alone', async () => {
    const message = 'User: arn:aws:iam::1:user/one is not authorized to perform: SNS:ListSubscriptionsByTopic';
    const server = await startLoopbackServer(async () => ({
      status: 403,
      contentType: 'text/xml',
      body: `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>${message}</Message></Error></ErrorResponse>`,
    }));
    servers.push(server);
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const sns = new SNSClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });
    expect(await findings({ ...well, clients: { ...well.clients, sns } })).toEqual([
      'subscriptions: This check was not made: the permission SNS:ListSubscriptionsByTopic is missing.',
    ]);
  });

  it('an index that is missing, or a table that is', async () => {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const server = await startLoopbackServer(async ({ headers }, body) => {
      const answer = await fetch(stack.endpoints.dynamodb, {
        method: 'POST',
        headers: Object.fromEntries(
          ['content-type', 'x-amz-target', 'x-amz-date', 'authorization'].map(name => [name, String(headers[name])]),
        ),
        body,
      });
      const output = (await answer.json()) as { Table?: { GlobalSecondaryIndexes?: object[] } };
      output.Table?.GlobalSecondaryIndexes?.shift();
      return { status: answer.status, contentType: 'application/x-amz-json-1.0', body: JSON.stringify(output) };
    });
    servers.push(server);
    const dynamoDb = new DynamoDBClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });
    expect(await findings({ ...well, clients: { ...well.clients, dynamoDb } })).toEqual([
      expect.stringMatching(/^table: The index by\w+ of the table \w+ is missing\.$/),
    ]);
  });
});

describe('the report of npm run doctor', () => {
  it('has a line for each check, and impact and remedy of each finding', () => {
    const finding = { wrong: 'One is off.', impact: 'Nobody reads.', remedy: 'Switch it on.' };
    expect(
      reportOf([
        { check: 'mappings', findings: [finding], note: null },
        { check: 'API', findings: [], note: 'half' },
      ]),
    ).toBe(
      [
        'check     result\nmappings  1 finding\nAPI       ok; half',
        '1 finding:',
        '1. mappings: One is off.\n   Impact: Nobody reads.\n   To do:  Switch it on.',
      ].join('\n\n'),
    );
  });

  it('ends with 1 with findings, as JSON for scripts', async () => {
    const { make, mend } = faults['a message in quarantine']!;
    await make();
    const { code, stdout } = await run(dataDir, '--json');
    await mend();
    expect(code).toBe(1);
    const found = JSON.parse(stdout).find(({ check }: { check: string }) => check === 'queues');
    expect(found.findings[0]).toMatchObject({
      wrong: '1 message in quarantine.',
      remedy: expect.stringMatching(/replay/),
    });
  });

  it('ends with 2 where no stack was started, and says so in one line', async () => {
    const { code, stdout, stderr } = await run(join(dataDir, 'none'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining('Mailtrail was not started yet')]);
  });
});
