import { describe, expect, it } from 'vitest';
import { emailIdOf } from '../../shared/email/event.ts';
import { app } from '../../shared/providers/app.ts';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import { fixture, parsedBody, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const read = (name: string) => parsedBody('app', fixture('app', name));

describe("the sending application's events", () => {
  it.each(statusIds)('of the type email.%s set that status in the email of the named provider', status => {
    expect(read(`email.${status}`)).toMatchObject({
      quarantined: [],
      events: [
        {
          provider: 'sendgrid',
          messageId: '14c5d75ce93',
          recipient: 'jane@example.com',
          status,
          occurredAt: noon,
          providerEvent: `app.${status}`,
          accountId: 'acme',
          subject: 'Invoice 7',
          reference: 'INV-7',
        },
      ],
    });
  });

  it.each([
    ['email.enqueued', 'sendgrid', 'delivered'],
    ['mailgun-message-id', 'mailgun', 'delivered'],
  ] as const)("in the fixture %s belong to the same email as %s's own events", (registration, provider, event) => {
    const [registered] = read(registration).events;
    const [reported] = parsedBody(provider, fixture(provider, event)).events;
    expect(emailIdOf(registered!)).toBe(emailIdOf(reported!));
  });

  it('make one email for each recipient', () => {
    expect(read('several-recipients').events.map(({ recipient }) => recipient)).toEqual([
      'jane@example.com',
      'omar@example.com',
    ]);
  });

  it('may come in batches', () => {
    expect(read('batch').events).toHaveLength(3);
  });

  it('belong to the provider "app" if they name none', () => {
    expect(read('own-sender').events).toMatchObject([{ provider: 'app', status: 'sent' }]);
  });

  describe('that send an email again', () => {
    const successor = { provider: 'sendgrid', messageId: 'again-1', recipient: 'jane@example.com' };

    it('name it by its id, which the history of the new email keeps', () => {
      expect(read('resend.of-email')).toMatchObject({
        quarantined: [],
        events: [
          { ...successor, status: 'sent', reference: 'INV-7' },
          { ...successor, status: null, providerEvent: 'app.resend', relatedEmailId: 'AbCdEfGhIjKlMnOpQrStUv' },
        ],
      });
    });

    it('or by its message, as its provider writes it, and both emails get a note', () => {
      const predecessor = { provider: 'sendgrid', messageId: '14c5d75ce93', recipient: 'jana@example.com' };
      expect(read('resend.of-message')).toMatchObject({
        quarantined: [],
        events: [
          { ...successor, status: 'sent' },
          { ...successor, providerEvent: 'app.resend', relatedEmailId: emailIdOf(predecessor) },
          { ...predecessor, providerEvent: 'app.resent', relatedEmailId: emailIdOf(successor), accountId: 'acme' },
        ],
      });
    });

    it('are quarantined if its provider is unknown, and the field at fault is not that of the email itself', () => {
      const misspelt = fixture('app', 'resend.of-message')
        .toString()
        .replace('"resendOf": {"provider": "sendgrid"', '"resendOf": {"provider": "sendgird"');
      expect(parsedBody('app', Buffer.from(misspelt))).toMatchObject({
        events: [],
        quarantined: [{ reason: 'unknown_provider', field: 'data.resendOf.provider', nearest: 'sendgrid' }],
      });
    });

    it('are quarantined if it is the email itself', () => {
      expect(read('resend.of-itself')).toMatchObject({
        events: [],
        quarantined: [{ reason: 'unusable_resend_of', field: 'data.resendOf' }],
      });
    });
  });

  it('may name a machine as evidence, and a reason', () => {
    expect(read('machine-open').events[0]?.evidence).toBe('machine');
    expect(read('with-reason').events[0]?.reason).toEqual({
      cause: 'unknown_domain',
      code: '550',
      enhancedCode: '5.1.2',
      text: '550 5.1.2 host not found',
    });
  });

  it('have a cause only if their words lead to the status that they name', () => {
    expect(read('email.invalid.with-reason').events[0]).toMatchObject({
      status: 'invalid',
      reason: { cause: 'unknown_user' },
    });
    const other = read('email.soft_bounced.with-another-reason').events[0];
    expect(other).toMatchObject({ status: 'soft_bounced' });
    expect(other?.reason).not.toHaveProperty('cause');
  });

  it('that register an email twice are one event', () => {
    const [one, other] = [read('email.enqueued'), read('email.enqueued')];
    expect(one.events[0]?.eventId).toBe(other.events[0]?.eventId);
  });

  it.each([
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
    ['missing-fields', 'unexpected_shape'],
    ['unreadable-time', 'unreadable_time'],
  ])('in the fixture %s are quarantined as %s', (name, reason) => {
    expect(read(name)).toMatchObject({ events: [], quarantined: [{ reason }] });
  });
});

describe("the sending application's signature", () => {
  const body = fixture('app', 'email.sent');
  const keys = signingKeys('app');
  const signed = keys.sign(body, noon);
  const signature = signed.headers['webhook-signature']!;
  const verify = (value: string) =>
    app.verify(requestOf({ body, headers: { ...signed.headers, 'webhook-signature': value } }), [keys.secret]);

  it('is found among several signatures, and unknown versions are ignored', () => {
    const other = signingKeys('app').sign(body, noon).headers['webhook-signature']!;
    expect(verify(`v2,abc v1a,${signature.slice(3)} ${other} ${signature}`)).toEqual(genuine);
  });

  it.each([
    ['with an unknown version only', `v2,${signature.slice(3)}`, 'malformed_signature'],
    ['with a comma between two signatures', `${signature},${signature}`, 'malformed_signature'],
    ['with trailing junk', `${signature}x`, 'malformed_signature'],
    ['without a version', signature.slice(3), 'malformed_signature'],
  ])('is refused %s', (_, value, refusal) => {
    expect(verify(value)).toBe(refusal);
  });

  it('covers the id', () => {
    const request = requestOf({ body, headers: { ...signed.headers, 'webhook-id': 'msg_other' } });
    expect(app.verify(request, [keys.secret])).toBe('wrong_signature');
  });

  it('is verified with a secret with or without its prefix', () => {
    expect(app.verify(requestOf(signed), [keys.secret.replace('whsec_', '')])).toEqual(genuine);
  });
});
