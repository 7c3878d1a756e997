import { describe, expect, it } from 'vitest';
import { ahasend } from '../../shared/providers/ahasend.ts';
import { genuine } from '../../shared/providers/signatures/verification.ts';
import { fixture, parsedFixture, requestOf } from '../fixtures/fixtures.ts';
import { signedRequest, signingKeys } from '../fixtures/signing.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { itIgnores, itKeeps, itMaps } from './mapping.ts';

const read = (name: string) => parsedFixture('ahasend', name);
const minute = 60_000;

describe("AhaSend's events", () => {
  itMaps('ahasend', { messageId: '0190a1b2-0000-7000-8000-000000000007@mail.example.org', occurredAt: noon + 500 }, [
    ['message.bounced', 'hard_bounced'],
    ['message.bounced.AuthenticationFailed', 'rejected'],
    ['message.bounced.BadConnection', 'soft_bounced'],
    ['message.bounced.BadDomain', 'hard_bounced'],
    ['message.bounced.DNSFailure', 'soft_bounced'],
    ['message.bounced.DNSFailure.no-such-domain', 'hard_bounced'],
    ['message.bounced.InactiveMailbox', 'hard_bounced'],
    ['message.bounced.InvalidRecipient', 'invalid'],
    ['message.bounced.InvalidRecipient.without-reply', 'invalid'],
    ['message.bounced.InvalidSender', 'rejected'],
    ['message.bounced.MessageExpired', 'soft_bounced'],
    ['message.bounced.NoAnswerFromHost', 'soft_bounced'],
    ['message.bounced.PolicyRelated', 'rejected'],
    ['message.bounced.ProtocolErrors', 'hard_bounced'],
    ['message.bounced.QuotaIssues', 'soft_bounced'],
    ['message.bounced.RoutingErrors', 'soft_bounced'],
    ['message.bounced.TransientFailure', 'soft_bounced'],
    ['message.bounced.Uncategorized.unknown-user', 'invalid'],
    ['message.bounced.late', 'hard_bounced'],
    ['message.bounced.late-with-null', 'hard_bounced'],
    ['message.bounced.new-class', 'hard_bounced'],
    ['message.bounced.to-string', 'hard_bounced'],
    ['message.clicked', 'link_clicked'],
    ['message.delivered', 'delivered'],
    ['message.failed', 'soft_bounced'],
    ['message.opened', 'opened'],
    ['message.reception', 'enqueued'],
    ['message.suppressed', 'rejected'],
    ['message.transient_error', 'deferred'],
    ['message.transient_error.BadConnection.full', 'deferred'],
    ['message.transient_error.QuotaIssues', 'deferred'],
    ['message.transient_error.QuotaIssues.weak-words', 'deferred'],
  ]);

  itKeeps('ahasend', [
    ['missing-data', 'missing_message_id'],
    ['missing-fields', 'unexpected_shape'],
    ['missing-recipient', 'missing_recipient'],
    ['missing-time', 'unreadable_time'],
    ['unknown-event', 'unknown_event'],
    ['unknown-event.to-string', 'unknown_event'],
  ]);

  itIgnores('ahasend', 'suppression.created', 'domain.dns_error', 'message.routing', 'route.message');

  it.each([
    ['message.bounced.AuthenticationFailed', 'authentication_failed'],
    ['message.bounced.BadDomain', 'unknown_domain'],
    ['message.bounced.InactiveMailbox', 'disabled_account'],
    ['message.bounced.InvalidRecipient.without-reply', 'unknown_user'],
    ['message.bounced.InvalidSender', 'sender_rejected'],
    ['message.bounced.MessageExpired', 'expired'],
    ['message.bounced.NoAnswerFromHost', 'network'],
    ['message.bounced.QuotaIssues', 'mailbox_full'],
    ['message.bounced.new-class', 'unspecified'],
    ['message.failed', 'expired'],
    ['message.suppressed', 'suppressed'],
    ['message.transient_error.QuotaIssues', 'mailbox_full'],
  ])('in the fixture %s have the cause %s', (name, cause) => {
    expect(read(name).events[0]?.reason?.cause).toBe(cause);
  });

  it.each([
    ['message.opened', 'human'],
    ['message.opened.bot', 'machine'],
    ['message.opened.without-is_bot', 'unknown'],
    ['message.clicked.bot', 'machine'],
    // The flag has a meaning for opens and clicks alone.
    ['message.delivered', 'unknown'],
    ['message.delivered.is_bot', 'unknown'],
  ])('in the fixture %s have the evidence %s', (name, evidence) => {
    expect(read(name).events[0]?.evidence).toBe(evidence);
  });

  it("keep class, code and the server's words, and leave out a code of 0", () => {
    expect(read('message.bounced.InvalidRecipient').events[0]).toMatchObject({
      reason: { code: 'InvalidRecipient 550', enhancedCode: '5.1.1', text: 'no such user' },
      subject: 'Invoice 7',
    });
    expect(read('message.bounced.BadDomain').events[0]?.reason).toEqual({ code: 'BadDomain', cause: 'unknown_domain' });
  });

  it('are identified by the id of their request, because the id in the body is the same in every call', () => {
    const [event] = read('message.delivered').events;
    expect(event?.eventId).toMatch(/^aha_/);
    expect(read('message.opened').events[0]?.eventId).not.toBe(event?.eventId);
  });

  it('belong to a registration with the id that the send call returned', () => {
    expect(ahasend.messageIdOf('<a@example.org>')).toBe('a@example.org');
  });
});

describe("AhaSend's signature", () => {
  it.each([
    ['looks like base64', `whsec_${Buffer.from('a key').toString('base64')}`],
    ['is any text', 'aha-whsec-%ä'],
  ])('has the whole undecoded secret as its key if the secret %s', (_, secret) => {
    const signed = requestOf(signedRequest('ahasend', secret, fixture('ahasend', 'message.delivered'), noon));
    expect(ahasend.verify(signed, [secret])).toEqual(genuine);
    expect(ahasend.verify(signed, [secret.slice(6)])).toBe('wrong_signature');
  });

  it('is valid for half an hour, because a retry may carry the time of the first try', () => {
    const keys = signingKeys('ahasend');
    const signed = keys.sign(fixture('ahasend', 'message.delivered'), noon);
    const verifyAt = (receivedAt: number) => ahasend.verify(requestOf(signed, receivedAt), [keys.secret]);
    expect(verifyAt(noon + 20 * minute)).toEqual(genuine);
    expect(verifyAt(noon + 30 * minute)).toEqual(genuine);
    expect(verifyAt(noon + 31 * minute)).toBe('stale_timestamp');
  });

  it('may stand beside others during a rotation of secrets', () => {
    const keys = signingKeys('ahasend');
    const signed = keys.sign(fixture('ahasend', 'message.delivered'), noon);
    const other = `v1,${Buffer.alloc(32).toString('base64')}`;
    const headers = { ...signed.headers, 'webhook-signature': `${other} ${signed.headers['webhook-signature']}` };
    expect(ahasend.verify(requestOf({ ...signed, headers }), [keys.secret])).toEqual(genuine);
  });
});
