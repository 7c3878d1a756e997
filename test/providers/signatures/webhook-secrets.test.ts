import { describe, expect, it } from 'vitest';
import {
  InvalidWebhookSecrets,
  webhookSecretsIn,
  webhookSecretsOf,
} from '../../../shared/providers/signatures/webhook-secrets.ts';

const key = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEp9Fg==';
const own = (secret: string, accountId = 'acme') => ({ secret, accountId });

describe('the webhook secrets', () => {
  it('are a JSON object by provider', () => {
    expect(webhookSecretsIn('{"sendgrid": ["one"], "postmark": "user:password"}')).toEqual({
      sendgrid: ['one'],
      postmark: 'user:password',
    });
  });

  it.each(['', 'secret', '[]', '7', 'null', '"secret"'])('are refused if they are %j, without a word of them', json => {
    expect(() => webhookSecretsIn(json)).toThrow(
      new InvalidWebhookSecrets('they must be a JSON object, provider → list of secrets'),
    );
  });

  it('are refused by an error that has a name of its own', () => {
    expect(String(new InvalidWebhookSecrets('x'))).toBe('InvalidWebhookSecrets: x');
  });
});

describe("a provider's webhook secrets", () => {
  it.each([
    ['none, if there is no entry', undefined, []],
    ['none, if the list is empty', [], []],
    ['one text', 'secret', ['secret']],
    ["one secret of an account's own", own('secret'), [own('secret')]],
    ['a list', ['one', own('two'), own('three', 'globex')], ['one', own('two'), own('three', 'globex')]],
    [
      'a list in which a secret stands twice for the same account',
      [own(key), own(` ${key}`)],
      [own(key), own(` ${key}`)],
    ],
    ['a list in which a secret stands twice without one', ['one', 'one'], ['one', 'one']],
  ])('are %s', (_, entry, secrets) => {
    expect(webhookSecretsOf('sendgrid', entry)).toEqual(secrets);
  });

  it.each([
    null,
    7,
    {},
    [null],
    [['one']],
    { secret: 'one' },
    { accountId: 'acme' },
    own('one', ''),
    own('one', 'acme corp'),
    own('one', 'a/b'),
    own('one', 'acme\n'),
    own('one', '..'),
    { secret: 'one', accountId: 7 },
    { secret: 7, accountId: 'acme' },
  ])('are refused if the entry is %j', entry => {
    expect(() => webhookSecretsOf('sendgrid', entry)).toThrow(
      new InvalidWebhookSecrets(
        'sendgrid: must be a list of secrets, each a text or {"secret": "…", "accountId": "…"}',
      ),
    );
  });

  it.each([
    ['as it is', key],
    ['with blanks around and in it', ` ${key.slice(0, 9)}\r\n\t${key.slice(9)}\n`],
    ['with its prefix', `whsec_${key}`],
    ['without padding', key.replace(/=+$/, '')],
    ['in PEM armour', `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----\n`],
  ])('are refused if one stands there for two accounts, the second time %s', (_, other) => {
    const refusal = new InvalidWebhookSecrets('sendgrid: a secret stands there twice, for different accounts');
    for (const second of [other, own(other, 'globex')]) {
      expect(() => webhookSecretsOf('sendgrid', [own(key), second])).toThrow(refusal);
      expect(() => webhookSecretsOf('sendgrid', [second, 'another', own(key)])).toThrow(refusal);
    }
    expect(webhookSecretsOf('sendgrid', [own(key), own(other)])).toHaveLength(2);
  });

  it.each([
    ['whsec_', `${key}whsec_`, key],
    ['the padding', `MFkw=${key.slice(4, -2)}`, key],
    ['the armour', `BEGIN PUBLIC KEY${key}`, key],
  ])('are two if %s stands in another place', (_, one, other) => {
    expect(webhookSecretsOf('sendgrid', [own(one), own(other, 'globex')])).toHaveLength(2);
  });
});
