import { describe, expect, it } from 'vitest';
import { postmark } from '../../shared/providers/postmark.ts';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { fixture, parsedBody, requestOf } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const read = (name: string) => parsedBody('postmark', fixture('postmark', name));

describe("Postmark's events", () => {
  it.each([
    ['Delivery', 'delivered'],
    ['Open', 'opened'],
    ['Click', 'link_clicked'],
    ['Click.with-offset', 'link_clicked'],
    ['SpamComplaint', 'marked_spam'],
    ['SubscriptionChange', null],
    ['Bounce.HardBounce', 'hard_bounced'],
    ['Bounce.HardBounce.own-description', 'hard_bounced'],
    ['Bounce.ManuallyDeactivated.old-reply', 'rejected'],
    ['Bounce.HardBounce.unknown-user', 'invalid'],
    ['Bounce.HardBounce.no-such-user-without-code', 'invalid'],
    ['Bounce.BadEmailAddress', 'invalid'],
    ['Bounce.SoftBounce', 'soft_bounced'],
    ['Bounce.SoftBounce.code-decides', 'invalid'],
    ['Bounce.Transient', 'deferred'],
    ['Bounce.DnsError', 'deferred'],
    ['Bounce.Unknown', 'soft_bounced'],
    ['Bounce.Unknown.with-code', 'hard_bounced'],
    ['Bounce.Blocked', 'rejected'],
    ['Bounce.DMARCPolicy', 'rejected'],
    ['Bounce.ManuallyDeactivated', 'rejected'],
    ['Bounce.Unconfirmed', 'rejected'],
    ['Bounce.SMTPApiError', 'rejected'],
    ['Bounce.TemplateRenderingFailed', 'rejected'],
    ['Bounce.VirusNotification', 'rejected'],
    ['Bounce.SpamNotification', 'rejected'],
    ['Bounce.AutoResponder', null],
    ['Bounce.AddressChange', null],
    ['Bounce.ChallengeVerification', null],
    ['Bounce.OpenRelayTest', null],
    ['Bounce.Subscribe', null],
    ['Bounce.Unsubscribe', null],
    ['Bounce.InboundError', null],
    ['metadata-in-another-case', 'delivered'],
  ])('in the fixture %s have the status %s', (name, status) => {
    const { events, quarantined } = read(name);
    expect(quarantined).toEqual([]);
    expect(events).toMatchObject([
      {
        provider: 'postmark',
        messageId: '00000000-0000-4000-8000-000000000001',
        recipient: 'jane@example.com',
        status,
        accountId: 'acme',
        reference: 'INV-7',
      },
    ]);
    expect(Math.floor(events[0]!.occurredAt / 1000)).toBe(noon / 1000);
  });

  it('with ids above 2^53 stay distinct', () => {
    const ids = ['Bounce.huge-id', 'Bounce.huge-id-next'].map(name => read(name).events[0]?.eventId);
    expect(ids).toEqual(['Bounce-4323372036854775807', 'Bounce-4323372036854775806']);
  });

  it.each([
    ['unknown-event', 'unknown_event'],
    ['Bounce.new-type', 'unknown_event'],
    ['missing-fields', 'missing_message_id'],
    ['missing-time', 'unreadable_time'],
  ])('in the fixture %s are quarantined as %s', (name, reason) => {
    expect(read(name)).toMatchObject({ events: [], quarantined: [{ reason }] });
  });
});

describe("Postmark's basic authentication", () => {
  const body = fixture('postmark', 'Delivery');
  const verify = (authorization: string | undefined, secrets = ['user:pass:word']) =>
    postmark.verify(requestOf({ body, headers: { ...(authorization !== undefined && { authorization }) } }), secrets);
  const basic = (pair: string | Buffer) => `Basic ${Buffer.from(pair).toString('base64')}`;

  it.each([
    ['a password with a colon', basic('user:pass:word')],
    ['a scheme in lower case', basic('user:pass:word').replace('Basic', 'basic')],
    ['several spaces after the scheme', basic('user:pass:word').replace(' ', '   ')],
  ])('accepts %s', (_, header) => {
    expect(verify(header)).toEqual(genuine);
  });

  it.each([
    ['a missing header', undefined, 'missing_signature'],
    ['a pair without a colon', basic('userpassword'), 'malformed_signature'],
    ['invalid UTF-8', basic(Buffer.from([0x75, 0x3a, 0xff])), 'malformed_signature'],
    ['another scheme', 'Bearer dXNlcjpwYXNzOndvcmQ=', 'malformed_signature'],
    ['a megabyte', `Basic ${'A'.repeat(1_000_000)}`, 'malformed_signature'],
    ['two headers in one', `${basic('user:pass:word')}, ${basic('x:y')}`, 'malformed_signature'],
    ['the wrong password', basic('user:pass'), 'wrong_signature'],
    ['the wrong user', basic('users:pass:word'), 'wrong_signature'],
  ])('refuses %s', (_, header, refusal) => {
    expect(verify(header)).toBe(refusal);
  });

  it.each(['', ':', 'user:', ':password', 'no colon'])('counts %j as no secret', secret => {
    expect(verify(basic(secret), [secret])).toBe('no_secret_configured');
  });
});
