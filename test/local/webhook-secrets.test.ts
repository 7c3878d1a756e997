import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openWebhookSecrets } from '../../infra/local/services/webhook-secrets.ts';
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
  expect(open({ sendgrid })).toEqual({ secretsFile: file, signingKeysFile: null });
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
