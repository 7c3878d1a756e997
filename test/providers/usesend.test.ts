import { describe, expect, it } from 'vitest';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { usesend } from '../../shared/providers/usesend.ts';
import { fixture, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('usesend', name);

describe("useSend's events", () => {
  itMaps('usesend', { messageId: 'cm5usesend0000000000001', accountId: 'acme', reference: 'INV-7' }, [
    ['email.bounced.Permanent.General', 'hard_bounced'],
    ['email.bounced.Permanent.General.no-such-domain', 'hard_bounced'],
    ['email.bounced.Permanent.General.own-words', 'hard_bounced'],
    ['email.bounced.Permanent.General.own-words-and-reply', 'invalid'],
    ['email.bounced.Permanent.General.unknown-user', 'invalid'],
    ['email.bounced.Permanent.NoEmail', 'invalid'],
    ['email.bounced.Permanent.NoEmail.own-words', 'invalid'],
    ['email.bounced.Permanent.OnAccountSuppressionList', 'rejected'],
    ['email.bounced.Transient.General.own-words', 'soft_bounced'],
    ['email.bounced.Transient.MailboxFull', 'soft_bounced'],
    ['email.bounced.Undetermined', 'soft_bounced'],
    ['email.bounced.without-type.advice', 'hard_bounced'],
    ['email.bounced.without-type.full', 'soft_bounced'],
    ['email.bounced.without-type.suppressed', 'rejected'],
    ['email.cancelled', null],
    ['email.clicked', 'link_clicked'],
    ['email.complained', 'marked_spam'],
    ['email.delivered', 'delivered'],
    ['email.delivery_delayed', 'deferred'],
    ['email.failed', 'rejected'],
    ['email.opened', 'opened'],
    ['email.queued', 'enqueued'],
    ['email.rejected', 'rejected'],
    ['email.rendering_failure', 'rejected'],
    ['email.sent', 'sent'],
    ['email.suppressed', 'rejected'],
  ]);

  itKeeps('usesend', [
    ['missing-fields', 'unexpected_shape'],
    ['missing-recipient', 'missing_recipient'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it('of a message to several people are a note on each, unless they concern the whole message', () => {
    const told = (name: string) => read(name).events.map(({ status, attribution }) => [status, attribution]);
    expect(told('email.clicked.several-recipients')).toEqual([
      [null, 'ambiguous'],
      [null, 'ambiguous'],
    ]);
    expect(told('email.queued.several-recipients')).toEqual([
      ['enqueued', undefined],
      ['enqueued', undefined],
    ]);
  });

  it("keep type, subtype, code and the server's words", () => {
    expect(read('email.bounced.Permanent.General.unknown-user').events[0]).toMatchObject({
      reason: { code: 'Permanent/General', enhancedCode: '5.1.1', text: '550 5.1.1 user unknown' },
      eventId: 'call_cm5evt0000000000000001',
      occurredAt: noon + 500,
    });
  });

  itIgnores('usesend', 'contact.created', 'domain.verified', 'domain.updated', 'webhook.test');
});

it("useSend's signature begins with a version and covers a time in milliseconds", () => {
  const keys = signingKeys('usesend');
  const signed = keys.sign(fixture('usesend', 'email.sent'), noon);
  const verify = (headers: Record<string, string>) =>
    usesend.verify(requestOf({ ...signed, headers: { ...signed.headers, ...headers } }), [keys.secret]);
  expect(verify({})).toEqual(genuine);
  expect(verify({ 'x-usesend-signature': signed.headers['x-usesend-signature']!.slice(3) })).toBe(
    'malformed_signature',
  );
  expect(verify({ 'x-usesend-signature': signed.headers['x-usesend-signature']!.replace('v1', 'v2') })).toBe(
    'malformed_signature',
  );
  expect(verify({ 'x-usesend-timestamp': String(noon / 1000) })).toBe('malformed_signature');
});
