import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sendgrid } from '../../shared/providers/sendgrid.ts';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { fixture, parsedBody, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const read = (name: string) => parsedBody('sendgrid', fixture('sendgrid', name));

describe("SendGrid's events", () => {
  it.each([
    ['processed', 'enqueued'],
    ['deferred', 'deferred'],
    ['delivered', 'delivered'],
    ['delivered.numeric-arguments', 'delivered'],
    ['bounce.invalid-address', 'invalid'],
    ['bounce.invalid-without-code', 'invalid'],
    ['bounce.no-such-domain', 'hard_bounced'],
    ['bounce.hard', 'hard_bounced'],
    ['bounce.hard-worded-as-policy', 'rejected'],
    ['bounce.hard-no-such-domain-without-code', 'hard_bounced'],
    ['bounce.invalid-address-but-full', 'soft_bounced'],
    ['bounce.blocked-reputation', 'rejected'],
    ['bounce.blocked-content', 'rejected'],
    ['bounce.blocked-mailbox', 'soft_bounced'],
    ['bounce.blocked-volume', 'soft_bounced'],
    ['bounce.blocked-technical', 'soft_bounced'],
    ['bounce.blocked-unclassified', 'rejected'],
    ['bounce.blocked-without-classification', 'soft_bounced'],
    ['bounce.blocked-invalid-address', 'invalid'],
    ['bounce.blocked-class-only-status', 'rejected'],
    ['bounce.expired', 'soft_bounced'],
    ['bounce.expired-unknown-user', 'invalid'],
    ['bounce.expired-invalid-address', 'invalid'],
    ['dropped.bounced-address', 'rejected'],
    ['dropped.unsubscribed', 'rejected'],
    ['dropped.spam-reporting', 'rejected'],
    ['dropped.spam-content', 'rejected'],
    ['dropped.quota', 'rejected'],
    ['dropped.smtpapi-header', 'rejected'],
    ['dropped.invalid', 'invalid'],
    ['open.person', 'opened'],
    ['open.machine', 'opened'],
    ['click', 'link_clicked'],
    ['spamreport', 'marked_spam'],
    ['unsubscribe', null],
    ['group_unsubscribe', null],
    ['group_resubscribe', null],
  ])('in the fixture %s have the status %s', (name, status) => {
    const { events, quarantined } = read(name);
    expect(quarantined).toEqual([]);
    expect(events).toMatchObject([
      {
        provider: 'sendgrid',
        messageId: '14c5d75ce93',
        recipient: 'jane@example.com',
        status,
        occurredAt: noon,
        eventId: 'ZGVsaXZlcmVkLTAtMTIzNDU2Nzg',
        providerEvent: name.split('.')[0],
        accountId: 'acme',
        reference: 'INV-7',
      },
    ]);
  });

  it('distinguish an open by a machine from one by a person', () => {
    expect(read('open.machine').events[0]?.evidence).toBe('machine');
    expect(read('open.person').events[0]?.evidence).toBe('human');
    expect(read('click').events[0]).toMatchObject({
      evidence: 'unknown',
      clickUrl: 'https://pay.example.com/INV-7?a=1&b=2',
    });
  });

  it("keep SendGrid's label beside the code that decided", () => {
    expect(read('bounce.invalid-address-but-full').events[0]?.reason).toEqual({
      cause: 'mailbox_full',
      code: 'bounce: Invalid Address',
      enhancedCode: '5.2.2',
      text: '552 5.2.2 mailbox full',
    });
  });

  it('belong to the same message with ids of the older and of the newer form', () => {
    expect(read('older-message-id').events[0]?.messageId).toBe('14c5d75ce93');
    expect(sendgrid.messageIdOf('14c5d75ce93')).toBe('14c5d75ce93');
    // An id that itself has dots stays unchanged, in events and in registrations.
    expect(sendgrid.messageIdOf('14c5d75ce93.dfd.64b469')).toBe('14c5d75ce93.dfd.64b469');
  });

  it('come in batches, of which readable ones are recorded and all others quarantined', () => {
    expect(read('batch').events.map(({ eventId }) => eventId)).toEqual(['a1', 'a2', 'a3', 'b1']);
    expect(read('empty-batch')).toEqual({ events: [], quarantined: [], unrelated: 0 });
    const unknown = read('unknown-event');
    expect(unknown.events.map(({ eventId }) => eventId)).toEqual(['z']);
    expect(unknown.quarantined.map(({ reason }) => reason)).toEqual(Array(3).fill('unknown_event'));
    const missing = read('missing-fields');
    expect(missing.events.map(({ eventId }) => eventId)).toEqual(['ok']);
    expect(missing.quarantined.map(({ reason }) => reason)).toEqual([
      ...Array(4).fill('unexpected_shape'),
      'unreadable_time',
      'missing_message_id',
    ]);
  });

  it('that come asynchronously without address and message are quarantined, because their email is unknown', () => {
    expect(read('bounce.asynchronous').quarantined.map(({ reason }) => reason)).toEqual(['missing_message_id']);
  });

  it('that come asynchronously with an address make a separate email', () => {
    expect(read('bounce.asynchronous-with-address')).toMatchObject({
      events: [{ messageId: 'event:ZGVsaXZlcmVkLTAtMTIzNDU2Nzg', recipient: 'jane@example.com', status: 'invalid' }],
      quarantined: [],
    });
  });
});

describe("SendGrid's signature", () => {
  const body = fixture('sendgrid', 'batch');
  const keys = signingKeys('sendgrid');

  it('is also accepted under a key in PEM armour', () => {
    const pem = `-----BEGIN PUBLIC KEY-----\n${keys.secret}\n-----END PUBLIC KEY-----\n`;
    expect(sendgrid.verify(requestOf(keys.sign(body, noon)), [pem])).toEqual(genuine);
  });

  it('is refused with r = s = 0', () => {
    const { headers } = keys.sign(body, noon);
    const zero = Buffer.from([0x30, 6, 2, 1, 0, 2, 1, 0]).toString('base64');
    const request = requestOf({ body, headers: { ...headers, 'x-twilio-email-event-webhook-signature': zero } });
    expect(sendgrid.verify(request, [keys.secret])).toBe('wrong_signature');
  });

  it.each(['secp384r1', 'secp256k1'])('is refused by a key of the curve %s', namedCurve => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
    const { headers } = keys.sign(body, noon);
    const timestamp = headers['x-twilio-email-event-webhook-timestamp']!;
    const signature = sign('sha256', Buffer.concat([Buffer.from(timestamp), body]), privateKey).toString('base64');
    const request = requestOf({ body, headers: { ...headers, 'x-twilio-email-event-webhook-signature': signature } });
    const secret = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    expect(sendgrid.verify(request, [secret])).toBe('no_secret_configured');
    expect(sendgrid.verify(request, [secret, keys.secret])).toBe('wrong_signature');
  });
});
