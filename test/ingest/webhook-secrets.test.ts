import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createWebhookSecrets, type WebhookSecrets } from '../../functions/ingest/webhook-secrets.ts';

const minute = 60_000;

describe('the webhook secrets', () => {
  let stored: string | Error | Promise<string>;
  let lookups: number;
  let now: number;
  let secrets: WebhookSecrets;
  const secretsOf = (provider: string) => secrets.secretsOf(provider);

  beforeEach(() => {
    stored = JSON.stringify({ sendgrid: ['one'] });
    lookups = 0;
    now = 0;
    const read = async () => {
      lookups += 1;
      if (stored instanceof Error) throw stored;
      return stored;
    };
    secrets = createWebhookSecrets(read, () => now);
  });

  it('are looked up once for many requests', async () => {
    await Promise.all([secretsOf('sendgrid'), secretsOf('mailgun'), secretsOf('sendgrid')]);
    now = 13 * minute;
    expect(await secretsOf('sendgrid')).toEqual(['one']);
    expect(lookups).toBe(1);
  });

  it('may be read before a request needs them, by the same lookup', async () => {
    secrets.prefetch();
    expect(await secretsOf('sendgrid')).toEqual(['one']);
    now = 13 * minute;
    expect(await secretsOf('sendgrid')).toEqual(['one']);
    expect(lookups).toBe(1);
  });

  it('are read by the request where reading them before failed', async () => {
    stored = new Error('out of reach');
    secrets.prefetch();
    await new Promise(setImmediate);
    stored = JSON.stringify({ sendgrid: ['one'] });
    expect(await secretsOf('sendgrid')).toEqual(['one']);
    expect(lookups).toBe(2);
  });

  it('read before a pause are as old as that', async () => {
    secrets.prefetch();
    await new Promise(setImmediate);
    stored = JSON.stringify({ sendgrid: ['two'] });
    now = 15 * minute;
    expect(await secretsOf('sendgrid')).toEqual(['two']);
  });

  it('are out of force within 15 minutes of their removal', async () => {
    await secretsOf('sendgrid');
    stored = JSON.stringify({ sendgrid: ['two'] });
    now = 15 * minute;
    expect(await secretsOf('sendgrid')).toEqual(['two']);
  });

  it('may be a single text', async () => {
    stored = JSON.stringify({ postmark: 'user:password' });
    expect(await secretsOf('postmark')).toEqual(['user:password']);
  });

  it("may be an account's own, alone or beside other secrets", async () => {
    const own = { secret: 'key', accountId: 'acme' };
    stored = JSON.stringify({ sendgrid: ['one', own, { secret: 'new key', accountId: 'acme' }], mailgun: own });
    expect(await secretsOf('sendgrid')).toEqual(['one', own, { secret: 'new key', accountId: 'acme' }]);
    expect(await secretsOf('mailgun')).toEqual([own]);
  });

  it('are an empty list for an unconfigured provider, whatever its name', async () => {
    for (const provider of ['mailgun', 'toString', '__proto__']) expect(await secretsOf(provider)).toEqual([]);
  });

  it('are refreshed in the background, and no request waits for that within the 15 minutes', async () => {
    await secretsOf('sendgrid');
    stored = new Promise(() => {});
    now = 14 * minute;
    expect(await secretsOf('sendgrid')).toEqual(['one']);
    expect(lookups).toBe(2);
  });

  it('are looked up anew if a refresh took so long that its result is out of date', async () => {
    await secretsOf('sendgrid');
    let arrive: (value: string) => void = () => {};
    stored = new Promise(resolve => {
      arrive = resolve;
    });
    now = 14.5 * minute;
    expect(await secretsOf('sendgrid')).toEqual(['one']);
    // The function is frozen here during the refresh.
    now = 60 * minute;
    const asked = secretsOf('sendgrid');
    stored = '{"sendgrid": ["two"]}';
    arrive('{"sendgrid": ["one"]}');
    expect(await asked).toEqual(['two']);
  });

  it('outlast a short outage of Secrets Manager, but never 15 minutes', async () => {
    await secretsOf('sendgrid');
    stored = new Error('out of reach');
    now = 15 * minute - 1;
    expect(await secretsOf('sendgrid')).toEqual(['one']);
    now = 15 * minute;
    await expect(secretsOf('sendgrid')).rejects.toThrow('out of reach');
  });

  describe('that are newer, for a request that the known ones do not prove,', () => {
    const renewed = () => secrets.renewedSecretsOf('sendgrid', now);
    beforeEach(async () => {
      await secretsOf('sendgrid');
      stored = JSON.stringify({ sendgrid: ['two', 'one'] });
    });

    it('are read four minutes after the last time', async () => {
      now = 4 * minute - 1;
      expect(await renewed()).toBeNull();
      now = 4 * minute;
      expect(await renewed()).toEqual(['two', 'one']);
      expect(await secretsOf('sendgrid')).toEqual(['two', 'one']);
    });

    it('are read once in four minutes, however many requests ask for them', async () => {
      now = 4 * minute;
      for (let second = 0; second < 600; second += 1) {
        await Promise.all([renewed(), renewed(), renewed()]);
        now += 1_000;
      }
      expect(lookups).toBe(1 + 3);
    });

    it('are tried once in four minutes while Secrets Manager is out of reach', async () => {
      stored = new Error('out of reach');
      now = 4 * minute;
      await expect(renewed()).rejects.toThrow('out of reach');
      for (let call = 0; call < 50; call += 1) expect(await renewed()).toBeNull();
      expect(lookups).toBe(2);
    });

    it('are those that came while the request was verified', async () => {
      const since = 4 * minute;
      now = since;
      const reading = renewed();
      now += 50;
      await reading;
      expect(await secrets.renewedSecretsOf('sendgrid', since)).toEqual(['two', 'one']);
      expect(lookups).toBe(2);
    });
  });

  it.each(['', 'not json', '[]', '7'])('are unavailable while the stored text is %j', async unreadable => {
    stored = unreadable;
    await expect(secretsOf('sendgrid')).rejects.toThrow();
    stored = '{"sendgrid": ["one"]}';
    expect(await secretsOf('sendgrid')).toEqual(['one']);
  });

  it.each([
    '7',
    'null',
    '[null]',
    '{}',
    '[{"secret":"key"}]',
    '[{"secret":"key","accountId":""}]',
    '[{"secret":"key","accountId":"acme\\n"}]',
    '[{"secret":"key","accountId":"a/b"}]',
    '[{"secret":"key","accountId":"acme corp"}]',
    '[{"secret":"key","accountId":7}]',
  ])('are unavailable for the one provider whose entry is %s', async entry => {
    stored = `{"sendgrid": ${entry}, "mailgun": ["key"]}`;
    await expect(secretsOf('sendgrid')).rejects.toThrow('sendgrid: must be a list of secrets');
    expect(await secretsOf('mailgun')).toEqual(['key']);
  });

  const key = randomBytes(32).toString('base64');
  it.each([
    ['unchanged', key],
    ['with blanks around', ` ${key}\n`],
    ['with its prefix', `whsec_${key}`],
    ['without padding', key.replace(/=+$/, '')],
    ['in PEM armour', `-----BEGIN PUBLIC KEY-----\n${key.slice(0, 20)}\n${key.slice(20)}\n-----END PUBLIC KEY-----\n`],
  ])('are refused if another account has the same key, %s', async (_, other) => {
    const own = { secret: key, accountId: 'acme' };
    for (const second of [other, { secret: other, accountId: 'globex' }]) {
      for (const sendgrid of [
        [own, second],
        [second, 'another', own],
      ]) {
        stored = JSON.stringify({ sendgrid, mailgun: ['key'] });
        now += 15 * minute;
        const refusal = await secretsOf('sendgrid').catch(String);
        expect(refusal).toBe('InvalidWebhookSecrets: sendgrid: a secret stands there twice, for different accounts');
        expect(await secretsOf('mailgun')).toEqual(['key']);
      }
    }
    stored = JSON.stringify({ sendgrid: [own, { secret: other, accountId: 'acme' }] });
    now += 15 * minute;
    expect(await secretsOf('sendgrid')).toHaveLength(2);
  });
});
