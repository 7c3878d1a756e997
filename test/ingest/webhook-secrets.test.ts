import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, it } from 'vitest';
import { createWebhookSecrets } from '../../functions/ingest/webhook-secrets.ts';

const minute = 60_000;

describe('the webhook secrets', () => {
  let value: string | Error;
  let lookups: number;
  let now: number;
  let secrets: ReturnType<typeof createWebhookSecrets>;

  beforeEach(() => {
    value = JSON.stringify({ sendgrid: ['one'] });
    lookups = 0;
    now = 0;
    const send = async () => {
      lookups += 1;
      if (value instanceof Error) throw value;
      return { SecretString: value };
    };
    secrets = createWebhookSecrets({ send } as unknown as SecretsManagerClient, 'arn', () => now);
  });

  it('are looked up once for many requests', async () => {
    await Promise.all([secrets(), secrets(), secrets()]);
    now = 3 * minute;
    expect(await secrets()).toEqual({ sendgrid: ['one'] });
    expect(lookups).toBe(1);
  });

  it('are in force within five minutes of being rotated', async () => {
    await secrets();
    value = JSON.stringify({ sendgrid: ['two', 'one'] });
    now = 5 * minute;
    expect(await secrets()).toEqual({ sendgrid: ['two', 'one'] });
  });

  it('may be a single one', async () => {
    value = JSON.stringify({ postmark: 'user:password' });
    expect(await secrets()).toEqual({ postmark: ['user:password'] });
  });

  it('outlast a short outage of Secrets Manager, but never five minutes', async () => {
    await secrets();
    value = new Error('out of reach');
    now = 5 * minute - 1;
    expect(await secrets()).toEqual({ sendgrid: ['one'] });
    now = 5 * minute;
    await expect(secrets()).rejects.toThrow('out of reach');
  });

  it.each(['', 'not json', '[]', '{"sendgrid": 7}', '{"sendgrid": [null]}'])(
    'are out of reach while what is stored is %j',
    async stored => {
      value = stored;
      await expect(secrets()).rejects.toThrow();
      value = '{}';
      expect(await secrets()).toEqual({});
    },
  );
});
