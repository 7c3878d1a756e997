import { describe, expect, it } from 'vitest';
import { parsedFixture } from '../fixtures/fixtures.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('mailjet', name);

describe("Mailjet's events", () => {
  itMaps('mailjet', { messageId: '104427216770000007', accountId: 'acme', reference: 'INV-7' }, [
    ['blocked.bad-or-empty-template', 'rejected'],
    ['blocked.blacklisted', 'rejected'],
    ['blocked.content-blocked', 'rejected'],
    ['blocked.duplicate-in-campaign', 'rejected'],
    ['blocked.error-in-template-language', 'rejected'],
    ['blocked.greylisted', 'deferred'],
    ['blocked.invalid-domain', 'hard_bounced'],
    ['blocked.mailbox-inactive', 'hard_bounced'],
    ['blocked.no-mail-host', 'hard_bounced'],
    ['blocked.policy-issue', 'rejected'],
    ['blocked.preblocked', 'rejected'],
    ['blocked.quota-exceeded', 'soft_bounced'],
    ['blocked.relay-access-denied', 'rejected'],
    ['blocked.sender-blocked', 'rejected'],
    ['blocked.spam-reporter', 'rejected'],
    ['blocked.system-issue', 'soft_bounced'],
    ['blocked.typofix', 'invalid'],
    ['blocked.unknown-words', 'rejected'],
    ['blocked.user-unknown', 'invalid'],
    ['bounce.bad-or-empty-template', 'rejected'],
    ['bounce.blacklisted', 'rejected'],
    ['bounce.code-decides', 'invalid'],
    ['bounce.content-blocked', 'rejected'],
    ['bounce.duplicate-in-campaign', 'rejected'],
    ['bounce.error-in-template-language', 'rejected'],
    ['bounce.greylisted-for-good', 'soft_bounced'],
    ['bounce.greylisted', 'deferred'],
    ['bounce.hard-full', 'soft_bounced'],
    ['bounce.hard-no-such-domain', 'hard_bounced'],
    ['bounce.hard-unknown-user', 'invalid'],
    ['bounce.hard', 'hard_bounced'],
    ['bounce.invalid-domain', 'hard_bounced'],
    ['bounce.mailbox-inactive', 'hard_bounced'],
    ['bounce.mailbox-inactive-with-words', 'invalid'],
    ['bounce.mailbox-inactive-for-now', 'soft_bounced'],
    ['bounce.greylisted-with-code', 'invalid'],
    ['bounce.no-mail-host', 'hard_bounced'],
    ['bounce.policy-in-the-other-field', 'soft_bounced'],
    ['bounce.hard-policy-in-the-other-field', 'rejected'],
    ['bounce.policy-issue', 'rejected'],
    ['bounce.preblocked', 'rejected'],
    ['bounce.quota-exceeded', 'soft_bounced'],
    ['bounce.relay-access-denied', 'rejected'],
    ['bounce.sender-blocked', 'rejected'],
    ['bounce.soft', 'soft_bounced'],
    ['bounce.spam-reporter', 'rejected'],
    ['bounce.system-issue', 'soft_bounced'],
    ['bounce.typofix', 'invalid'],
    ['bounce.user-unknown', 'invalid'],
    ['click', 'link_clicked'],
    ['open', 'opened'],
    ['sent.custom-id', 'delivered'],
    ['sent', 'delivered'],
    ['spam', 'marked_spam'],
    ['unsub', null],
  ]);

  itKeeps('mailjet', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-names', 'missing_message_id'],
    ['missing-recipient', 'missing_recipient'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it('keep ids above 2^53 exactly, so that they stay distinct', () => {
    expect(read('sent').events[0]?.messageId).toBe('104427216770000007');
    expect(read('sent.next-id').events[0]?.messageId).toBe('104427216770000008');
    expect(read('sent.guid').events[0]?.messageId).toBe('1ab23cd4-e567-8901-2345-6789f0gh1i2j');
  });

  // The dashboard tests a URL with these.
  itIgnores('mailjet', 'sent.test', 'bounce.test', 'test.empty');

  it('have a plain CustomID as their reference', () => {
    const [event] = read('sent.plain-custom-id').events;
    expect(event).toMatchObject({ reference: 'INV-7' });
    expect(event).not.toHaveProperty('accountId');
  });

  it("keep both labels, the code and the server's words", () => {
    expect(read('bounce.code-decides').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'domain: invalid domain',
      enhancedCode: '5.1.1',
      text: '550 5.1.1 user unknown',
    });
    expect(read('spam').events[0]?.reason).toEqual({ code: 'JMRPP' });
    expect(read('sent').events[0]).toMatchObject({ occurredAt: noon, reason: { text: '250 2.0.0 OK' } });
  });
});
