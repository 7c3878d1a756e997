import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSecretPair } from '../../infra/local/services/webhook-secrets.ts';
import { postal } from '../../shared/providers/postal.ts';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { fixture, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('postal', name);

describe("Postal's events", () => {
  itMaps('postal', { messageId: 'abcdef1234', reference: 'INV-7' }, [
    ['MessageBounced', 'hard_bounced'],
    ['MessageDelayed', 'deferred'],
    ['MessageDeliveryFailed.full', 'soft_bounced'],
    ['MessageDeliveryFailed.no-such-domain', 'hard_bounced'],
    ['MessageDeliveryFailed', 'hard_bounced'],
    ['MessageDeliveryFailed.own-words', 'hard_bounced'],
    ['MessageDeliveryFailed.policy', 'rejected'],
    ['MessageDeliveryFailed.tries-used-up', 'soft_bounced'],
    ['MessageDeliveryFailed.unknown-user-without-code', 'invalid'],
    ['MessageDeliveryFailed.unknown-user', 'invalid'],
    ['MessageHeld', 'enqueued'],
    ['MessageHeld.suppression-list', 'rejected'],
    ['MessageLinkClicked', 'link_clicked'],
    ['MessageLoaded', 'opened'],
    ['MessageSent', 'delivered'],
  ]);

  itKeeps('postal', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_message_id'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it("keep the status and the server's words", () => {
    expect(read('MessageDeliveryFailed.unknown-user').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'HardFail',
      enhancedCode: '5.1.1',
      text: '550 5.1.1 user unknown',
    });
  });

  it("keep Postal's own words whole if no server replied", () => {
    expect(read('MessageDeliveryFailed.own-words').events[0]?.reason?.text).toBe(
      'Permanent SMTP delivery error when sending to mx.example.com (192.0.2.1). Recipient added to suppression list (too many hard fails)',
    );
  });

  it('of a bounce are about the bounced message, and not about the bounce message', () => {
    expect(read('MessageBounced').events[0]).toMatchObject({ messageId: 'abcdef1234', recipient: 'jane@example.com' });
  });

  itIgnores('postal', 'MessageSent.incoming', 'DomainDNSError', 'SendLimitApproaching', 'SendLimitExceeded');

  it('are identified by a UUID that stays the same over all tries', () => {
    expect(read('MessageSent').events[0]).toMatchObject({
      eventId: '0f6b5d2c-0000-4000-8000-000000000001',
      occurredAt: noon + 500,
    });
  });
});

describe("Postal's signature", () => {
  const { verifies, signs } = createSecretPair('rsa');
  const body = fixture('postal', 'MessageSent');
  const key = createPrivateKey({ key: Buffer.from(signs, 'base64'), format: 'der', type: 'pkcs8' });
  const by = (algorithm: string) => sign(algorithm, body, key).toString('base64');
  const verify = (headers: Record<string, string>, secret = verifies) =>
    postal.verify(requestOf({ headers, body }), [secret]);

  it('is by SHA-256, or by SHA-1 if an older installation sends no other', () => {
    expect(verify({ 'x-postal-signature-256': by('sha256') })).toEqual(genuine);
    expect(verify({ 'x-postal-signature': by('sha1') })).toEqual(genuine);
    expect(verify({ 'x-postal-signature': by('sha1'), 'x-postal-signature-256': by('sha256') })).toEqual(genuine);
    // A good SHA-1 signature does not replace a broken SHA-256 signature.
    expect(verify({ 'x-postal-signature': by('sha1'), 'x-postal-signature-256': by('sha1') })).toBe('wrong_signature');
  });

  it('is verified by a key in base64, in PEM or in a DKIM record', () => {
    const pem = createPublicKey({ key: Buffer.from(verifies, 'base64'), format: 'der', type: 'spki' })
      .export({ format: 'pem', type: 'spki' })
      .toString();
    const record = `v=DKIM1; t=s; h=sha256; p=${verifies};`;
    const inTwo = `"${record.slice(0, 200)}" "${record.slice(200)}"`;
    for (const secret of [verifies, pem, record, inTwo]) {
      expect(verify({ 'x-postal-signature-256': by('sha256') }, secret)).toEqual(genuine);
    }
    const other = createSecretPair('ec-p256').verifies;
    expect(verify({ 'x-postal-signature-256': by('sha256') }, other)).toBe('no_secret_configured');
  });
});
