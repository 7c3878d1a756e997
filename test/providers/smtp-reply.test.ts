import { describe, expect, it } from 'vitest';
import { enhancedCodeAmong, enhancedCodeIn, failureOf } from '../../shared/providers/smtp-reply.ts';

/** Replies as servers word them. */
const replies = [
  // No such domain, or one that takes no mail.
  ['550 5.1.2 Host unknown', 'hard_bounced'],
  ['5.4.4 (unable to route: no mail hosts for domain)', 'hard_bounced'],
  ['smtp; 5.4.4 Host or domain name not found. Name service error for name=exmaple.con type=MX', 'hard_bounced'],
  ['556 5.1.10 Domain example.com does not accept mail (nullMX)', 'hard_bounced'],
  ['550 5.1.0 Domain not found', 'hard_bounced'],
  ['No MX for nowhere.example', 'hard_bounced'],
  ['Host or domain name not found', 'hard_bounced'],
  ['451 4.4.3 Host or domain name not found. Name service error for name=exmaple.con', 'hard_bounced'],
  ['550 5.1.1 Domain not found: no MX', 'hard_bounced'],
  ["DNS Error: DNS type 'mx' lookup of exmaple.con responded with code NXDOMAIN Domain name not found", 'hard_bounced'],
  ['450 4.1.2 <jane@exmaple.con>: Recipient address rejected: Domain not found', 'hard_bounced'],
  ['550 The domain exmaple.con does not exist', 'hard_bounced'],
  ['[internal] Domain does not exist', 'hard_bounced'],
  ['550 Host mx.example.com does not exist', 'hard_bounced'],
  ['550 5.7.1 SPF lookup timed out', 'rejected'],
  ['550 5.7.1 Domain not found in the list of allowed senders', 'rejected'],
  // No such mailbox.
  ['550 The mailbox jane in domain example.com does not exist', 'invalid'],
  ['550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking', 'invalid'],
  ['550 5.1.1 <jane@example.com>: Recipient address rejected: User unknown in virtual mailbox table', 'invalid'],
  ['551 5.1.6 Recipient has moved', 'invalid'],
  ['550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient jane@example.com not found by SMTP address lookup', 'invalid'],
  ['550 5.1.0 Address rejected: user unknown', 'invalid'],
  ['550 No such user here', 'invalid'],
  ['550 Requested action not taken: mailbox unavailable, recipient unknown', 'invalid'],
  ['550 Unknown recipient', 'invalid'],
  ['550 mailbox not found', 'invalid'],
  ["553 sorry, that address doesn't exist", 'invalid'],
  ['550 Invalid recipient', 'invalid'],
  ['550-No such person at this address', 'invalid'],
  // The sender's address is not the recipient's.
  ['550 Sender account unknown', null],
  ['550 SPF check: sender address is invalid', null],
  ['450 4.1.8 Sender address rejected: Domain not found', 'soft_bounced'],
  ['421 mailbox is unknown', null],
  ['550 Your IP address 203.0.113.5 has invalid reverse DNS', null],
  ['550 DMARC: address in From header invalid', 'rejected'],
  ["550 the recipient's mailbox policy: invalid DKIM signature", 'rejected'],
  ['554 Connection refused - client IP address not found in DNS (no PTR)', 'soft_bounced'],
  // A mailbox that takes no mail, or an address that cannot be one.
  ['550 5.2.1 The email account that you tried to reach is disabled', 'hard_bounced'],
  ['553 5.1.3 The recipient address is not a valid RFC 5321 address', 'hard_bounced'],
  ['553 5.1.8 Sender address rejected: domain not found', 'hard_bounced'],
  ['550 5.1.0 Address rejected', 'hard_bounced'],
  // Full, too large, or nobody answered in time.
  ['452 4.2.2 The email account that you tried to reach is over quota', 'soft_bounced'],
  ['552 5.2.2 Mailbox full', 'soft_bounced'],
  ['552 5.2.3 Message length exceeds administrative limit', 'soft_bounced'],
  ["552 5.3.4 Your message exceeded the receiver's message size limits", 'soft_bounced'],
  ['452 4.3.4 Message too big', 'soft_bounced'],
  ['451 4.3.2 Please try again later', 'soft_bounced'],
  ['421 4.4.2 Connection dropped', 'soft_bounced'],
  ['4.4.7 Message expired: unable to deliver in 840 minutes', 'soft_bounced'],
  ['delivery temporarily suspended: connect to mx.example.com: Connection timed out', 'soft_bounced'],
  ['Could not connect', 'soft_bounced'],
  ['554 connection timed out while relaying', 'soft_bounced'],
  ['554 5.4.1 connection timed out', 'soft_bounced'],
  // Refused as a matter of policy.
  ['550 5.7.1 Message rejected due to local policy', 'rejected'],
  ['550-5.7.26 Unauthenticated email from example.com is not accepted due to the DMARC policy', 'rejected'],
  ['421 4.7.0 Our system has detected an unusual rate of unsolicited mail', 'rejected'],
  ['451 4.7.1 Greylisted for too long', 'rejected'],
  ['554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using a blocklist', 'rejected'],
  ['554 5.6.0 Message contains spam or virus', 'rejected'],
  ['554 Message refused: blacklisted', 'rejected'],
  ['554 rejected by policy', 'rejected'],
  ['554 Spam message rejected', 'rejected'],
  ['550 relaying denied', 'rejected'],
  ['554 fails DMARC', 'rejected'],
  ['554 5.5.0 Message blocked by spam policy', 'rejected'],
  ['554 5.5.4 Relay access denied', 'rejected'],
  ['554 5.0.0 Blacklisted', 'rejected'],
  ['550 5.5.0 Blocked', 'hard_bounced'],
  // Any other permanent failure.
  ['554 5.3.2 System not accepting network messages', 'hard_bounced'],
  ['550 5.5.0 Requested action not taken', 'hard_bounced'],
  ['550 5.4.1 Recipient address rejected: Access denied', 'hard_bounced'],
  ['550 5.4.6 Routing loop detected', 'hard_bounced'],
  ['554 5.6.1 Body type not supported', 'hard_bounced'],
  // A code that says no more than its class, and words that say nothing.
  ['500 5.0.0 failed', 'hard_bounced'],
  ['450 4.0.0 failed', 'soft_bounced'],
  // What says nothing.
  ['554 delivery error', null],
  ['550 Exim 4.94.2 rejected your message', null],
  ['250 2.0.0 OK', null],
  ['', null],
] as const;

describe("a mail server's final reply", () => {
  it.each(replies)('"%s" is %s', (text, status) => {
    expect(failureOf({ enhancedCode: enhancedCodeIn(text), text })).toBe(status);
  });

  it.each([
    ['smtp;550 5.1.1 no such user', '5.1.1'],
    ['550-5.7.26 This mail', '5.7.26'],
    ['#5.1.1', '5.1.1'],
    ['host 5.1.1.7 said', undefined],
    ['version 15.1.1', undefined],
    ['Exim 4.94.2', undefined],
    ['Postfix 2.6.1 said: 550 5.1.1 no such user', '5.1.1'],
    ['250 2.0.0 OK', undefined],
    ['port 25.4.1', undefined],
    ['no code', undefined],
    [null, undefined],
  ])('"%s" holds the enhanced code %s', (text, code) => {
    expect(enhancedCodeIn(text)).toBe(code);
  });

  it('has its code wherever a code says more than its class', () => {
    expect(enhancedCodeAmong('5.0.0', '550 5.7.1 blocked')).toBe('5.7.1');
    expect(enhancedCodeAmong('5.0.0', 'blocked')).toBe('5.0.0');
    expect(enhancedCodeAmong('', undefined, 'no code')).toBeUndefined();
  });
});
