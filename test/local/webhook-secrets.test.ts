import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  createSecretPair,
  openWebhookSecrets,
  uselessOwnSecrets,
  webhookSecretsText,
} from '../../infra/local/services/webhook-secrets.ts';
import { StartError } from '../../infra/local/start-error.ts';
import { providers } from '../../shared/providers/registry.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-test-'));
const file = join(dataDir, 'own.json');

function open(content: unknown) {
  writeFileSync(file, JSON.stringify(content));
  return openWebhookSecrets(dataDir, file, providers);
}

test.each([
  ['a secret', 'key'],
  ['several', ['one', 'two']],
  ["an account's own", { secret: 'key', accountId: 'acme' }],
  ["several, some of them an account's own", ['one', { secret: 'key', accountId: 'acme' }]],
])('a file of own webhook secrets may hold %s', (_, sendgrid) => {
  expect(open({ sendgrid })).toMatchObject({
    ownSecretsFile: file,
    secretsFile: join(dataDir, 'webhook-secrets.json'),
  });
});

test.each([
  ['a number', 7],
  ['null', null],
  ['null in a list', ['one', null]],
  ['a secret without its account', { secret: 'key' }],
  ['an account without a secret', [{ accountId: 'acme' }]],
  ['an account that no email can have', [{ secret: 'key', accountId: '' }]],
  ['a list in a list', [['one']]],
])('and not %s: the start says of which provider', (_, sendgrid) => {
  expect(() => open({ mailgun: ['key'], sendgrid })).toThrow(
    new StartError(
      `the webhook secrets in ${file} cannot be used: sendgrid: must be a list of secrets, each a text or {"secret": "…", "accountId": "…"}`,
    ),
  );
});

test('the start says of which provider a secret stands for two accounts, and does not say the secret', () => {
  const two = ['acme', 'globex'].map(accountId => ({ secret: 'the-key', accountId }));
  const message = `the webhook secrets in ${file} cannot be used: sendgrid: a secret stands there twice, for different accounts`;
  expect(() => open({ mailgun: ['the-key'], sendgrid: two })).toThrow(new StartError(message));
  expect(message).not.toContain('the-key');
});

test.each(['{"sendgrid": the-key}', '[]', '7', '', '{'])('a file may not be %j', text => {
  writeFileSync(file, text);
  expect(() => openWebhookSecrets(dataDir, file, providers)).toThrow(
    new StartError(
      `the webhook secrets in ${file} cannot be used: they must be a JSON object, provider → list of secrets`,
    ),
  );
});

test.each([
  [{ sendgird: 'key' }, 'there is no provider sendgird, which FILE names; did you mean sendgrid?'],
  [
    { nobody: 'key', postmark: 'key' },
    'there is no provider nobody, which FILE names; it can be one of: ses, sendgrid, ',
  ],
])('a file may not name a provider that there is not: %j', (own, message) => {
  expect(() => open(own)).toThrow(`WEBHOOK_SECRETS: ${message.replace('FILE', file)}`);
});

describe('a secret of the own file that can verify nothing', () => {
  const lines = (own: unknown) => uselessOwnSecrets(open(own), providers);

  test.each([
    ['postmark', 'a', 'is no user:password'],
    ['postmark', ':b', 'is no user:password'],
    ['sendgrid', 'MFkwEwYHKoZIzj0CAQYI', 'is no P-256 public key'],
    ['sendgrid', createSecretPair('rsa').verifies, 'is no P-256 public key'],
    ['postal', createSecretPair('ec-p256').verifies, 'is no RSA public key'],
    ['postal', 'key', 'is no RSA public key'],
    ['resend', 'whsec_', 'is no base64, with or without whsec_'],
    ['resend', 'whsec_a secret', 'is no base64, with or without whsec_'],
    ['sweego', 'a secret', 'is no base64'],
    ['ses', 'mail-events', 'is no ARN of an SNS topic'],
    ['mailgun', ' \n', 'is blank'],
  ])('has a line at the start: of %s, %j %s', async (provider, secret, fault) => {
    const line = `WEBHOOK_SECRETS: ${provider}'s secret 1 ${fault}: no callback will match it`;
    expect(await lines({ [provider]: secret })).toEqual([line]);
    expect(await lines({ [provider]: [{ secret, accountId: 'acme' }] })).toEqual([line]);
  });

  test('is found by its place among the others', async () => {
    expect(await lines({ postmark: ['a:b', 'c', 'd'], mailgun: 'key' })).toEqual([
      "WEBHOOK_SECRETS: postmark's secret 2 is no user:password: no callback will match it",
      "WEBHOOK_SECRETS: postmark's secret 3 is no user:password: no callback will match it",
    ]);
  });

  test.each(Object.values(providers))('is none of the kind that $name verifies', async provider => {
    const { verifies } = createSecretPair(provider.secretKind);
    expect(await lines({ [provider.name]: verifies })).toEqual([]);
  });

  test('is no public key in PEM armour, and no DKIM record', async () => {
    const { verifies } = createSecretPair('ec-p256');
    expect(await lines({ postal: `"v=DKIM1; t=s; h=sha256; p=${createSecretPair('rsa').verifies};"` })).toEqual([]);
    expect(await lines({ sendgrid: `-----BEGIN PUBLIC KEY-----\n${verifies}\n-----END PUBLIC KEY-----\n` })).toEqual(
      [],
    );
  });

  test('is none where there is no file', async () => {
    expect(await uselessOwnSecrets(openWebhookSecrets(dataDir, undefined, providers), providers)).toEqual([]);
  });
});

describe('the secrets in force', () => {
  const files = open({});
  const generated = JSON.parse(readFileSync(files.secretsFile, 'utf8')) as Record<string, string[]>;
  const keys = JSON.parse(readFileSync(files.signingKeysFile, 'utf8')) as Record<string, string>;
  const inForce = (own: unknown) => {
    writeFileSync(file, JSON.stringify(own));
    return JSON.parse(webhookSecretsText(files)) as Record<string, unknown>;
  };

  test('are the generated ones where there is no file of own ones, one for every provider', () => {
    const none = openWebhookSecrets(dataDir, undefined, providers);
    expect(none).toEqual({ ...files, ownSecretsFile: null });
    expect(JSON.parse(webhookSecretsText(none))).toEqual(generated);
    expect(Object.keys(generated)).toEqual(Object.keys(providers));
    expect(Object.keys(keys)).toEqual(Object.keys(providers));
  });

  test("are a provider's own ones, then the generated one, so that demo and simulator still sign with its key", () => {
    const bound = { secret: 'key', accountId: 'acme' };
    expect(inForce({ postmark: 'one', mailgun: ['two', bound] })).toEqual({
      ...generated,
      postmark: ['one', ...generated.postmark!],
      mailgun: ['two', bound, ...generated.mailgun!],
    });
  });

  test('do not have a generated one a second time that its user has bound to an account', () => {
    const bound = { secret: generated.postmark![0], accountId: 'acme' };
    expect(inForce({ postmark: [bound] })).toEqual({ ...generated, postmark: [bound] });
  });

  test('follow a file that changes while the stack runs, and are as wrong as the file', () => {
    expect(inForce({ postmark: [7] })).toEqual({ ...generated, postmark: [7] });
    writeFileSync(file, '{ "postmark"');
    expect(webhookSecretsText(files)).toBe('{ "postmark"');
    expect(inForce({ postmark: ['mended'] })).toMatchObject({ postmark: ['mended', ...generated.postmark!] });
  });
});
