import { basename } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { alertEnv } from '../../functions/alert/env.ts';
import { changesEnv } from '../../functions/changes/env.ts';
import { dailyEnv } from '../../functions/daily/env.ts';
import { digestEnv } from '../../functions/digest/env.ts';
import { ingestEnv } from '../../functions/ingest/env.ts';
import { manageEnv } from '../../functions/manage/env.ts';
import { queryEnv } from '../../functions/query/env.ts';
import { uiEnv } from '../../functions/ui/env.ts';
import { watchEnv } from '../../functions/watch/env.ts';
import { esbuildOptions, functionNames } from '../../infra/compute/bundling.ts';
import { type Route, routes } from '../../shared/http/routes.ts';
import { asText, type Resource, resourcesOf, synthesize } from './synthesized.ts';

const unconfigured = synthesize();
const configured = synthesize({
  oidcIssuer: 'https://login.example.com/',
  oidcAudience: 'mailtrail-api',
  supportEmail: 'support@example.com',
  emailPageUrl: 'https://app.example.com/{accountId}/{emailId}',
  corsOrigins: ['https://app.example.com'],
  dailyDigestHour: 7,
});

const only = (type: string, template = unconfigured): Resource => {
  const [first, ...others] = resourcesOf(template, type).values();
  expect(others).toEqual([]);
  return first!;
};

const emails = resourcesOf(unconfigured, 'AWS::DynamoDB::Table').get('Emails')!;
const queues = resourcesOf(unconfigured, 'AWS::SQS::Queue');
const keptTypes = ['AWS::SecretsManager::Secret', 'AWS::SQS::Queue', 'AWS::S3::Bucket'] as const;
/** All retained resources but the table. */
const kept = keptTypes.flatMap(type => [...resourcesOf(unconfigured, type)]);

describe('stored data', () => {
  it('survive every update and the removal of the stack', () => {
    for (const [name, resource] of [['Emails', emails] as const, ...kept]) {
      expect(resource, name).toMatchObject({
        DeletionPolicy: expect.stringMatching(/^Retain/),
        UpdateReplacePolicy: 'Retain',
      });
    }
    expect(emails.Properties.DeletionProtectionEnabled).toBe(true);
  });

  it('leave nothing behind but the protected table when the first deployment fails', () => {
    for (const [name, { DeletionPolicy }] of kept) {
      expect(DeletionPolicy, name).toBe('RetainExceptOnCreate');
    }
  });

  it('stay in the same resources, because another logical id would begin an empty table and another webhook secret', () => {
    const types = /Table|Secret|Queue|Bucket|Topic/;
    const ids = Object.entries(unconfigured.Resources)
      .filter(([, { Type }]) => types.test(Type) && !Type.endsWith('Policy'))
      .map(([id]) => id);
    expect(ids).toEqual([
      'EmailsE39F01A5',
      'WebhookSecretsC35BAB69',
      'GuardsAE6419AB',
      'Quarantine23FF09FE',
      'RetryDeadLettersF5314E22',
      'Retry5F1AFE10',
      'AlertFailuresC03B141B',
      'SesEventsTopic9693DEB0',
      'SesEventsQueueDeadLettersE73B6B9D',
      'SesEventsQueueF4E5BF5D',
      'Support5CFB64A3',
      'AlertEvents10A369F5',
      'DigestsDeadLetters6E8234D4',
      'DigestsBE0C6DEB',
      'Operations993AC38D',
    ]);
  });

  it('can be restored to any second of the last 35 days, are encrypted, and expire', () => {
    expect(emails.Properties).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
  });

  it('cost nothing without traffic, and have a ceiling under load', () => {
    expect(emails.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      OnDemandThroughput: { MaxWriteRequestUnits: 4000, MaxReadRequestUnits: 4000 },
    });
  });

  it('are found by account, recipient, reference and attention, through indexes of keys and, for shared ones, the account', () => {
    const { KeySchema, GlobalSecondaryIndexes } = emails.Properties;
    const keys = (schema: { AttributeName: string }[]) => schema.map(({ AttributeName }) => AttributeName).join(', ');
    expect(keys(KeySchema)).toBe('emailId');
    expect(
      // biome-ignore lint/suspicious/noExplicitAny: as in the template
      GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }: any) => [
        IndexName,
        keys(KeySchema),
        Projection.NonKeyAttributes?.join(', ') ?? Projection.ProjectionType,
      ]),
    ).toEqual([
      ['byAccount', 'accountId, sentAt', 'KEYS_ONLY'],
      ['byRecipient', 'recipient, sentAt', 'accountId'],
      ['byReference', 'reference, accountId', 'sentAt'],
      ['byAttention', 'accountId, attentionAt', 'KEYS_ONLY'],
      ['byAttentionDay', 'attentionDay, attentionAt', 'KEYS_ONLY'],
    ]);
  });

  it('include webhook secrets that begin empty and that no deployment overwrites', () => {
    // CloudFormation writes the value again whenever the template's text changes, so that this text must never change.
    const webhookSecrets = resourcesOf(unconfigured, 'AWS::SecretsManager::Secret').get('WebhookSecrets')!;
    expect(webhookSecrets.Properties.SecretString).toBe('{}');
  });

  it('stay in queues for the longest possible time, in messages of the largest possible size', () => {
    expect([...queues.keys()].sort()).toEqual([
      'Digests',
      'DigestsDeadLetters',
      'Quarantine',
      'Retry',
      'RetryDeadLetters',
      'SesEventsQueue',
      'SesEventsQueueDeadLetters',
    ]);
    for (const [name, { Properties }] of queues) {
      expect(Properties, name).toMatchObject({
        MessageRetentionPeriod: 14 * 24 * 60 * 60,
        MaximumMessageSize: 1024 * 1024,
        SqsManagedSseEnabled: true,
      });
    }
  });

  it('are tried again for 8 hours before a person has to look at them', () => {
    const mappings = [...resourcesOf(unconfigured, 'AWS::Lambda::EventSourceMapping').values()];
    const windowOf = (name: string): number =>
      mappings.find(({ Properties }) => asText(Properties.EventSourceArn) === `${name}.Arn`)!.Properties
        .MaximumBatchingWindowInSeconds ?? 0;
    for (const name of ['Retry', 'SesEventsQueue', 'Digests']) {
      const { VisibilityTimeout, RedrivePolicy } = queues.get(name)!.Properties;
      expect(VisibilityTimeout, name).toBeGreaterThanOrEqual(6 * 10 + windowOf(name));
      expect(VisibilityTimeout * RedrivePolicy.maxReceiveCount, name).toBeGreaterThan(8 * 60 * 60);
      expect(asText(RedrivePolicy.deadLetterTargetArn), name).toBe(`${name}DeadLetters.Arn`);
    }
  });

  it('leave the failure bucket after 14 days, as they leave the queues', () => {
    expect(only('AWS::S3::Bucket').Properties.LifecycleConfiguration.Rules).toEqual([
      expect.objectContaining({ Status: 'Enabled', ExpirationInDays: 14 }),
    ]);
    expect(only('AWS::S3::Bucket').Properties).not.toHaveProperty('VersioningConfiguration');
  });

  it('include nonces and erasure records that expire once their events are too old to be accepted', () => {
    expect(resourcesOf(unconfigured, 'AWS::DynamoDB::Table').get('Guards')!.Properties).toMatchObject({
      KeySchema: [{ AttributeName: 'guardKey', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      BillingMode: 'PAY_PER_REQUEST',
      OnDemandThroughput: { MaxWriteRequestUnits: 4000, MaxReadRequestUnits: 4000 },
    });
    // A record alerts nobody, and no backup keeps it.
    for (const name of ['StreamSpecification', 'PointInTimeRecoverySpecification'])
      expect(resourcesOf(unconfigured, 'AWS::DynamoDB::Table').get('Guards')!.Properties).not.toHaveProperty(name);
  });
});

describe('the API', () => {
  const gatewayRoutes = new Map(
    [...resourcesOf(unconfigured, 'AWS::ApiGatewayV2::Route').values()].map(({ Properties }) => [
      Properties.RouteKey as string,
      Properties,
    ]),
  );

  it('has every route of the table of routes, each with its function', () => {
    const integrations = resourcesOf(unconfigured, 'AWS::ApiGatewayV2::Integration');
    const targets = Object.fromEntries(
      [...gatewayRoutes].map(([key, { Target }]) => [
        key,
        asText(integrations.get(asText(Target).replace('integrations/', ''))!.Properties.IntegrationUri).toLowerCase(),
      ]),
    );
    expect(targets).toEqual(
      Object.fromEntries(Object.entries<Route>(routes).map(([key, route]) => [key, `${route.function}.arn`])),
    );
  });

  it('passes bodies to the function unchanged, in payload format 2.0 and without mapping', () => {
    for (const { Properties } of resourcesOf(unconfigured, 'AWS::ApiGatewayV2::Integration').values()) {
      expect(Properties).toMatchObject({ IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0' });
      expect(Properties).not.toHaveProperty('RequestParameters');
    }
  });

  it('accepts tokens of the configured issuer for the configured audience', () => {
    expect(only('AWS::ApiGatewayV2::Authorizer', configured).Properties).toMatchObject({
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: 'https://login.example.com/', Audience: ['mailtrail-api'] },
    });
    expect(configured.Parameters).not.toHaveProperty('OidcIssuer');
  });

  it('without a configured issuer cannot be deployed, because template parameters have no values', () => {
    expect(only('AWS::ApiGatewayV2::Authorizer').Properties.JwtConfiguration).toEqual({
      Issuer: { Ref: 'OidcIssuer' },
      Audience: [{ Ref: 'OidcAudience' }],
    });
    for (const name of ['OidcIssuer', 'OidcAudience']) {
      const parameter = unconfigured.Parameters[name]!;
      expect(parameter).not.toHaveProperty('Default');
      expect('').not.toMatch(new RegExp(`^${parameter.AllowedPattern}$`));
      expect(parameter.ConstraintDescription).toMatch(/set oidc(Issuer|Audience) in cdk\.json/);
    }
  });

  it('answers only pages of configured origins', () => {
    expect(only('AWS::ApiGatewayV2::Api').Properties).not.toHaveProperty('CorsConfiguration');
    const { CorsConfiguration } = only('AWS::ApiGatewayV2::Api', configured).Properties;
    expect(CorsConfiguration.AllowOrigins).toEqual(['https://app.example.com']);
    expect(CorsConfiguration).not.toHaveProperty('AllowCredentials');
    // Browsers let a page read and send only some headers by themselves. These are the other ones.
    expect(CorsConfiguration.ExposeHeaders).toEqual(['apigw-requestid', 'etag', 'link', 'retry-after', 'x-request-id']);
    expect(CorsConfiguration.AllowHeaders).toEqual(['authorization', 'content-type', 'if-none-match']);
    expect(CorsConfiguration.AllowMethods).toEqual(['GET', 'POST']);
  });

  it("requires the configured scope or support's of every token, and no scope by default", () => {
    const scopesOf = (template: typeof unconfigured) =>
      new Map(
        [...resourcesOf(template, 'AWS::ApiGatewayV2::Route').values()].map(({ Properties }) => [
          Properties.RouteKey as string,
          Properties.AuthorizationScopes,
        ]),
      );
    for (const [key, scopes] of scopesOf(unconfigured)) expect(scopes, key).toBeUndefined();
    for (const [key, scopes] of scopesOf(synthesize({ apiScope: 'mailtrail/read' }))) {
      const { access } = routes[key as keyof typeof routes];
      const isOpen = access === 'provider' || access === 'public';
      expect(scopes, key).toEqual(isOpen ? undefined : ['mailtrail/read', 'mailtrail/support']);
    }
  });
});

describe('every function', () => {
  // One function exists only with its setting.
  const functions = resourcesOf(synthesize({ dailyDigestHour: 7 }), 'AWS::Lambda::Function');

  it('accepts its environment, with a full and with an empty configuration', () => {
    const schemas = {
      Ingest: ingestEnv,
      Query: queryEnv,
      Manage: manageEnv,
      Alert: alertEnv,
      Ui: uiEnv,
      Digest: digestEnv,
      Changes: changesEnv,
      Watch: watchEnv,
      Daily: dailyEnv,
    };
    for (const template of [unconfigured, configured]) {
      for (const [name, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
        const variables = Object.entries<unknown>(Properties.Environment.Variables);
        const environment = Object.fromEntries(variables.map(([key, value]) => [key, asText(value)]));
        const schema = schemas[name as keyof typeof schemas];
        expect(schema.safeParse(environment).error, name).toBeUndefined();
        // Only the local runner sets this variable.
        const expected = Object.keys(schema.shape).filter(key => key !== 'OPERATOR_LINKS');
        expect(Object.keys(environment).sort(), name).toEqual(expected.sort());
      }
    }
  });

  it('has the memory and the timeout that its callers need', () => {
    expect(
      Object.fromEntries(
        [...functions].map(
          ([
            name,
            {
              Properties: { MemorySize, Timeout },
            },
          ]) => [name, [MemorySize, Timeout]],
        ),
      ),
    ).toEqual({
      Ingest: [512, 10],
      Query: [1024, 10],
      Manage: [1024, 29],
      Ui: [512, 10],
      Alert: [512, 60],
      Digest: [512, 10],
      Changes: [512, 60],
      Watch: [512, 120],
      Daily: [512, 120],
    });
  });

  it('is minified ESM, whose files have their source maps beside them', async () => {
    for (const name of functionNames) {
      const options = { ...esbuildOptions(name), write: false, metafile: true, logLevel: 'error' } as const;
      const { outputFiles, metafile } = await build(options);
      // A function contains no code of the infrastructure.
      const foreign = Object.keys(metafile.inputs).filter(input =>
        /^(infra\/(?!compute\/bundling\/)|test\/)/.test(input),
      );
      expect(foreign, name).toEqual([]);
      const files = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
      const code = [...files].filter(([file]) => file.endsWith('.mjs'));
      expect([...files.keys()].toSorted(), name).toEqual(code.flatMap(([file]) => [file, `${file}.map`]).toSorted());
      expect(/export ?\{[\w$]+ as handler\}/.test(files.get('index.mjs')!), name).toBe(true);
      const text = code.map(([, text]) => text).join('');
      expect(text.length / text.split('\n').length, name).toBeGreaterThan(500);
    }
  });

  it('of ingest loads at its start no adapter, and no client of queues', async () => {
    const { metafile } = await build({ ...esbuildOptions('ingest'), write: false, metafile: true, logLevel: 'error' });
    const { inputs } = metafile;
    const loaded = new Set(['functions/ingest/index.ts']);
    for (const file of loaded) {
      for (const { kind, path } of inputs[file]!.imports)
        if (kind === 'import-statement' && path in inputs) loaded.add(path);
    }
    const onDemand = [...loaded].filter(file =>
      /client-sqs\/|shared\/providers\/(?!adapters)\w+\.ts|word-signals/.test(file),
    );
    expect(onDemand).toEqual([]);
  });

  it('tells the page where people sign in, and which tokens to ask for', () => {
    const uiOf = (mailtrail: Readonly<Record<string, unknown>>) =>
      resourcesOf(synthesize(mailtrail), 'AWS::Lambda::Function').get('Ui')!.Properties.Environment.Variables;
    const oidc = { oidcIssuer: 'https://login.example.com/', oidcAudience: 'mailtrail-api' };
    expect(uiOf(oidc)).toMatchObject({ UI_CLIENT_ID: '', UI_SCOPE: 'openid', UI_AUDIENCE: '' });
    expect(uiOf({ ...oidc, apiScope: 'mailtrail/read', uiClientId: 'page' })).toMatchObject({
      UI_CLIENT_ID: 'page',
      UI_SCOPE: 'openid mailtrail/read',
      OIDC_ISSUER: 'https://login.example.com/',
    });
    expect(uiOf({ ...oidc, uiScope: 'openid offline_access', uiAudience: 'api' })).toMatchObject({
      UI_SCOPE: 'openid offline_access',
      UI_AUDIENCE: 'api',
    });
  });

  it('runs Node.js 24 on arm64 with its own log group, whose lines expire', () => {
    expect([...functions.keys()].map(name => name.toLowerCase()).sort()).toEqual([...functionNames].sort());
    for (const [name, { Properties }] of functions) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' });
      expect(asText(Properties.LoggingConfig.LogGroup)).toBe(`${name}Logs`);
    }
    for (const { Properties } of resourcesOf(unconfigured, 'AWS::Logs::LogGroup').values()) {
      expect(Properties.RetentionInDays).toBe(90);
    }
  });

  it("writes no line of Lambda's own for each call, unless platformLogs is set", () => {
    for (const { Properties } of functions.values()) {
      expect(Properties.LoggingConfig).toMatchObject({ LogFormat: 'JSON', SystemLogLevel: 'WARN' });
      expect(Properties.LoggingConfig).not.toHaveProperty('ApplicationLogLevel');
    }
    for (const { Properties } of resourcesOf(synthesize({ platformLogs: true }), 'AWS::Lambda::Function').values()) {
      expect(Properties.LoggingConfig).toMatchObject({ LogFormat: 'Text' });
      expect(Properties.LoggingConfig).not.toHaveProperty('SystemLogLevel');
    }
  });
});

describe('events of Amazon SES', () => {
  const statements = (template: typeof configured, type: string, name: string) =>
    resourcesOf(template, type).get(name)!.Properties.PolicyDocument.Statement;

  it("reach a queue that accepts only their topic, in the topic's envelope", () => {
    const yours = 'arn:aws:sns:eu-west-1:123456789012:mail-events';
    for (const [template, topic] of [
      [unconfigured, 'SesEventsTopic'],
      [synthesize({ sesTopicArn: yours }), yours],
    ] as const) {
      expect(statements(template, 'AWS::SQS::QueuePolicy', 'SesEventsQueuePolicy').slice(1)).toMatchObject([
        {
          Effect: 'Allow',
          Action: 'sqs:SendMessage',
          Principal: { Service: 'sns.amazonaws.com' },
          Condition: { ArnEquals: { 'aws:SourceArn': topic === yours ? yours : { Ref: expect.any(String) } } },
        },
      ]);
      const [subscription, ...others] = [...resourcesOf(template, 'AWS::SNS::Subscription').values()];
      expect(others).toEqual([]);
      expect(asText(subscription!.Properties.TopicArn)).toBe(topic);
      expect(asText(subscription!.Properties.Endpoint)).toBe('SesEventsQueue.Arn');
      expect(subscription!.Properties.RawMessageDelivery ?? false).toBe(false);
    }
    expect(resourcesOf(synthesize({ sesTopicArn: yours }), 'AWS::SNS::Topic').has('SesEventsTopic')).toBe(false);
  });

  it('and of the retry queue reach the ingest function in batches, and only failed messages come again', () => {
    const mappings = resourcesOf(unconfigured, 'AWS::Lambda::EventSourceMapping');
    for (const [name, queue, MaximumConcurrency, BatchSize] of [
      ['IngestRetry', 'Retry.Arn', 2, 10],
      ['IngestSes', 'SesEventsQueue.Arn', 20, 100],
    ] as const) {
      const { Properties } = mappings.get(name)!;
      expect(asText(Properties.EventSourceArn)).toBe(queue);
      expect(asText(Properties.FunctionName)).toBe('Ingest');
      expect(Properties).toMatchObject({
        BatchSize,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency },
      });
    }
  });

  it('of Amazon SES wait up to 2 seconds for each other, and those of the retry queue for none', () => {
    const mappings = resourcesOf(unconfigured, 'AWS::Lambda::EventSourceMapping');
    expect(mappings.get('IngestSes')!.Properties.MaximumBatchingWindowInSeconds).toBe(2);
    expect(mappings.get('IngestRetry')!.Properties.MaximumBatchingWindowInSeconds).toBeUndefined();
  });
});

describe('alerts', () => {
  const { Properties } = resourcesOf(unconfigured, 'AWS::Lambda::EventSourceMapping').get('AlertStream')!;

  it("miss no record, are found within a second, and give up before the stream's records expire", () => {
    expect(Properties).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 1,
      ParallelizationFactor: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10,
    });
    expect(Properties.MaximumRecordAgeInSeconds).toBeLessThan(24 * 60 * 60);
  });

  it('to people pass one queue, in batches of which Lambda works two at once', () => {
    const mapping = resourcesOf(unconfigured, 'AWS::Lambda::EventSourceMapping').get('DigestDigests')!;
    expect(asText(mapping.Properties.EventSourceArn)).toBe('Digests.Arn');
    expect(mapping.Properties).toMatchObject({
      BatchSize: 100,
      // AWS asks for a window of at least 1 s with more than ten messages.
      MaximumBatchingWindowInSeconds: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  it('that cannot be published end up in the failure bucket', () => {
    expect(asText(Properties.DestinationConfig.OnFailure.Destination)).toBe('AlertFailures.Arn');
  });

  it("reach support's address if configured, and so do alarms unless operations has its own address", () => {
    const subscribed = (template: typeof configured) =>
      [...resourcesOf(template, 'AWS::SNS::Subscription').values()]
        .filter(({ Properties: { Protocol } }) => Protocol === 'email')
        .map(({ Properties: { TopicArn, Endpoint } }) => `${asText(TopicArn)}: ${Endpoint}`)
        .sort();
    expect(subscribed(unconfigured)).toEqual([]);
    expect(subscribed(configured)).toEqual(['Operations: support@example.com', 'Support: support@example.com']);
    expect(subscribed(synthesize({ supportEmail: 's@example.com', operationsEmail: 'o@example.com' }))).toEqual([
      'Operations: o@example.com',
      'Support: s@example.com',
    ]);
  });
});

it('the stack prints the names and addresses of its parts after a deployment', () => {
  expect(Object.keys(unconfigured.Outputs)).toEqual(
    expect.arrayContaining([
      ...['ApiUrl', 'WebhookUrl', 'WebhookSecretsArn', 'SupportTopicArn', 'SesTopicArn', 'TableName'],
      ...['IngestFunctionName', 'QuarantineQueueUrl', 'RetryDeadLettersQueueUrl', 'SesDeadLettersQueueUrl'],
    ]),
  );
});
