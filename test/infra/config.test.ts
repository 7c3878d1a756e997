import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  commandLineContext,
  config,
  environmentVariable,
  missingForDeployment,
  readConfig,
} from '../../infra/config.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';

const read = (context: Record<string, unknown>, environment: Record<string, string> = {}) =>
  readConfig(context, environment);
const defaults = read({});

describe('the configuration', () => {
  it('is complete without a word, but for whose tokens are taken', () => {
    expect(defaults).toMatchObject({ retentionDays: 400, accountClaim: 'account_id', corsOrigins: [] });
    expect(defaults.oidcIssuer).toBeUndefined();
  });

  it("has the catalogue's ages for when a status is old", () => {
    const minutes = ({ enqueued, sent, deferred }: typeof defaultOldAfter) =>
      [enqueued, sent, deferred].map(ms => ms / 60_000);
    expect([defaults.enqueuedOldAfterMinutes, defaults.sentOldAfterMinutes, defaults.deferredOldAfterMinutes]).toEqual(
      minutes(defaultOldAfter),
    );
  });

  it('is what cdk.json says, over that the environment, over that the command line', () => {
    const mailtrail = { retentionDays: 30 };
    const environment = { MAILTRAIL_RETENTION_DAYS: '60' };
    expect(read({ mailtrail }).retentionDays).toBe(30);
    expect(read({ mailtrail }, environment).retentionDays).toBe(60);
    expect(read({ mailtrail, retentionDays: '90' }, environment).retentionDays).toBe(90);
  });

  it('takes an empty text for: not set', () => {
    const mailtrail = { oidcIssuer: 'https://login.example.com', retentionDays: 30 };
    expect(read({ mailtrail, oidcIssuer: '' }).oidcIssuer).toBeUndefined();
    expect(read({ mailtrail }, { MAILTRAIL_RETENTION_DAYS: '' }).retentionDays).toBe(400);
  });

  it('takes several origins from one text', () => {
    const { corsOrigins } = read({}, { MAILTRAIL_CORS_ORIGINS: 'https://a.example.com, https://b.example.com' });
    expect(corsOrigins).toEqual(['https://a.example.com', 'https://b.example.com']);
  });

  it("takes the names of the sender's own senders from one text; there are none by default", () => {
    expect(read({}, { MAILTRAIL_SENDER_NAMES: 'postfix, crm-mailer' }).senderNames).toEqual(['postfix', 'crm-mailer']);
    expect(defaults.senderNames).toEqual([]);
  });

  it.each([
    ['a misspelt name', { mailtrail: { oidcIsuer: 'https://login.example.com' } }, 'oidcIsuer'],
    ['an issuer without TLS', { oidcIssuer: 'http://login.example.com' }, 'oidcIssuer: must be an https URL'],
    ['a retention that is no number', { retentionDays: 'forever' }, 'retentionDays: '],
    ['a log retention that CloudWatch does not have', { logRetentionDays: '31' }, 'logRetentionDays: '],
    ['a page of all emails', { emailPageUrl: 'https://app.example.com' }, 'emailPageUrl: must contain {emailId}'],
    ['a page that is a script', { emailPageUrl: 'javascript:{emailId}' }, 'emailPageUrl: '],
    ['a default account that no path could hold', { defaultAccountId: 'a/b' }, 'defaultAccountId: must be 1 to 128'],
    ['a sender that no registration could name', { senderNames: 'Post fix' }, 'senderNames.0: must be a name'],
    ['any origin', { corsOrigins: '*' }, 'corsOrigins.0: must be an origin such as https://app.example.com'],
  ])('refuses %s, and says so', (_, context, message) => {
    expect(() => read(context)).toThrow(message);
  });

  it('refuses a misspelt environment variable and a misspelt -c, and leaves the CDK its own', () => {
    expect(() => read({}, { MAILTRAIL_RETENTION_DAY: '30' })).toThrow('MAILTRAIL_RETENTION_DAY');
    expect(() => read(commandLineContext(['-c', 'oidcIsuer=https://login.example.com']))).toThrow('oidcIsuer');
    expect(read(commandLineContext(['-c', 'cli-telemetry=false', '--context=@aws-cdk/core:x=true', '-c']))).toEqual(
      defaults,
    );
    expect(read(commandLineContext(['--profile', 'p', '-c', 'retentionDays=7'])).retentionDays).toBe(7);
  });

  it('explains every field', () => {
    for (const [name, field] of Object.entries(config.shape)) expect(field.description, name).toMatch(/\.$|\)$/);
    expect(environmentVariable('oidcIssuer')).toBe('MAILTRAIL_OIDC_ISSUER');
  });
});

describe('deploying', () => {
  it('is possible once issuer and audience are set', () => {
    const oidc = { oidcIssuer: 'https://login.example.com', oidcAudience: 'mailtrail-api' };
    expect(missingForDeployment(read(oidc))).toBeNull();
  });

  it('says what to set while they are not, and fails', () => {
    const deploy = fileURLToPath(new URL('../../infra/tools/deploy.ts', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [deploy, '-c', 'oidcIssuer=', '-c', 'oidcAudience='], {
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/oidcIssuer +The issuer of your users' tokens/);
    expect(stderr).toContain('npm run deploy -- -c oidcIssuer=... -c oidcAudience=...');
    expect(stderr).toContain('MAILTRAIL_OIDC_ISSUER=... MAILTRAIL_OIDC_AUDIENCE=... npm run deploy');
    expect(stderr).not.toContain('    at ');
  });
});
