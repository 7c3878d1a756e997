import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RenewedSecretsOf, WebhookSecretsOf } from '../../functions/ingest/webhook-secrets.ts';
import { nothingRecorded } from '../../shared/email/recorder.ts';
import type { ProviderName } from '../../shared/providers/registry.ts';
import { webhookSecretsOf } from '../../shared/providers/signatures/webhook-secrets.ts';
import { fixture, fixtureNames, fixtureType } from '../fixtures/fixtures.ts';
import { providerNames, signingKeys } from '../fixtures/signing.ts';
import { snsGet } from '../fixtures/sns.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { type IngestParts, ingestFunction } from '../rigs/ingest-function.ts';

const recorded = { record: async () => ({ ...nothingRecorded, recorded: 1 }) };

describe('a call that the known secrets do not prove', () => {
  let renewals = 0;
  beforeEach(() => {
    renewals = 0;
  });

  async function send(
    name: ProviderName,
    keys: ReturnType<typeof signingKeys>,
    secretsOf: WebhookSecretsOf,
    renewed: RenewedSecretsOf,
    changed: (headers: Record<string, string>) => Record<string, string> = headers => headers,
    parts: Partial<IngestParts> = {},
  ) {
    const handler = ingestFunction({
      secretsOf,
      renewedSecretsOf: (...given) => {
        renewals += 1;
        return renewed(...given);
      },
      store: recorded,
      quarantine: async () => {},
      get: snsGet,
      ...parts,
    });
    const [fixtureName] = fixtureNames(name);
    const type = fixtureType(fixtureName!);
    const { method, url, headers, body } = keys.sign(fixture(name, fixtureName!), noon, { type });
    const event = httpEvent('POST /webhooks/{provider}', { provider: name }, changed(headers), body, { method, url });
    return (await handler(event, lambdaContext)).statusCode;
  }
  const none = async () => [];

  it.each(providerNames)('of %s is proved by a secret that was just added', async name => {
    const keys = signingKeys(name);
    expect(await send(name, keys, none, async () => [keys.secret])).toBe(200);
    expect(await send(name, keys, async () => [keys.secret], none)).toBe(200);
    expect(renewals).toBe(1);
  });

  it('is refused if newer secrets do not prove it, or are as old', async () => {
    const keys = signingKeys('sendgrid');
    const others = async () => [signingKeys('sendgrid').secret];
    for (const renewed of [others, none, async () => null]) {
      expect(await send('sendgrid', keys, others, renewed)).toBe(401);
    }
    expect(renewals).toBe(3);
  });

  it('is to come again if newer secrets are out of reach, since they may prove it', async () => {
    const keys = signingKeys('sendgrid');
    const others = async () => [signingKeys('sendgrid').secret];
    const outOfReach = () => Promise.reject(new Error('out of reach'));
    expect(await send('sendgrid', keys, others, outOfReach)).toBe(429);
  });

  it("is proved by a secret that was just added while the table, with the canary's key, hangs", async () => {
    const keys = signingKeys('app');
    const hanging = () => new Promise<never>(() => {});
    const outcome = send(
      'app',
      keys,
      async () => [signingKeys('app').secret],
      async () => {
        await delay(5);
        return [keys.secret];
      },
      undefined,
      { canaryKey: hanging, abortAfter: milliseconds => AbortSignal.timeout(milliseconds < 2_000 ? 20 : milliseconds) },
    );
    expect(await outcome).toBe(200);
    expect(renewals).toBe(1);
  });

  it('is proved once somebody mends a list of secrets that cannot be used', async () => {
    const keys = signingKeys('sendgrid');
    const unusable = async () => webhookSecretsOf('sendgrid', [{ secret: 'x' }]);
    expect(await send('sendgrid', keys, unusable, unusable)).toBe(429);
    expect(await send('sendgrid', keys, unusable, async () => null)).toBe(429);
    expect(await send('sendgrid', keys, unusable, async () => [keys.secret])).toBe(200);
  });

  it('has no secrets read again if it has no signature, or an old one', async () => {
    const keys = signingKeys('app');
    const known = async () => [keys.secret];
    expect(await send('app', keys, known, known, () => ({}))).toBe(401);
    const old = (headers: Record<string, string>) => ({ ...headers, 'webhook-timestamp': '1700000000' });
    expect(await send('app', keys, known, known, old)).toBe(401);
    expect(renewals).toBe(0);
  });
});
