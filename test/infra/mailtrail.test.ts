import { readFileSync } from 'node:fs';
import { App, CfnOutput, CfnParameter, NestedStack, Stack } from 'aws-cdk-lib';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, checkedConfig, config, type Field } from '../../infra/config.ts';
import { Mailtrail } from '../../infra/mailtrail.ts';
import type { MailtrailProps } from '../../infra/mailtrail-props.ts';
import { outputsByName } from '../../infra/outputs.ts';
import { propsFile, propsModule } from '../../infra/tools/docs/props.ts';
import { asText, type Resource, resourcesOf, type Synthesized } from './synthesized.ts';

const oidc = { oidcIssuer: 'https://login.example.com', oidcAudience: 'mailtrail' };

/** An app of somebody else, with the flags that it has without any settings. */
const appOf = () => new App({ context: { 'aws:cdk:bundling-stacks': [] } });
const templateOf = (app: App, name = 'Shop') => app.synth().getStackByName(name).template as Synthesized;

/** A user's stack with a queue of its own, and what the role of its function may do. */
function shop(use: (mailtrail: Mailtrail, role: Role, stack: Stack) => void, props: Partial<MailtrailProps> = {}) {
  const app = appOf();
  const stack = new Stack(app, 'Shop');
  new Queue(stack, 'Orders');
  const role = new Role(stack, 'Reporter', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  use(new Mailtrail(stack, 'Mailtrail', { ...oidc, ...props }), role, stack);
  return templateOf(app);
}

function permissionsOf(template: Synthesized): readonly (readonly [action: unknown, resources: readonly string[]])[] {
  const policy = resourcesOf(template, 'AWS::IAM::Policy').get('ReporterDefaultPolicy') as Resource;
  return policy.Properties.PolicyDocument.Statement.map(
    ({ Action, Resource }: { Action: unknown; Resource: unknown }) => [Action, [Resource].flat().map(asText)],
  );
}

describe('a construct in a stack of somebody else', () => {
  it("stands beside the stack's own queue, and gives its address", () => {
    const template = shop(({ api }, _, stack) => void new CfnOutput(stack, 'Address', { value: api.url }));
    expect([...resourcesOf(template, 'AWS::SQS::Queue').keys()]).toEqual(
      expect.arrayContaining(['Orders', 'MailtrailQuarantine']),
    );
    expect(asText((template.Outputs.Address as { Value: unknown }).Value)).toBe('MailtrailApi.ApiEndpoint');
    expect(template.Parameters).not.toHaveProperty('OidcIssuer');
    // The operators' tools find its outputs by their names.
    const ofStack = Object.keys(template.Outputs).map(OutputKey => ({ OutputKey, OutputValue: 'value' }));
    expect(outputsByName(ofStack)).toMatchObject({ ApiUrl: 'value', SesTopicArn: 'value' });
    expect(outputsByName(ofStack)).not.toHaveProperty('Address');
  });

  it('gives its address on a domain of its own', () => {
    const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222';
    shop(({ api }) => expect(api.url).toBe('https://mail.example.com'), {
      domainName: 'mail.example.com',
      certificateArn,
    });
  });

  it("has a readable name that holds the stack's, so that each stack of an app may have one", () => {
    const app = appOf();
    for (const name of ['Shop', 'Staging']) new Mailtrail(new Stack(app, name), 'Mailtrail', oidc);
    for (const name of ['Shop', 'Staging']) {
      const groups = resourcesOf(templateOf(app, name), 'AWS::Logs::LogGroup').values();
      const names = [...groups].map(({ Properties }) => Properties.LogGroupName);
      expect(names).toEqual(expect.arrayContaining([`/aws/lambda/${name}-ingest`, `/aws/vendedlogs/apis/${name}`]));
    }
  });

  it('refuses a second one in its stack, and says what to do', () => {
    expect(() => shop((_, __, stack) => void new Mailtrail(stack, 'Other', oidc))).toThrow(
      'Shop/Other: the stack holds a Mailtrail already. Give each a stack of its own.',
    );
  });

  it('synthesizes in a nested stack, too', () => {
    const app = appOf();
    new Mailtrail(new NestedStack(new Stack(app, 'Shop'), 'Inner'), 'Mailtrail', oidc);
    expect([...resourcesOf(templateOf(app), 'AWS::CloudFormation::Stack').keys()]).toHaveLength(1);
  });

  it('does not mind one in a nested stack, which is a stack of its own', () => {
    const stack = new Stack(appOf(), 'Shop');
    new Mailtrail(new NestedStack(stack, 'Inner'), 'Mailtrail', oidc);
    expect(() => new Mailtrail(stack, 'Mailtrail', oidc)).not.toThrow();
  });
});

describe('the props', () => {
  it('may be values of other resources, such as a user pool and a topic of the same stack', () => {
    const app = appOf();
    const stack = new Stack(app, 'Shop');
    const pool = new UserPool(stack, 'Users');
    const client = pool.addClient('Page');
    new Mailtrail(stack, 'Mailtrail', {
      oidcIssuer: pool.userPoolProviderUrl,
      oidcAudience: client.userPoolClientId,
      uiClientId: client.userPoolClientId,
      sesTopicArn: new Topic(stack, 'Ses').topicArn,
    });
    const [authorizer] = resourcesOf(templateOf(app), 'AWS::ApiGatewayV2::Authorizer').values();
    const { Issuer, Audience } = authorizer!.Properties.JwtConfiguration;
    expect([asText(Issuer), Audience.map(asText)]).toEqual(['Users.ProviderURL', ['UsersPage']]);
  });

  it.each<[string, Partial<MailtrailProps>, string]>([
    ['a value out of range', { retentionDays: -1 }, '  retentionDays: '],
    ['an unknown name', { retentionDay: 1 } as never, '  retentionDay: is no setting'],
    ['several unknown names', { a: 1, b: 2 } as never, '  a: is no setting\n  b: is no setting'],
    ['no issuer', { oidcIssuer: undefined } as never, '  oidcIssuer: is missing: without it no token opens the API'],
    ['settings that contradict each other', { onlyListed: true }, '  onlyListed: needs the setting providers'],
    ['an issuer without TLS', { oidcIssuer: 'http://login.example.com' }, '  oidcIssuer: must be an https URL'],
  ])('are refused with %s, in one line for each', (_, props, message) => {
    const make = () => shop(() => {}, props);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(`The props of Shop/Mailtrail are not valid:\n${message}`);
  });

  it.each<keyof MailtrailProps>(['supportEmail', 'dailyDigestHour', 'corsOrigins'])(
    'are refused with a value of a resource where the template itself depends on it: %s',
    name => {
      const stack = new Stack(appOf(), 'Shop');
      const values = {
        supportEmail: new Queue(stack, 'Orders').queueName,
        dailyDigestHour: new CfnParameter(stack, 'Hour', { type: 'Number' }).valueAsNumber,
        corsOrigins: new CfnParameter(stack, 'Origins', { type: 'CommaDelimitedList' }).valueAsList,
      };
      expect(() => new Mailtrail(stack, 'Mailtrail', { ...oidc, [name]: values[name as keyof typeof values] })).toThrow(
        `The props of Shop/Mailtrail are not valid:\n  ${name}: must be known before the deployment, and no value of a resource`,
      );
    },
  );

  it('are written from the settings by `npm run docs`', () => {
    expect(readFileSync(propsFile, 'utf8')).toBe(propsModule());
  });

  it('are those of the settings: a checked configuration passes unchanged', () => {
    const given: Record<Field, unknown> = Object.fromEntries(
      Object.keys(config.shape).map(name => [name, undefined]),
    ) as Record<Field, unknown>;
    fc.assert(
      fc.property(
        fc.record({
          retentionDays: fc.integer({ min: 1, max: 4000 }).map(String),
          onlyListed: fc.constantFrom('true', 'false', true, false),
          providers: fc.constantFrom('sendgrid,app', ['sendgrid', 'app']),
          expectNews: fc.constantFrom('sendgrid=60, app=5', ['app=7'], [], [{ provider: 'app', minutes: 3 }]),
          corsOrigins: fc.constantFrom('https://a.example.com', []),
        }),
        settings => {
          const once = checkedConfig({ ...given, ...settings }, null, '');
          expect(checkedConfig(once, null, '')).toEqual(once);
        },
      ),
    );
  });
});

describe('a grant', () => {
  const indexes = ['byAccount', 'byRecipient', 'byReference', 'byAttention', 'byAttentionDay'];
  const permissions = () =>
    permissionsOf(
      shop((mailtrail, role) => {
        mailtrail.grantReadEmails(role).assertSuccess();
        mailtrail.grantPublishSesEvents(role).assertSuccess();
        mailtrail.grantWriteWebhookSecrets(role).assertSuccess();
      }),
    );

  it('covers the one table to read emails, the one topic for events of Amazon SES, or the one secret, and nothing else', () => {
    expect(permissions()).toEqual([
      [['dynamodb:GetItem', 'dynamodb:BatchGetItem'], ['MailtrailEmails.Arn']],
      ['dynamodb:Query', indexes.map(name => `MailtrailEmails.Arn/index/${name}`)],
      ['sns:Publish', ['MailtrailSesEventsTopic']],
      ['secretsmanager:PutSecretValue', ['MailtrailWebhookSecrets']],
    ]);
  });
});
