import { describe, expect, it } from 'vitest';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { unisendergo } from '../../shared/providers/unisendergo.ts';
import { fixture, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('unisendergo', name);

describe("Unisender Go's events", () => {
  itMaps('unisendergo', { messageId: '1ZymBc-00041N-07', accountId: 'acme', reference: 'INV-7' }, [
    ['clicked', 'link_clicked'],
    ['delivered', 'delivered'],
    ['delivered.single-flat', 'delivered'],
    ['delivered.single', 'delivered'],
    ['hard_bounced.err_blacklisted', 'rejected'],
    ['hard_bounced.err_delivery_failed-no-such-domain', 'hard_bounced'],
    ['hard_bounced.err_delivery_failed-unknown-user', 'invalid'],
    ['hard_bounced.err_delivery_failed', 'hard_bounced'],
    ['hard_bounced.err_destination_misconfigured', 'hard_bounced'],
    ['hard_bounced.err_domain_inactive', 'hard_bounced'],
    ['hard_bounced.err_lost', 'soft_bounced'],
    ['hard_bounced.err_mailbox_discarded', 'hard_bounced'],
    ['hard_bounced.err_mailbox_full', 'soft_bounced'],
    ['hard_bounced.err_skip_letter', 'rejected'],
    ['hard_bounced.err_spam_rejected', 'rejected'],
    ['hard_bounced.err_spam_skipped', 'rejected'],
    ['hard_bounced.err_too_large', 'soft_bounced'],
    ['hard_bounced.err_unreachable', 'soft_bounced'],
    ['hard_bounced.err_unsubscribed', 'rejected'],
    ['hard_bounced.err_user_inactive', 'hard_bounced'],
    ['hard_bounced.err_user_unknown', 'invalid'],
    ['hard_bounced', 'hard_bounced'],
    ['hard_bounced.new-code', 'hard_bounced'],
    ['opened', 'opened'],
    ['sent', 'sent'],
    ['soft_bounced.err_domain_inactive', 'hard_bounced'],
    ['soft_bounced.err_mailbox_full', 'soft_bounced'],
    ['soft_bounced.err_spam_rejected', 'rejected'],
    ['soft_bounced.err_user_unknown', 'invalid'],
    ['soft_bounced.err_will_retry', 'deferred'],
    ['soft_bounced', 'deferred'],
    ['soft_bounced.permanent-code', 'invalid'],
    ['hard_bounced.err_domain_inactive-with-words', 'invalid'],
    ['delivered.empty-lists', 'delivered'],
    ['soft_bounced.new-code', 'deferred'],
    ['spam', 'marked_spam'],
    ['subscribed', null],
    ['unsubscribed', null],
  ]);

  itKeeps('unisendergo', [
    ['missing-events', 'unexpected_shape'],
    ['missing-fields', 'unexpected_shape'],
    ['missing-job', 'missing_message_id'],
    ['missing-time', 'unreadable_time'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.other-family', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  it("keep the code and the server's words", () => {
    expect(read('hard_bounced.err_delivery_failed-unknown-user').events[0]?.reason).toEqual({
      cause: 'unknown_user',
      code: 'err_delivery_failed',
      enhancedCode: '5.1.1',
      text: '550 5.1.1 user unknown',
    });
  });

  it('have times in UTC, although they name no zone', () => {
    expect(read('delivered').events[0]).toMatchObject({ occurredAt: noon, providerEvent: 'delivered' });
  });

  it('have no metadata if the list of it is empty', () => {
    expect(read('delivered.metadata-as-list').events[0]).not.toHaveProperty('accountId');
  });

  itIgnores('unisendergo', 'transactional_spam_block');
});

describe("Unisender Go's signature", () => {
  const keys = signingKeys('unisendergo');
  const signed = keys.sign(fixture('unisendergo', 'delivered'), noon);
  const verify = (change: (body: string) => string) =>
    unisendergo.verify(requestOf({ body: Buffer.from(change(signed.body.toString())) }), [keys.secret]);

  it('covers the exact bytes of the body, with the key in its own place', () => {
    expect(verify(body => body)).toEqual(genuine);
    expect(verify(body => JSON.stringify(JSON.parse(body)))).toBe('wrong_signature');
    expect(verify(body => body.replace('jane@', 'joan@'))).toBe('wrong_signature');
  });

  it('becomes wrong if somebody appends to the body, which MD5 alone allows', () => {
    expect(verify(body => `${body}\u0080\0\0`)).toBe('malformed_signature');
  });

  it.each([
    ['missing', (body: string) => body.replace(/"auth": "[0-9a-f]+", /, '')],
    ['in upper case', (body: string) => body.replace(/[0-9a-f]{32}/, auth => auth.toUpperCase())],
    ['truncated', (body: string) => body.replace(/([0-9a-f]{31})[0-9a-f]"/, '$1"')],
  ])('is refused if it is %s', (_, change) => {
    expect(verify(change)).toBeTypeOf('string');
  });
});
