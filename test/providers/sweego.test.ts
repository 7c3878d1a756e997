import { describe, expect, it } from 'vitest';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { sweego } from '../../shared/providers/sweego.ts';
import { fixture, parsedBody, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { cpuMsOf } from '../rigs/cpu-time.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('sweego', name);

describe("Sweego's events", () => {
  itMaps('sweego', { messageId: '5e9e0000-0000-4000-8000-000000000007', accountId: 'acme', reference: 'INV-7' }, [
    ['complaint', 'marked_spam'],
    ['delivered', 'delivered'],
    ['delivered.without-channel', 'delivered'],
    ['email_clicked', 'link_clicked'],
    ['email_opened', 'opened'],
    ['email_sent', 'sent'],
    ['hard_bounce', 'hard_bounced'],
    ['hard_bounce.bare-reply', 'invalid'],
    ['hard_bounce.brackets-in-the-reply', 'invalid'],
    ['hard_bounce.hyphen', 'hard_bounced'],
    ['hard_bounce.policy', 'rejected'],
    ['hard_bounce.reply-without-code', 'hard_bounced'],
    ['hard_bounce.unfinished-line', 'hard_bounced'],
    ['hard_bounce.unknown-user', 'invalid'],
    ['list_unsub', null],
    ['soft_bounce', 'soft_bounced'],
    ['soft_bounce.underscore', 'soft_bounced'],
    ['soft_bounce.unknown-user', 'invalid'],
    ['soft_bounce.without-reply', 'soft_bounced'],
  ]);

  itKeeps('sweego', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_message_id'],
    ['missing-recipient', 'missing_recipient'],
    ['missing-time', 'unreadable_time'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  // Text messages have events with the same names.
  itIgnores('sweego', 'email_inbound', 'sms_sent', 'sms-delivered');

  it('keep their own names, and only the reply out of a line of the log', () => {
    expect(read('soft_bounce').events[0]).toMatchObject({
      providerEvent: 'soft-bounce',
      reason: { code: '452', text: '452 4.2.2 mailbox full', enhancedCode: '4.2.2' },
    });
    expect(read('hard_bounce.brackets-in-the-reply').events[0]?.reason).toMatchObject({
      text: '550 5.1.1 <jane@example.com> unknown user (in reply to RCPT TO)',
    });
    expect(read('hard_bounce.reply-without-code').events[0]?.reason?.text).toBe('system not accepting mail');
    const everything = JSON.stringify(['hard_bounce', 'hard_bounce.unfinished-line'].map(read));
    expect(everything).not.toMatch(/192\.0\.2\.7|ESMTP|bounce@/);
  });

  it('with a long line of the log are read in less than 200 ms', () => {
    for (const part of ['(', '(550 ', ')', '550 ', '(550 (550 ) ']) {
      const details = `${part.repeat(200_000 / part.length)})`;
      const body = JSON.stringify({ ...JSON.parse(fixture('sweego', 'hard_bounce').toString()), details });
      const spent = cpuMsOf(() => expect(parsedBody('sweego', Buffer.from(body)).events).toHaveLength(1));
      expect(spent, part).toBeLessThan(200);
    }
  });

  it.each([
    ['email_opened', 'human'],
    ['email_opened.proxy', 'machine'],
    ['email_opened.without-proxy', 'unknown'],
    ['email_clicked', 'human'],
    ['email_clicked.proxy', 'machine'],
    ['delivered', 'unknown'],
  ])('in the fixture %s have the evidence %s', (name, evidence) => {
    expect(read(name).events[0]?.evidence).toBe(evidence);
  });

  it.each([
    ['delivered', noon],
    ['delivered.with-fraction', noon + 500],
    // A time without a zone is in UTC.
    ['email_opened', noon],
    ['email_opened.proxy', noon + 500],
  ])('in the fixture %s have the time %d', (name, at) => {
    expect(read(name).events[0]?.occurredAt).toBe(at);
  });

  it.each([
    ['delivered', undefined],
    ['delivered.tag-as-text', ['invoices']],
    ['delivered.tags-as-list', ['invoices', 'march']],
    ['delivered.tags-under-another-name', ['invoices', 'march']],
  ])('in the fixture %s have the tags %j', (name, tags) => {
    expect(read(name).events[0]?.tags).toEqual(tags);
  });

  it('belong to the message that a header names, if nothing else names it', () => {
    expect(read('delivered.id-in-headers')).toEqual(read('delivered.without-channel'));
  });

  it('are identified by their own id, because a retry may be a request with another id', () => {
    expect(read('delivered').events[0]?.eventId).toBe('5e9e0000-0000-4000-8000-0000000000e1');
  });
});

describe("Sweego's signature", () => {
  const keys = signingKeys('sweego');
  const signed = keys.sign(fixture('sweego', 'delivered'), noon);
  const verify = (signature: string, secret = keys.secret) =>
    sweego.verify(requestOf({ ...signed, headers: { ...signed.headers, 'webhook-signature': signature } }), [secret]);
  const bare = signed.headers['webhook-signature']!;

  it('is a single one in bare base64', () => {
    expect(verify(bare)).toEqual(genuine);
    for (const other of [`v1,${bare}`, `${bare} ${bare}`, `${bare},${bare}`, bare.slice(0, -1)])
      expect(verify(other), other).toBe('malformed_signature');
  });

  it('has the decoded secret as its key, and accepts no other form', () => {
    expect(keys.secret).toMatch(/^[\w+/]{64}$/);
    expect(verify(bare, ` ${keys.secret}\n`)).toEqual(genuine);
    for (const secret of [`whsec_${keys.secret}`, `${keys.secret}x`])
      expect(verify(bare, secret), secret).toBe('no_secret_configured');
  });
});
