/** Lists every permission in the template exactly, so that a new one is a change of this file. */

import { describe, expect, it } from 'vitest';
import { routes } from '../../shared/http/routes.ts';
import { asText, type Resource, resourcesOf, synthesize } from './synthesized.ts';

const template = synthesize({
  supportEmail: 'support@example.com',
  corsOrigins: ['https://app.example.com'],
});
const all = (type: string): ReadonlyMap<string, Resource> => resourcesOf(template, type);
const only = (type: string): Resource => {
  const [first, ...others] = all(type).values();
  expect(others).toEqual([]);
  return first!;
};

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const mappings = 'arn:AWS::Partition:lambda:AWS::Region:AWS::AccountId:event-source-mapping';

const statementsOf = ({ Properties }: Resource): readonly Statement[] => Properties.PolicyDocument.Statement;

/** Returns a principal or a condition's value as text, with references by name. */
function said(value: unknown): string {
  if (Array.isArray(value)) return value.map(said).join(' or ');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value || 'Fn::GetAtt' in value || 'Fn::Join' in value) return asText(value);
  return Object.entries(value)
    .map(([name, operand]) => `${name} ${said(operand)}`)
    .join(', ');
}

describe('roles', () => {
  it('allow only the actions and resources that their functions need', () => {
    const allowed = Object.fromEntries(
      [...all('AWS::IAM::Role')].map(([name, { Properties }]) => {
        expect(Properties).not.toHaveProperty('ManagedPolicyArns');
        expect(Properties.Policies).toHaveLength(1);
        const lines = Properties.Policies[0].PolicyDocument.Statement.flatMap(
          ({ Effect, Action, Resource, Condition }: Statement) => {
            expect(Effect).toBe('Allow');
            const condition = Condition === undefined ? '' : `, if ${said(Condition)}`;
            return [Action]
              .flat()
              .flatMap(action => [Resource].flat().map(on => `${action} on ${asText(on)}${condition}`));
          },
        );
        return [name, lines.sort()];
      }),
    );
    expect(allowed).toEqual({
      IngestRole: [
        'dynamodb:BatchGetItem on Guards.Arn',
        'dynamodb:PutItem on Emails.Arn',
        'dynamodb:UpdateItem on Emails.Arn',
        'dynamodb:UpdateItem on Guards.Arn',
        'logs:CreateLogStream on IngestLogs.Arn',
        'logs:PutLogEvents on IngestLogs.Arn',
        'secretsmanager:GetSecretValue on WebhookSecrets',
        'sqs:DeleteMessage on Retry.Arn',
        'sqs:DeleteMessage on SesEventsQueue.Arn',
        'sqs:GetQueueAttributes on Retry.Arn',
        'sqs:GetQueueAttributes on SesEventsQueue.Arn',
        'sqs:ReceiveMessage on Retry.Arn',
        'sqs:ReceiveMessage on SesEventsQueue.Arn',
        'sqs:SendMessage on Quarantine.Arn',
        'sqs:SendMessage on Retry.Arn',
      ],
      QueryRole: [
        'dynamodb:BatchGetItem on Emails.Arn',
        'dynamodb:BatchGetItem on Guards.Arn',
        'dynamodb:GetItem on Emails.Arn',
        'dynamodb:Query on Emails.Arn/index/byAccount',
        'dynamodb:Query on Emails.Arn/index/byAttention',
        'dynamodb:Query on Emails.Arn/index/byAttentionDay',
        'dynamodb:Query on Emails.Arn/index/byRecipient',
        'dynamodb:Query on Emails.Arn/index/byReference',
        'dynamodb:Scan on Emails.Arn/index/byAttentionDay',
        'dynamodb:UpdateItem on Guards.Arn, if ForAllValues:StringEquals dynamodb:LeadingKeys key:cursor',
        'logs:CreateLogStream on QueryLogs.Arn',
        'logs:PutLogEvents on QueryLogs.Arn',
      ],
      ManageRole: [
        'dynamodb:GetItem on Emails.Arn',
        'dynamodb:PutItem on Emails.Arn',
        'dynamodb:Query on Emails.Arn/index/byRecipient',
        'dynamodb:UpdateItem on Emails.Arn',
        'dynamodb:UpdateItem on Guards.Arn',
        'logs:CreateLogStream on ManageLogs.Arn',
        'logs:PutLogEvents on ManageLogs.Arn',
      ],
      AlertRole: [
        'dynamodb:BatchGetItem on Emails.Arn',
        'dynamodb:BatchGetItem on Guards.Arn',
        'dynamodb:DescribeStream on Emails.StreamArn',
        'dynamodb:GetRecords on Emails.StreamArn',
        'dynamodb:GetShardIterator on Emails.StreamArn',
        'dynamodb:ListStreams on Emails.StreamArn',
        'dynamodb:PutItem on Guards.Arn',
        'logs:CreateLogStream on AlertLogs.Arn',
        'logs:PutLogEvents on AlertLogs.Arn',
        's3:ListBucket on AlertFailures.Arn',
        's3:PutObject on AlertFailures.Arn/aws/lambda/*',
        'sns:Publish on AlertEvents',
        'sqs:SendMessage on Digests.Arn',
      ],
      DigestRole: [
        'dynamodb:BatchGetItem on Emails.Arn',
        'dynamodb:BatchGetItem on Guards.Arn',
        'dynamodb:PutItem on Guards.Arn',
        'dynamodb:UpdateItem on Guards.Arn',
        'logs:CreateLogStream on DigestLogs.Arn',
        'logs:PutLogEvents on DigestLogs.Arn',
        'sns:Publish on Support',
        'sqs:ChangeMessageVisibility on Digests.Arn',
        'sqs:DeleteMessage on Digests.Arn',
        'sqs:GetQueueAttributes on Digests.Arn',
        'sqs:ReceiveMessage on Digests.Arn',
      ],
      ChangesRole: [
        'dynamodb:BatchGetItem on Guards.Arn',
        'dynamodb:DescribeStream on Emails.StreamArn',
        'dynamodb:GetItem on Emails.Arn',
        'dynamodb:GetRecords on Emails.StreamArn',
        'dynamodb:GetShardIterator on Emails.StreamArn',
        'dynamodb:ListStreams on Emails.StreamArn',
        'dynamodb:PutItem on Guards.Arn',
        'dynamodb:UpdateItem on Emails.Arn',
        'dynamodb:UpdateItem on Guards.Arn',
        'logs:CreateLogStream on ChangesLogs.Arn',
        'logs:PutLogEvents on ChangesLogs.Arn',
        's3:ListBucket on AlertFailures.Arn',
        's3:PutObject on AlertFailures.Arn/aws/lambda/*',
      ],
      WatchRole: [
        'cloudwatch:GetMetricData on *',
        'dynamodb:BatchGetItem on Emails.Arn',
        'dynamodb:BatchGetItem on Guards.Arn',
        'dynamodb:Query on Emails.Arn/index/byAccount',
        'dynamodb:Query on Emails.Arn/index/byAttention',
        'dynamodb:Query on Emails.Arn/index/byAttentionDay',
        'dynamodb:UpdateItem on Guards.Arn',
        `lambda:GetEventSourceMapping on ${mappings}:AlertStream`,
        `lambda:GetEventSourceMapping on ${mappings}:ChangesStream`,
        `lambda:GetEventSourceMapping on ${mappings}:DigestDigests`,
        `lambda:GetEventSourceMapping on ${mappings}:IngestRetry`,
        `lambda:GetEventSourceMapping on ${mappings}:IngestSes`,
        'lambda:InvokeFunction on Query.Arn',
        'logs:CreateLogStream on WatchLogs.Arn',
        'logs:PutLogEvents on WatchLogs.Arn',
        's3:ListBucket on AlertFailures.Arn',
        'sns:GetTopicAttributes on Support',
        'sns:Publish on Operations',
        'sqs:GetQueueAttributes on DigestsDeadLetters.Arn',
        'sqs:GetQueueAttributes on Quarantine.Arn',
        'sqs:GetQueueAttributes on RetryDeadLetters.Arn',
        'sqs:GetQueueAttributes on SesEventsQueueDeadLetters.Arn',
      ],
      UiRole: ['logs:CreateLogStream on UiLogs.Arn', 'logs:PutLogEvents on UiLogs.Arn'],
    });
    for (const type of ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::User', 'AWS::IAM::AccessKey']) {
      expect(all(type).size, type).toBe(0);
    }
  });

  it('have no wildcard except for names that AWS completes, and for reading metrics', () => {
    const wildcards = [...all('AWS::IAM::Role')].flatMap(([name, { Properties }]) =>
      (Properties.Policies[0].PolicyDocument.Statement as Statement[])
        .flatMap(({ Action, Resource }) => [...[Action].flat(), ...[Resource].flat().map(asText)])
        .filter(text => text.includes('*'))
        .map(text => `${name}: ${text}`),
    );
    // Lambda chooses the names of its objects below this prefix.
    expect(wildcards).toEqual([
      'AlertRole: AlertFailures.Arn/aws/lambda/*',
      'ChangesRole: AlertFailures.Arn/aws/lambda/*',
      // GetMetricData takes no resource.
      'WatchRole: *',
    ]);
  });

  it('can be assumed by Lambda alone', () => {
    for (const [name, { Properties }] of all('AWS::IAM::Role')) {
      expect(Properties.AssumeRolePolicyDocument.Statement, name).toEqual([
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
      ]);
    }
  });
});

describe('queues, topics and the bucket', () => {
  const policies = ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy', 'AWS::S3::BucketPolicy'].flatMap(type => [
    ...all(type),
  ]);

  it('accept TLS alone', () => {
    const kept = ['AWS::SQS::Queue', 'AWS::SNS::Topic', 'AWS::S3::Bucket'].flatMap(type => [...all(type).keys()]);
    const withTls = policies
      .filter(([, policy]) =>
        statementsOf(policy).some(
          ({ Effect, Action, Principal, Condition }) =>
            Effect === 'Deny' &&
            /^(sqs:\*|s3:\*|sns:Publish)$/.test(String(Action)) &&
            JSON.stringify(Principal).includes('*') &&
            Condition?.Bool?.['aws:SecureTransport'] === 'false',
        ),
      )
      .map(([name]) => name.replace(/Policy$/, ''));
    expect(withTls.sort()).toEqual(kept.sort());
  });

  it('admit only the service that writes to them, and only from its own source', () => {
    const allowed = policies.flatMap(([name, policy]) =>
      statementsOf(policy)
        .filter(({ Effect }) => Effect === 'Allow')
        .map(
          ({ Action, Principal, Condition }) =>
            `${name}: ${said(Principal)} may ${said(Action)}, if ${said(Condition)}`,
        ),
    );
    expect(allowed.sort()).toEqual([
      'OperationsPolicy: Service cloudwatch.amazonaws.com may sns:Publish, if StringEquals aws:SourceAccount AWS::AccountId',
      'SesEventsQueuePolicy: Service sns.amazonaws.com may sqs:SendMessage, if ArnEquals aws:SourceArn SesEventsTopic',
      'SesEventsTopicPolicy: Service ses.amazonaws.com may sns:Publish, if StringEquals aws:SourceAccount AWS::AccountId',
    ]);
  });

  it('are encrypted, and so are the tables', () => {
    for (const [name, { Properties }] of all('AWS::SQS::Queue')) {
      expect(Properties.SqsManagedSseEnabled, name).toBe(true);
    }
    for (const [name, { Properties }] of all('AWS::DynamoDB::Table')) {
      expect(Properties.SSESpecification, name).toEqual({ SSEEnabled: true });
    }
    expect(only('AWS::S3::Bucket').Properties.BucketEncryption).toEqual({
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    });
    const withoutKey = [...all('AWS::SNS::Topic')].filter(([, { Properties }]) => !Properties.KmsMasterKeyId);
    for (const name of ['Support', 'AlertEvents'])
      expect(all('AWS::SNS::Topic').get(name)!.Properties.KmsMasterKeyId).toBe('alias/aws/sns');
    // CloudWatch and SES cannot publish under AWS's own key. SNS encrypts these topics on disk nevertheless.
    expect(withoutKey.map(([name]) => name).sort()).toEqual(['Operations', 'SesEventsTopic']);
  });

  it('are not public', () => {
    expect(only('AWS::S3::Bucket').Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(all('AWS::Lambda::Url').size).toBe(0);
  });
});

describe('the API', () => {
  const gatewayRoutes = [...all('AWS::ApiGatewayV2::Route').values()].map(({ Properties }) => Properties);

  it('requires a token on every route but the webhooks, the catalogue of statuses, the document and the user interface', () => {
    const open = gatewayRoutes.filter(({ AuthorizationType }) => AuthorizationType !== 'JWT');
    expect(open.map(({ RouteKey }) => RouteKey).sort()).toEqual(
      Object.keys(routes)
        .filter(key => / \/(?:webhooks|ui)\b/.test(key) || ['GET /statuses', 'GET /openapi.json'].includes(key))
        .sort(),
    );
    for (const { RouteKey, AuthorizationType, AuthorizerId } of gatewayRoutes) {
      if (!/ \/(accounts|emails|erasures)/.test(RouteKey)) continue;
      expect([RouteKey, AuthorizationType, asText(AuthorizerId)]).toEqual([RouteKey, 'JWT', expect.any(String)]);
    }
    expect(gatewayRoutes.map(({ RouteKey }) => RouteKey)).not.toContain('$default');
  });

  it('logs no address, no header and no body', () => {
    const { AccessLogSettings } = only('AWS::ApiGatewayV2::Stage').Properties;
    expect(Object.values(JSON.parse(AccessLogSettings.Format)).sort()).toEqual([
      '$context.authorizer.error',
      '$context.integration.status',
      '$context.requestId',
      '$context.responseLatency',
      '$context.routeKey',
      '$context.status',
    ]);
  });

  it("limits the rate of people's requests, by route", () => {
    const { RouteSettings } = only('AWS::ApiGatewayV2::Stage').Properties;
    const limits = { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 };
    const peoples = Object.keys(routes).filter(key => !key.includes('/webhooks/'));
    expect(RouteSettings).toEqual(Object.fromEntries(peoples.map(key => [key, limits])));
  });

  it("limits no provider below the account's limit: several never send an event again that was answered 429", () => {
    const { DefaultRouteSettings = {}, RouteSettings } = only('AWS::ApiGatewayV2::Stage').Properties;
    const callbacks = Object.keys(routes).filter(key => key.includes('/webhooks/'));
    expect(callbacks).toEqual(['POST /webhooks/{provider}', 'ANY /webhooks/{provider}']);
    for (const key of callbacks) expect({ ...DefaultRouteSettings, ...RouteSettings[key] }, key).toEqual({});
  });

  it('limits no route that does not exist yet when the stage is made', () => {
    const { DependsOn = [] } = only('AWS::ApiGatewayV2::Stage');
    const keyOf = new Map(
      [...all('AWS::ApiGatewayV2::Route')].map(([name, { Properties }]) => [name, Properties.RouteKey]),
    );
    const awaited = [DependsOn].flat().map(id => keyOf.get(asText({ Ref: id })));
    expect(awaited).toEqual(expect.arrayContaining(Object.keys(routes)));
  });

  it('lets nobody set a burst that no account has', () => {
    const [stage] = resourcesOf(synthesize({ requestsPerSecond: 4_000 }), 'AWS::ApiGatewayV2::Stage').values();
    expect(stage!.Properties.RouteSettings['GET /statuses']).toEqual({
      ThrottlingRateLimit: 4_000,
      ThrottlingBurstLimit: 5_000,
    });
  });

  it('answers only pages of the configured origins, and accepts no cookies from them', () => {
    const { CorsConfiguration } = only('AWS::ApiGatewayV2::Api').Properties;
    expect(CorsConfiguration.AllowOrigins).toEqual(['https://app.example.com']);
    expect(CorsConfiguration).not.toHaveProperty('AllowCredentials');
  });

  it('is the only service that may invoke a function, besides the schedule of the watch function', () => {
    const [scheduled, others] = [true, false].map(isScheduled =>
      [...all('AWS::Lambda::Permission')].filter(
        ([, { Properties }]) => (Properties.Principal === 'events.amazonaws.com') === isScheduled,
      ),
    );
    expect(
      scheduled!.map(([, { Properties }]) => [asText(Properties.FunctionName), asText(Properties.SourceArn)]),
    ).toEqual([['Watch.Arn', 'WatchSchedule.Arn']]);
    for (const [name, { Properties }] of others!) {
      expect(Properties.Principal, name).toBe('apigateway.amazonaws.com');
      expect(asText(Properties.SourceArn), name).toMatch(/^arn:[\w:]+:execute-api:[\w:]+:Api\/\*\/\*\/\*$/);
    }
  });
});

describe('secrets', () => {
  it('appear in no environment variable and in no text of the template', () => {
    for (const [name, { Properties }] of all('AWS::Lambda::Function')) {
      for (const [variable, value] of Object.entries<unknown>(Properties.Environment.Variables)) {
        // A variable with such a name may hold the address of a secret, never the secret.
        if (/secret|key|token|password|credential/i.test(variable)) {
          expect(variable, name).toBe('WEBHOOK_SECRETS_ARN');
          expect(value, variable).toEqual({ Ref: expect.any(String) });
        }
        expect(said(value), variable).not.toMatch(/AKIA|whsec_|-----BEGIN|[A-Za-z0-9+/]{40,}/);
      }
    }
    expect(JSON.stringify(template)).not.toMatch(/AKIA[A-Z0-9]{16}|whsec_|-----BEGIN/);
    expect(only('AWS::SecretsManager::Secret').Properties.SecretString).toBe('{}');
  });
});
