import { describe, expect, it } from 'vitest';
import { readConfig } from '../../infra/config.ts';
import { asText, resourcesOf, type Synthesized, synthesize } from './synthesized.ts';

const oidc = { oidcIssuer: 'https://login.example.com/', oidcAudience: 'mailtrail-api' };
const plain = synthesize(oidc);

const only = (type: string, template: Synthesized) => {
  const [first, ...others] = resourcesOf(template, type).values();
  expect(others).toEqual([]);
  return first!.Properties;
};
const output = ({ Outputs }: Synthesized, name: string) => asText((Outputs[name] as { Value: unknown }).Value);

describe('an API with a domain of its own', () => {
  const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555';
  const template = synthesize({ ...oidc, domainName: 'mail.example.com', certificateArn });

  it('answers there with the certificate, and no longer at the address that AWS gave it', () => {
    expect(only('AWS::ApiGatewayV2::DomainName', template)).toMatchObject({
      DomainName: 'mail.example.com',
      DomainNameConfigurations: [
        { CertificateArn: certificateArn, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' },
      ],
    });
    const mapping = only('AWS::ApiGatewayV2::ApiMapping', template);
    expect([asText(mapping.ApiId), asText(mapping.DomainName), asText(mapping.Stage)]).toEqual([
      'Api',
      'ApiDomain',
      '$default',
    ]);
    expect(only('AWS::ApiGatewayV2::Api', template).DisableExecuteApiEndpoint).toBe(true);
  });

  it('can answer at both addresses, while the URLs at the providers are changed', () => {
    const moving = synthesize({ ...oidc, domainName: 'mail.example.com', certificateArn, keepDefaultAddress: true });
    expect(only('AWS::ApiGatewayV2::Api', moving).DisableExecuteApiEndpoint).toBe(false);
    expect(() => readConfig({ mailtrail: { keepDefaultAddress: true } }, {})).toThrow('no use without domainName');
  });

  it('prints the URLs of that domain, and the target of its DNS record', () => {
    expect(output(template, 'ApiUrl')).toBe('https://mail.example.com');
    expect(output(template, 'WebhookUrl')).toBe('https://mail.example.com/webhooks/{provider}');
    expect(output(template, 'DomainTarget')).toBe('ApiDomain.RegionalDomainName');
    expect(output(template, 'DomainHostedZoneId')).toBe('ApiDomain.RegionalHostedZoneId');
  });

  it('is an option: by default AWS gives the address, and no part is about a domain', () => {
    expect(resourcesOf(plain, 'AWS::ApiGatewayV2::DomainName').size).toBe(0);
    expect(only('AWS::ApiGatewayV2::Api', plain)).not.toHaveProperty('DisableExecuteApiEndpoint');
    expect(output(plain, 'ApiUrl')).toBe('Api.ApiEndpoint');
    expect(plain.Outputs).not.toHaveProperty('DomainTarget');
  });
});

describe('the table of emails', () => {
  const classOf = (settings: object) =>
    resourcesOf(synthesize({ ...oidc, ...settings }), 'AWS::DynamoDB::Table').get('Emails')!.Properties.TableClass;

  it.each([
    ['STANDARD_INFREQUENT_ACCESS', { retentionDays: 200 }],
    ['STANDARD', { retentionDays: 199 }],
    ['STANDARD', { retentionDays: 400, tableClass: 'standard' }],
    ['STANDARD_INFREQUENT_ACCESS', { retentionDays: 30, tableClass: 'infrequentAccess' }],
  ])('has the class %s with %o', (expected, settings) => {
    expect(classOf(settings)).toBe(expected);
  });
});

describe('an installation that takes over', () => {
  const tableArn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/Mailtrail-Emails-restored';
  const existingTable = `${tableArn}/stream/2026-11-28T08:00:00.000`;
  const existingWebhookSecret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:WebhookSecretsC35B-AbCdEf';
  const template = synthesize({ ...oidc, existingTable, existingWebhookSecret });
  const environmentOf = (name: string) =>
    resourcesOf(template, 'AWS::Lambda::Function').get(name)!.Properties.Environment.Variables;
  const resourcesIn = (role: string) =>
    resourcesOf(template, 'AWS::IAM::Role')
      .get(role)!
      .Properties.Policies[0].PolicyDocument.Statement.flatMap(({ Resource }: { Resource: unknown }) =>
        [Resource].flat().map(asText),
      );

  it('an existing table makes none, and reads, writes and alerts through the existing one', () => {
    expect([...resourcesOf(template, 'AWS::DynamoDB::Table').keys()]).toEqual(['Guards']);
    expect(output(template, 'TableName')).toBe('Mailtrail-Emails-restored');
    for (const name of ['Ingest', 'Query', 'Manage', 'Alert'])
      expect(environmentOf(name).TABLE_NAME, name).toBe('Mailtrail-Emails-restored');
    expect(resourcesIn('IngestRole')).toContain(tableArn);
    expect(resourcesIn('QueryRole')).toContain(`${tableArn}/index/byAccount`);
    expect(resourcesIn('AlertRole')).toContain(existingTable);
    const mapping = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').get('AlertStream')!.Properties;
    expect(mapping.EventSourceArn).toBe(existingTable);
  });

  it('an existing secret makes none, and reads that one alone', () => {
    expect([...resourcesOf(template, 'AWS::SecretsManager::Secret').keys()]).toEqual([]);
    expect(environmentOf('Ingest').WEBHOOK_SECRETS_ARN).toBe(existingWebhookSecret);
    expect(resourcesIn('IngestRole')).toContain(existingWebhookSecret);
    expect(output(template, 'WebhookSecretsArn')).toBe(existingWebhookSecret);
  });
});

describe('events for other systems', () => {
  const withBus = synthesize({ ...oidc, events: true });
  const eventsUrl = 'https://billing.example.com/mail-events';
  const withUrl = synthesize({ ...oidc, events: true, eventsUrl });
  const mappingOf = (template: Synthesized) =>
    resourcesOf(template, 'AWS::Lambda::EventSourceMapping').get('ChangesStream')!.Properties;
  const busNameOf = (template: Synthesized) =>
    asText(
      resourcesOf(template, 'AWS::Lambda::Function').get('Changes')!.Properties.Environment.Variables.EVENT_BUS_NAME,
    );
  const isAboutEvents = ([, { Type }]: readonly [string, { readonly Type: string }]) =>
    Type.startsWith('AWS::Events::');

  it('are an option: by default there is no bus, and the stream is read in large batches that come again whole', () => {
    expect(
      Object.entries(plain.Resources)
        .filter(isAboutEvents)
        .map(([, { Type }]) => Type),
    ).toEqual(['AWS::Events::Rule']);
    expect(busNameOf(plain)).toBe('');
    expect(Object.keys(plain.Outputs).filter(name => name.startsWith('Event'))).toEqual([]);
    expect(mappingOf(plain)).toMatchObject({
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 120,
      BisectBatchOnFunctionError: false,
    });
    expect(mappingOf(plain)).not.toHaveProperty('FunctionResponseTypes');
    expect(JSON.stringify(plain)).not.toContain('events:PutEvents');
  });

  it('have a bus with the name of the stack, on which only the changes function publishes', () => {
    expect(only('AWS::Events::EventBus', withBus).Name).toBe('Mailtrail-events');
    expect(output(withBus, 'EventBusName')).toBe('Events');
    expect(busNameOf(withBus)).toBe('Events');
    const allowed = [...resourcesOf(withBus, 'AWS::IAM::Role')].flatMap(([role, { Properties }]) =>
      (Properties.Policies ?? []).flatMap(
        ({ PolicyDocument }: { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } }) =>
          PolicyDocument.Statement.filter(({ Action }) => Action === 'events:PutEvents').map(({ Resource }) => [
            role,
            asText(Resource),
          ]),
      ),
    );
    expect(allowed).toEqual([['ChangesRole', 'Events.Arn']]);
  });

  it('are out within seconds, and a failing record is told apart and kept', () => {
    expect(mappingOf(withBus)).toMatchObject({
      BatchSize: 500,
      MaximumBatchingWindowInSeconds: 5,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 100,
    });
    expect(asText(mappingOf(withBus).DestinationConfig.OnFailure.Destination)).toBe('AlertFailures.Arn');
  });

  it('go to a URL with a key of the stack, which is in no template', () => {
    expect(resourcesOf(withBus, 'AWS::Events::ApiDestination').size).toBe(0);
    expect(only('AWS::Events::ApiDestination', withUrl)).toMatchObject({
      InvocationEndpoint: eventsUrl,
      HttpMethod: 'POST',
      InvocationRateLimitPerSecond: 100,
    });
    const { ApiKeyName, ApiKeyValue } = only('AWS::Events::Connection', withUrl).AuthParameters.ApiKeyAuthParameters;
    expect(ApiKeyName).toBe('x-api-key');
    expect(asText(ApiKeyValue)).toBe('{{resolve:secretsmanager:EventWebhookApiKey:SecretString:::}}');
    expect(resourcesOf(withUrl, 'AWS::SecretsManager::Secret').get('EventWebhookApiKey')!.Properties).toMatchObject({
      GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true },
    });
    expect(output(withUrl, 'EventsApiKeySecretArn')).toBe('EventWebhookApiKey');
  });

  it('are posted by a role that may do nothing else', () => {
    const statements = [...resourcesOf(withUrl, 'AWS::IAM::Policy').values()].flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement,
    );
    expect(statements.map(({ Action, Resource }) => [Action, asText(Resource)])).toEqual([
      ['events:InvokeApiDestination', 'EventWebhookDestinationApiDestination.Arn'],
    ]);
  });

  it('are tried at the URL for a day, and then wait in a dead-letter queue', () => {
    const rule = resourcesOf(withUrl, 'AWS::Events::Rule').get('EventWebhookRule')!.Properties;
    expect(rule.EventPattern).toEqual({ source: ['mailtrail'] });
    expect(asText(rule.EventBusName)).toBe('Events');
    expect(rule.Targets).toHaveLength(1);
    expect(rule.Targets[0].RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 24 * 60 * 60, MaximumRetryAttempts: 185 });
    expect(asText(rule.Targets[0].DeadLetterConfig.Arn)).toBe('EventWebhookDeadLetters.Arn');
    expect(output(withUrl, 'EventsDeadLettersQueueUrl')).toBe('EventWebhookDeadLetters');
  });
});

describe('a topic of Amazon SES in an opt-in region', () => {
  const principalsFor = (region: string) => {
    const sesTopicArn = `arn:aws:sns:${region}:123456789012:mail-events`;
    const policy = resourcesOf(synthesize({ ...oidc, sesTopicArn }), 'AWS::SQS::QueuePolicy').get(
      'SesEventsQueuePolicy',
    )!;
    return policy.Properties.PolicyDocument.Statement.filter(
      ({ Effect }: { Effect: string }) => Effect === 'Allow',
    ).flatMap(
      ({ Principal, Condition }: { Principal: { Service: string | string[] }; Condition: { ArnEquals: object } }) => {
        expect(Condition.ArnEquals).toEqual({ 'aws:SourceArn': sesTopicArn });
        return Principal.Service;
      },
    );
  };

  it('may deliver to the queue under its own name, and those of other regions need none', () => {
    expect(principalsFor('eu-south-1')).toEqual(['sns.amazonaws.com', 'sns.eu-south-1.amazonaws.com']);
    expect(principalsFor('eu-west-1')).toEqual(['sns.amazonaws.com']);
  });
});

describe('concurrency', () => {
  it('is shared with the account by default, because a new account may have too little to set aside', () => {
    for (const [name, { Properties }] of resourcesOf(plain, 'AWS::Lambda::Function'))
      expect(Properties, name).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('can be set aside for callbacks, and lowered for the events of Amazon SES', () => {
    const template = synthesize({ ...oidc, ingestConcurrency: 40, sesConcurrency: 5 });
    const reserved = [...resourcesOf(template, 'AWS::Lambda::Function')]
      .filter(([, { Properties }]) => Properties.ReservedConcurrentExecutions !== undefined)
      .map(([name, { Properties }]) => [name, Properties.ReservedConcurrentExecutions]);
    expect(reserved).toEqual([['Ingest', 40]]);
    const mapping = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').get('IngestSes')!.Properties;
    expect(mapping.ScalingConfig.MaximumConcurrency).toBe(5);
  });
});

describe('logs', () => {
  const groupsOf = (template: Synthesized) =>
    [...resourcesOf(template, 'AWS::Logs::LogGroup').values()].map(({ Properties }) => asText(Properties.LogGroupName));

  it('are in groups named after stack and function, which no second installation shares', () => {
    const groups = groupsOf(plain);
    expect(groups).toEqual(
      expect.arrayContaining(['ingest', 'query', 'manage', 'alert', 'ui'].map(name => `/aws/lambda/Mailtrail-${name}`)),
    );
    const others = groupsOf(synthesize({ ...oidc, stackName: 'Mailtrail-Test' }));
    expect(groups.filter(name => others.includes(name))).toEqual([]);
  });

  it('of requests are in a vended group, because the policy for all other groups of an account holds 5,120 characters', () => {
    expect(groupsOf(plain)).toContain('/aws/vendedlogs/apis/Mailtrail');
    expect(only('AWS::ApiGatewayV2::Stage', plain).AccessLogSettings.DestinationArn).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^ApiAccessLogs/), 'Arn'],
    });
  });

  it('go with the stack, so that it can be deployed again under the same name', () => {
    for (const { DeletionPolicy, UpdateReplacePolicy } of resourcesOf(plain, 'AWS::Logs::LogGroup').values())
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Delete', 'Delete']);
  });

  it('are found by the outputs: one for every function, and one for the access log', () => {
    const functions = [...resourcesOf(plain, 'AWS::Lambda::Function').keys()];
    const named = ['Api', ...functions].map(name => (name === 'Api' ? 'AccessLogGroupName' : `${name}LogGroupName`));
    expect(Object.keys(plain.Outputs)).toEqual(expect.arrayContaining(named));
    expect(output(plain, 'IngestLogGroupName')).toBe('IngestLogs');
  });
});
