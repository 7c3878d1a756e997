import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openWebhookSecrets } from '../../infra/local/webhook-secrets.ts';
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
  ['null in a list', ['one', null]],
  ['a secret without its account', { secret: 'key' }],
  ['an account without a secret', [{ accountId: 'acme' }]],
  ['a list in a list', [['one']]],
])('and not %s', (_, sendgrid) => {
  expect(() => open({ sendgrid })).toThrow('must be a JSON object, provider → list of secrets');
});
