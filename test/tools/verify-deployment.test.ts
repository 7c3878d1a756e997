import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LoopbackServer, startLoopbackServer } from '../../infra/local/services/loopback-server.ts';
import { awsChecks } from '../../infra/tools/verify-deployment/aws-checks.ts';
import { type Check, httpChecks } from '../../infra/tools/verify-deployment/http-checks.ts';
import { awsTarget, type Target } from '../../infra/tools/verify-deployment/target.ts';
import { runScript } from '../rigs/script.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

const run = (script: string, args: readonly string[], dataDir: string) =>
  runScript(script, args, { DATA_DIR: dataDir });

describe('the check of a deployment', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-verify-'));
  let stack: StartedStack;
  beforeAll(async () => {
    stack = await startStack({ dataDir });
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('passes on this machine, says what only AWS shows, and ends with 0', async () => {
    const token = await run('infra/local/cli/token.ts', ['--support'], dataDir);
    const args = ['--quarantine', '--token', token.stdout.trim()];
    const { code, stdout, stderr } = await run('infra/tools/verify-deployment/verify-deployment.ts', args, dataDir);
    expect({ code, stderr, failed: stdout.split('\n').filter(line => / fail /.test(line)) }).toEqual({
      code: 0,
      stderr: '',
      failed: [],
    });
    const resultOf = (name: string) =>
      new RegExp(`^${name} +(pass|fail|not shown) `, 'm').exec(stdout)?.[1] ?? `no line: ${stdout}`;
    for (const name of Object.keys(httpChecks)) expect(resultOf(name), name).toBe('pass');
    for (const name of Object.keys(awsChecks)) expect(resultOf(name), name).toBe('not shown');
  });

  it('leaves nothing but the one message that it was allowed to leave', async () => {
    const { stdout } = await run(
      'infra/tools/replay/replay.ts',
      ['--queue', 'quarantine', '--dry-run', '--show'],
      dataDir,
    );
    expect(stdout).toMatch(/^Quarantine: (?:about )?1 message\.$/m);
    expect(stdout).toMatch(/^app +not_utf8 +1 +1$/m);
  });
});

describe('the check of a deployment that does not behave, by a server that answers everything alike,', () => {
  let server: LoopbackServer;
  let target: Target;
  beforeAll(async () => {
    server = await startLoopbackServer(async () => ({ status: 200, contentType: 'text/plain', body: 'hello' }));
    target = { url: server.endpoint, outputs: {}, secrets: new SecretsManagerClient({ region: 'none' }), aws: null };
  });
  afterAll(() => server?.stop());

  it.each([
    'public routes',
    'an encoded slash ends a path',
    'no token',
    'a forged token',
    'an unproven callback',
  ] as const)('fails: %s', async name => {
    const { result, says } = await (httpChecks[name] as Check)(target, { quarantine: false, burst: false });
    expect(result).toBe('fail');
    expect(says).toContain('got 200 "hello"');
  });

  it('shows no bytes and no token that it was not given', async () => {
    for (const name of ['bytes of a body', 'a genuine token'] as const)
      expect((await (httpChecks[name] as Check)(target, { quarantine: false, burst: false })).says, name).toMatch(
        /^give --/,
      );
  });
});

describe('the check of a stack in AWS', () => {
  const nothing = { quarantine: false, burst: false };
  const topic = 'arn:aws:sns:eu-west-1:123456789012:Support';
  const subscription = `${topic}:11111111-2222-3333-4444-555555555555`;
  const stream = 'arn:aws:dynamodb:eu-west-1:123456789012:table/Emails/stream/2026-11-28T08:00:00.000';
  let mappings: readonly object[] = [];
  let subscriptions: readonly { readonly arn: string; readonly authenticated: boolean }[] = [];
  const servers: LoopbackServer[] = [];

  beforeAll(async () => {
    servers.push(
      await startLoopbackServer(async request => {
        expect(request.url).toMatch(/^\/2015-03-31\/event-source-mappings\/?\?FunctionName=ingest$/);
        return {
          status: 200,
          contentType: 'application/json',
          body: JSON.stringify({ EventSourceMappings: mappings }),
        };
      }),
      await startLoopbackServer(async (_, body) => {
        const asked = new URLSearchParams(body);
        const action = asked.get('Action');
        const xml =
          action === 'ListSubscriptionsByTopic'
            ? subscriptions.map(
                ({ arn }) =>
                  `<member><TopicArn>${topic}</TopicArn><Protocol>email</Protocol><SubscriptionArn>${arn}</SubscriptionArn></member>`,
              )
            : subscriptions
                .filter(({ arn }) => arn === asked.get('SubscriptionArn'))
                .map(
                  ({ authenticated }) =>
                    `<entry><key>ConfirmationWasAuthenticated</key><value>${authenticated}</value></entry>`,
                );
        const name = action === 'ListSubscriptionsByTopic' ? 'Subscriptions' : 'Attributes';
        return {
          status: 200,
          contentType: 'text/xml',
          body: `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${action}Result><${name}>${xml.join('')}</${name}></${action}Result></${action}Response>`,
        };
      }),
    );
  });
  afterAll(() => {
    for (const server of servers) server.stop();
  });
  beforeEach(() => {
    const [lambda, sns] = servers;
    const environment = {
      AWS_ENDPOINT_URL_LAMBDA: lambda!.endpoint,
      AWS_ENDPOINT_URL_SNS: sns!.endpoint,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_REGION: 'eu-west-1',
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  });
  afterEach(() => {
    mappings = [];
    subscriptions = [];
  });

  const target = (): Target => ({
    url: 'https://mail.example.com',
    outputs: { SupportTopicArn: topic },
    secrets: new SecretsManagerClient({ region: 'eu-west-1' }),
    aws: {
      region: 'eu-west-1',
      resources: [
        { type: 'AWS::Lambda::Function', logicalId: 'Ingest', ref: 'ingest', isKept: false },
        { type: 'AWS::DynamoDB::Table', logicalId: 'Emails', ref: 'Mailtrail-Emails', isKept: true },
      ],
    },
  });
  const check = (name: keyof typeof awsChecks) => awsChecks[name](target(), nothing);

  it('is found by its name, with the outputs, the resources, and those that cdk destroy leaves', async () => {
    const answerOf: Readonly<Record<string, string>> = {
      DescribeStacks:
        '<Stacks><member><StackName>Mailtrail</StackName><CreationTime>2026-01-02T12:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs><member><OutputKey>ApiUrl</OutputKey><OutputValue>https://mail.example.com</OutputValue></member></Outputs></member></Stacks>',
      GetTemplate: `<TemplateBody>${JSON.stringify({
        Resources: { Emails: { DeletionPolicy: 'Retain' }, Guards: { DeletionPolicy: 'Delete' } },
      })}</TemplateBody>`,
      ListStackResources: `<StackResourceSummaries>${['Emails', 'Guards']
        .map(
          id =>
            `<member><LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>table-${id}</PhysicalResourceId><ResourceType>AWS::DynamoDB::Table</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus><LastUpdatedTimestamp>2026-01-02T12:00:00Z</LastUpdatedTimestamp></member>`,
        )
        .join('')}</StackResourceSummaries>`,
    };
    const cloudFormation = await startLoopbackServer(async (_, body) => {
      const action = new URLSearchParams(body).get('Action') ?? '';
      return {
        status: 200,
        contentType: 'text/xml',
        body: `<${action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><${action}Result>${answerOf[action]}</${action}Result></${action}Response>`,
      };
    });
    servers.push(cloudFormation);
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDFORMATION', cloudFormation.endpoint);
    const found = await awsTarget('Mailtrail');
    expect(found.url).toBe('https://mail.example.com');
    expect(found.aws).toEqual({
      region: 'eu-west-1',
      resources: [
        { type: 'AWS::DynamoDB::Table', logicalId: 'Emails', ref: 'table-Emails', isKept: true },
        { type: 'AWS::DynamoDB::Table', logicalId: 'Guards', ref: 'table-Guards', isKept: false },
      ],
    });
  });

  it('fails where a mapping is off, so that nobody reads a queue', async () => {
    mappings = [
      { EventSourceArn: stream, State: 'Enabled', DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::b' } } },
    ];
    expect(await check('event source mappings')).toMatchObject({ result: 'pass' });
    expect(await check('failure destination')).toMatchObject({ result: 'pass' });
    mappings = [{ EventSourceArn: stream, State: 'Disabled' }];
    expect(await check('event source mappings')).toEqual({ result: 'fail', says: `${stream} is Disabled` });
    expect(await check('failure destination')).toMatchObject({ result: 'fail' });
  });

  it('fails where nobody is subscribed, a subscription waits, or a link in a message would end it', async () => {
    expect((await check('subscriptions')).says).toBe('SupportTopicArn has no subscription');
    subscriptions = [{ arn: 'PendingConfirmation', authenticated: false }];
    expect((await check('subscriptions')).says).toContain('is not confirmed');
    subscriptions = [{ arn: subscription, authenticated: false }];
    expect((await check('subscriptions')).says).toContain('a link in each message can end the subscription');
    subscriptions = [{ arn: subscription, authenticated: true }];
    expect(await check('subscriptions')).toMatchObject({ result: 'pass' });
  });

  it('names what stays after cdk destroy, and publishes no burst unless it may', async () => {
    expect(await check('left by cdk destroy')).toEqual({ result: 'pass', says: 'Mailtrail-Emails' });
    expect(await check('alarms in a burst')).toMatchObject({ result: 'not shown' });
    expect(await check('domain')).toMatchObject({ result: 'not shown' });
  });
});
