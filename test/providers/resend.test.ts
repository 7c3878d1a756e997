import { describe, expect, it } from 'vitest';
import { resend } from '../../shared/providers/resend.ts';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { fixture, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('resend', name);

describe("Resend's events", () => {
  itMaps('resend', { messageId: '56761188-7520-42d8-8898-ff6fc54ce618', accountId: 'acme', reference: 'INV-7' }, [
    ['email.bounced.Permanent.General', 'hard_bounced'],
    ['email.bounced.Permanent.General.no-such-domain', 'hard_bounced'],
    ['email.bounced.Permanent.General.own-words', 'hard_bounced'],
    ['email.bounced.Permanent.General.own-words-and-reply', 'invalid'],
    ['email.bounced.Permanent.General.unknown-user', 'invalid'],
    ['email.bounced.Permanent.NoEmail', 'invalid'],
    ['email.bounced.Permanent.NoEmail.own-words', 'invalid'],
    ['email.bounced.Permanent.OnAccountSuppressionList', 'rejected'],
    ['email.bounced.Permanent.Suppressed', 'rejected'],
    ['email.bounced.Transient.AttachmentRejected', 'rejected'],
    ['email.bounced.Transient.ContentRejected', 'rejected'],
    ['email.bounced.Transient.General', 'soft_bounced'],
    ['email.bounced.Transient.General.own-words', 'soft_bounced'],
    ['email.bounced.Transient.MailboxFull', 'soft_bounced'],
    ['email.bounced.Transient.MessageTooLarge', 'soft_bounced'],
    ['email.bounced.Undetermined', 'soft_bounced'],
    ['email.bounced.Undetermined.with-code', 'invalid'],
    ['email.bounced.without-bounce', 'hard_bounced'],
    ['email.bounced.without-type', 'soft_bounced'],
    ['email.bounced.without-type.advice', 'hard_bounced'],
    ['email.bounced.without-type.full', 'soft_bounced'],
    ['email.bounced.without-type.permanent', 'hard_bounced'],
    ['email.bounced.without-type.rejected-permanently', 'hard_bounced'],
    ['email.bounced.without-type.subtype-alone', 'rejected'],
    ['email.bounced.without-type.suppressed', 'rejected'],
    ['email.clicked', 'link_clicked'],
    ['email.complained', 'marked_spam'],
    ['email.delivered', 'delivered'],
    ['email.delivered.tags-as-list', 'delivered'],
    ['email.delivery_delayed', 'deferred'],
    ['email.failed', 'rejected'],
    ['email.opened', 'opened'],
    ['email.scheduled', 'enqueued'],
    ['email.sent', 'sent'],
    ['email.suppressed', 'rejected'],
  ]);

  itKeeps('resend', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-message', 'missing_message_id'],
    ['missing-recipient', 'missing_recipient'],
    ['missing-time', 'unreadable_time'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it('of a message to several people are a note on each, unless they concern the whole message', () => {
    const told = (name: string) =>
      read(name).events.map(({ recipient, status, attribution }) => [recipient, status, attribution]);
    for (const name of ['email.opened.several-recipients', 'email.bounced.several-recipients']) {
      expect(told(name)).toEqual([
        ['jane@example.com', null, 'ambiguous'],
        ['joe@example.com', null, 'ambiguous'],
      ]);
    }
    expect(told('email.sent.several-recipients')).toEqual([
      ['jane@example.com', 'sent', undefined],
      ['joe@example.com', 'sent', undefined],
    ]);
  });

  it('are identified by the id of their webhook message, which stays the same over all tries', () => {
    const [event] = read('email.delivered').events;
    expect(event).toMatchObject({ occurredAt: noon + 500, subject: 'Invoice 7' });
    expect(event?.eventId).toMatch(/^msg_/);
  });

  it("keep type, subtype, code and the server's words", () => {
    expect(read('email.bounced.Permanent.General.unknown-user').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'Permanent/General',
      enhancedCode: '5.1.1',
      text: 'smtp; 550 5.1.1 user unknown',
    });
    expect(read('email.bounced.Permanent.General.own-words').events[0]?.reason).toEqual({
      cause: 'unspecified',
      code: 'Permanent/General',
      text: expect.stringMatching(/^The recipient's email provider sent a hard bounce message, .* as a sender\.$/),
    });
    expect(read('email.suppressed').events[0]?.reason).toMatchObject({
      code: 'OnAccountSuppressionList/previous_bounce',
    });
    expect(read('email.failed').events[0]?.reason).toEqual({ text: 'reached_daily_quota' });
    expect(read('email.clicked').events[0]?.clickUrl).toBe('https://pay.example.com/INV-7');
  });

  it("are signed with Svix's headers, and not with those of Standard Webhooks", () => {
    const keys = signingKeys('resend');
    const signed = keys.sign(fixture('resend', 'email.sent'), noon);
    const renamed = Object.entries(signed.headers).map(([name, value]) => [name.replace('svix-', 'webhook-'), value]);
    expect(resend.verify(requestOf(signed), [keys.secret])).toEqual(genuine);
    expect(resend.verify(requestOf({ ...signed, headers: Object.fromEntries(renamed) }), [keys.secret])).toBe(
      'missing_signature',
    );
  });
});
