import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canaryAccountId } from '../../shared/email/event.ts';
import { webhookSecretsOf } from '../../shared/providers/signatures/webhook-secrets.ts';
import { providerNames, signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { ingestFunction } from '../rigs/ingest-function.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const canary = signingKeys('app');
const ours = signingKeys('app');

function registration(accountId: string): Buffer {
  const data = { messageId: `listed-${accountId}`, recipient: 'jane@example.com', accountId };
  return Buffer.from(JSON.stringify({ type: 'email.sent', timestamp: new Date(noon).toISOString(), data }));
}

describe('the ingest function', () => {
  let emails: StoredEmails;
  const quarantined: string[] = [];
  beforeAll(async () => {
    emails = await startStoredEmails();
  });
  afterAll(() => emails?.stop());

  function ingest(listed?: readonly string[], key: () => Promise<string> = async () => canary.secret) {
    return ingestFunction({
      secretsOf: async provider => (provider === 'app' ? [ours.secret] : []),
      canaryKey: key,
      store: emails.store,
      quarantine: async (_, pieces) => {
        for (const { reason } of pieces) quarantined.push(reason);
      },
      ...(listed && { accepts: (provider: string) => listed.includes(provider) }),
    });
  }
  const call = (
    handler: ReturnType<typeof ingest>,
    provider: string,
    { headers, body }: { headers: Readonly<Record<string, string>>; body: Buffer } = {
      headers: {},
      body: Buffer.from('{}'),
    },
    method = 'POST',
  ) => handler(httpEvent('POST /webhooks/{provider}', { provider }, headers, body, { method }), lambdaContext);
  const signed = (keys: typeof ours, accountId: string) => keys.sign(registration(accountId), noon);

  it('answers webhooks of providers that are not listed like those of unknown ones, where only listed ones are taken', async () => {
    const handler = ingest(['sendgrid']);
    for (const provider of [...providerNames, 'unknown']) {
      for (const method of ['POST', 'GET', 'OPTIONS']) {
        const { statusCode } = await call(handler, provider, undefined, method);
        expect(statusCode === 404, `${method} ${provider}`).toBe(provider !== 'sendgrid');
      }
    }
    expect((await call(handler, 'app', signed(ours, 'acme'))).statusCode).toBe(404);
  });

  it('takes the canary where registrations are not listed', async () => {
    const { statusCode, body } = await call(ingest(['sendgrid']), 'app', signed(canary, canaryAccountId));
    expect([statusCode, JSON.parse(body!)]).toEqual([200, expect.objectContaining({ recorded: 1 })]);
  });

  it("takes of the canary's key only events of the canary's account, and those of no other key", async () => {
    const handler = ingest();
    for (const sent of [signed(canary, 'acme'), signed(ours, canaryAccountId)]) {
      const { statusCode, body } = await call(handler, 'app', sent);
      expect([statusCode, JSON.parse(body!)]).toEqual([200, expect.objectContaining({ recorded: 0, quarantined: 1 })]);
    }
    expect(quarantined).toEqual(['foreign_account', 'foreign_account']);
    expect((await call(handler, 'app', signed(ours, 'acme'))).statusCode).toBe(200);
  });

  it("takes registrations while the canary's key is out of reach", async () => {
    const unreachable = () => Promise.reject(new Error('out of reach'));
    const hanging = () => new Promise<never>(() => {});
    for (const key of [unreachable, hanging]) {
      expect((await call(ingest(undefined, key), 'app', signed(ours, 'globex'))).statusCode).toBe(200);
    }
    expect((await call(ingest(undefined, unreachable), 'app', signed(canary, canaryAccountId))).statusCode).toBe(401);
  });

  it("has no secret of anybody that is bound to the canary's account", () => {
    const bound = [{ secret: ours.secret, accountId: canaryAccountId }];
    expect(() => webhookSecretsOf('app', bound)).toThrow("the account mailtrail-canary is Mailtrail's own");
  });
});
