import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { config, environmentVariable, missingForDeployment, readConfig } from '../../infra/config.ts';
import { commandLineContext } from '../../infra/tools/command-line-context.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';

const read = (context: Record<string, unknown>, environment: Record<string, string> = {}) =>
  readConfig(context, environment);
const defaults = read({});

describe('the configuration', () => {
  it('has a default for every value except the issuer of tokens', () => {
    expect(defaults).toMatchObject({ retentionDays: 400, accountClaim: 'account_id', corsOrigins: [] });
    expect(defaults.oidcIssuer).toBeUndefined();
  });

  it('takes the ages of an old status from the catalogue of statuses', () => {
    const minutes = ({ enqueued, sent, deferred }: typeof defaultOldAfter) =>
      [enqueued, sent, deferred].map(ms => ms / 60_000);
    expect([defaults.enqueuedOldAfterMinutes, defaults.sentOldAfterMinutes, defaults.deferredOldAfterMinutes]).toEqual(
      minutes(defaultOldAfter),
    );
  });

  it('takes a value from the command line before the environment, and from the environment before cdk.json', () => {
    const mailtrail = { retentionDays: 30 };
    const environment = { MAILTRAIL_RETENTION_DAYS: '60' };
    expect(read({ mailtrail }).retentionDays).toBe(30);
    expect(read({ mailtrail }, environment).retentionDays).toBe(60);
    expect(read({ mailtrail, retentionDays: '90' }, environment).retentionDays).toBe(90);
  });

  it('takes an empty text as a missing value', () => {
    const mailtrail = { oidcIssuer: 'https://login.example.com', retentionDays: 30 };
    expect(read({ mailtrail, oidcIssuer: '' }).oidcIssuer).toBeUndefined();
    expect(read({ mailtrail }, { MAILTRAIL_RETENTION_DAYS: '' }).retentionDays).toBe(400);
  });

  it('reads several origins out of one text', () => {
    const { corsOrigins } = read({}, { MAILTRAIL_CORS_ORIGINS: 'https://a.example.com, https://b.example.com' });
    expect(corsOrigins).toEqual(['https://a.example.com', 'https://b.example.com']);
  });

  it('reads the names of own senders out of one text, and has none by default', () => {
    expect(read({}, { MAILTRAIL_SENDER_NAMES: 'postfix, crm-mailer' }).senderNames).toEqual(['postfix', 'crm-mailer']);
    expect(defaults.senderNames).toEqual([]);
  });

  it('reads the providers in use and their expected gaps out of one text each, and has none by default', () => {
    const { providers, onlyListed, expectNews } = read(
      { onlyListed: 'true' },
      { MAILTRAIL_PROVIDERS: 'sendgrid, app', MAILTRAIL_EXPECT_NEWS: 'sendgrid=60, app=1440' },
    );
    expect(providers).toEqual(['sendgrid', 'app']);
    expect(onlyListed).toBe(true);
    expect(expectNews).toEqual([
      { provider: 'sendgrid', minutes: 60 },
      { provider: 'app', minutes: 1440 },
    ]);
    expect(defaults).toMatchObject({ providers: [], onlyListed: false, expectNews: [] });
  });

  it.each([
    ['a misspelt name', { mailtrail: { oidcIsuer: 'https://login.example.com' } }, 'oidcIsuer'],
    ['an issuer without TLS', { oidcIssuer: 'http://login.example.com' }, 'oidcIssuer: must be an https URL'],
    ['a retention without a number', { retentionDays: 'forever' }, 'retentionDays: '],
    ['a log retention that CloudWatch refuses', { logRetentionDays: '31' }, 'logRetentionDays: '],
    [
      'an email page without {emailId}',
      { emailPageUrl: 'https://app.example.com' },
      'emailPageUrl: must contain {emailId}',
    ],
    ['an email page with a script', { emailPageUrl: 'javascript:{emailId}' }, 'emailPageUrl: '],
    ['a default account with a slash', { defaultAccountId: 'a/b' }, 'defaultAccountId: must be 1 to 128'],
    ['a sender with a blank', { senderNames: 'Post fix' }, 'senderNames.0: must be a name'],
    ['an unknown provider', { providers: 'sendgird' }, 'providers.0: must be the name of a provider'],
    ['only listed providers where none is listed', { onlyListed: 'true' }, 'onlyListed: needs the setting providers'],
    ['a listing that is neither true nor false', { onlyListed: 'yes' }, 'onlyListed: '],
    [
      'an expected gap without minutes',
      { providers: 'sendgrid', expectNews: 'sendgrid' },
      'expectNews.0: must be a provider and minutes such as sendgrid=60',
    ],
    [
      'an expected gap of a provider that is not listed',
      { providers: 'app', expectNews: 'sendgrid=60' },
      'expectNews: the setting providers does not list sendgrid',
    ],
    ['an issuer with a blank', { oidcIssuer: 'https://login example.com' }, 'oidcIssuer: must be an https URL'],
    [
      'an origin with a path',
      { uiConnectOrigins: 'https://a.example.com/token' },
      'uiConnectOrigins.0: must be an origin',
    ],
    ['an origin with a directive', { uiConnectOrigins: 'https://a.example.com; script-src *' }, 'uiConnectOrigins.0: '],
    ['a domain with a scheme', { domainName: 'https://mail.example.com' }, 'domainName: must be a domain such as'],
    ['a domain without its certificate', { domainName: 'mail.example.com' }, 'certificateArn: is missing: domainName'],
    [
      'a certificate without its domain',
      { certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222' },
      'domainName: is missing: certificateArn',
    ],
    ['a certificate that is none', { certificateArn: 'mail.example.com' }, 'certificateArn: must be the ARN'],
    [
      'a table without its stream',
      { existingTable: 'arn:aws:dynamodb:eu-west-1:123456789012:table/Emails' },
      "existingTable: must be the ARN of the table's stream",
    ],
    [
      'a secret without the end of its ARN',
      { existingWebhookSecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:short' },
      'existingWebhookSecret: must be the whole ARN',
    ],
    [
      'a URL of events without TLS',
      { events: true, eventsUrl: 'http://a.example.com' },
      'eventsUrl: must be an https URL',
    ],
    [
      'a URL of events that only looks like this machine',
      { events: true, eventsUrl: 'http://localhost@a.example.com/' },
      'eventsUrl: must be an https URL',
    ],
    [
      'a URL of events with a part that EventBridge never sends',
      { events: true, eventsUrl: 'https://a.example.com/hook#mail' },
      'eventsUrl: must consist of characters that EventBridge takes',
    ],
    [
      'a URL of events with a gap that EventBridge would have to fill',
      { events: true, eventsUrl: 'https://a.example.com/*' },
      'eventsUrl: must consist of characters that EventBridge takes',
    ],
    [
      'a URL of events whose domain is not in Punycode',
      { events: true, eventsUrl: 'https://b\u00fccher.example/' },
      'eventsUrl: must consist of characters that EventBridge takes',
    ],
    ['an hour that is none, which would be midnight', { dailyDigestHour: false }, 'dailyDigestHour: '],
    ['an hour of blanks', { dailyDigestHour: ' ' }, 'dailyDigestHour: '],
    ['a URL of events without a bus', { eventsUrl: 'https://a.example.com/' }, 'events: must be true'],
    ['an ingest concurrency that SES uses up', { ingestConcurrency: 22 }, 'ingestConcurrency: must be above 22'],
    ['one batch of SES at once, which Lambda refuses', { sesConcurrency: 1 }, 'sesConcurrency: '],
    ['any origin', { corsOrigins: '*' }, 'corsOrigins.0: must be an origin such as https://app.example.com'],
  ])('refuses %s and names the value', (_, context, message) => {
    expect(() => read(context)).toThrow(message);
  });

  it.each(['24', '-1', '7.5', '7am'])('refuses %s as the hour of a digest, and says which hours there are', hour => {
    const message = '\n  dailyDigestHour: must be a whole number from 0 to 23, the UTC hour';
    expect(() => read({ dailyDigestHour: hour })).toThrow(message);
  });

  it("refuses a misspelt environment variable and a misspelt -c, and ignores the CDK's own", () => {
    expect(() => read({}, { MAILTRAIL_RETENTION_DAY: '30' })).toThrow('MAILTRAIL_RETENTION_DAY');
    expect(() => read(commandLineContext(['-c', 'oidcIsuer=https://login.example.com']))).toThrow('oidcIsuer');
    expect(read(commandLineContext(['-c', 'cli-telemetry=false', '--context=@aws-cdk/core:x=true', '-c']))).toEqual(
      defaults,
    );
    expect(read(commandLineContext(['--profile', 'p', '-c', 'retentionDays=7'])).retentionDays).toBe(7);
  });

  it('describes every field', () => {
    for (const [name, field] of Object.entries(config.shape)) expect(field.description, name).toMatch(/\.$|\)$/);
    expect(environmentVariable('oidcIssuer')).toBe('MAILTRAIL_OIDC_ISSUER');
  });
});

describe('the URL of events', () => {
  it.each([
    'https://a.example.com/hook?x=1',
    'http://localhost:4000/hook',
    'http://127.0.0.1:4000',
    'http://localhost',
  ])('may be %s', eventsUrl => {
    expect(read({ events: true, eventsUrl }).eventsUrl).toBe(eventsUrl);
  });
});

describe('a deployment', () => {
  it('starts once issuer and audience are set', () => {
    const oidc = { oidcIssuer: 'https://login.example.com', oidcAudience: 'mailtrail-api' };
    expect(missingForDeployment(read(oidc))).toBeNull();
  });

  it('fails without issuer and audience, and says what to set', () => {
    const deploy = fileURLToPath(new URL('../../infra/tools/deploy/deploy.ts', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [deploy, '-c', 'oidcIssuer=', '-c', 'oidcAudience='], {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true' },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/oidcIssuer +The issuer of your users' tokens/);
    expect(stderr).toContain('npm run deploy -- -c oidcIssuer=... -c oidcAudience=...');
    expect(stderr).toContain('MAILTRAIL_OIDC_ISSUER=... MAILTRAIL_OIDC_AUDIENCE=... npm run deploy');
    expect(stderr).not.toContain('    at ');
  });
});
