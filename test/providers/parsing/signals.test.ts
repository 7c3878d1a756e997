import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causeIn, failureOf } from '../../../shared/providers/parsing/signals.ts';
import { type Cause, causeIds, causes } from '../../../shared/status/causes.ts';
import { character } from '../../rigs/arbitrary-text.ts';
import { replies } from './replies.ts';

const all = Object.entries(replies).flatMap(([cause, texts]) => texts.map(text => [text, cause as Cause] as const));

describe("a mail server's reply", () => {
  it.each(all)('"%s" names the cause %s', (text, cause) => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
  });

  it.each(causeIds.filter(cause => cause !== 'unspecified' && cause !== 'suppressed'))(
    'of the cause %s ends in the status of that cause',
    cause => {
      for (const text of replies[cause]) {
        expect(failureOf({ text }, 'hard_bounced')).toEqual({ cause, status: causes[cause].status });
      }
    },
  );

  it("wakes nobody where it is the sender's turn, or nobody's", () => {
    const turns = new Set(['sender', 'nobody']);
    for (const [text, cause] of all) {
      if (!turns.has(causes[cause].turn ?? '')) continue;
      expect(['soft_bounced', 'rejected'], text).toContain(failureOf({ text }, 'hard_bounced').status);
    }
  });

  it('says the same whatever address stands in it, and in whatever letters', () => {
    const written = fc.constantFrom(
      'jane@example.com',
      'user.unknown@full.example',
      'spam@blocked.example.org',
      'a.b@c.d',
    );
    fc.assert(
      fc.property(fc.constantFrom(...all), written, ([text, cause], address) => {
        const changed = text.replaceAll(/[\w.]+@[\w.]+\w/g, address);
        expect(failureOf({ text: changed }, 'hard_bounced').cause).toBe(cause);
        expect(failureOf({ text: changed.toUpperCase() }, 'hard_bounced').cause).toBe(cause);
      }),
    );
  });

  it('gives a failure for any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 5_000 }), text => {
        const { status, cause } = failureOf({ text }, 'hard_bounced');
        expect(causes[cause].status ?? status).toBe(status);
      }),
    );
  });
});

describe('the order of evidence', () => {
  it.each([
    ['552 5.0.0 mailbox full', 'hard_bounced', 'mailbox_full'],
    ['550 5.1.0 listed at zen.example.org', 'hard_bounced', 'blocked'],
    ['550 5.7.1 SPF check failed', 'hard_bounced', 'authentication_failed'],
    ['550 5.3.0 no such user here', 'soft_bounced', 'unknown_user'],
  ] as const)('words beat a generic code and a generic label: "%s"', (text, label, cause) => {
    expect(failureOf({ text }, label).cause).toBe(cause);
  });

  it.each([
    ['550 5.2.1 no such user', 'disabled_account'],
    ['550 5.1.1 message contains spam', 'unknown_user'],
    ['550 5.1.2 mailbox disabled', 'unknown_domain'],
  ] as const)('a specific code beats other words: "%s"', (text, cause) => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
  });

  it.each([
    ['552 5.1.1 <jane@example.com> over quota', 'mailbox_full'],
    ['550 5.7.1 no such user', 'unknown_user'],
    ['525 5.7.13 disabled recipient address', 'disabled_account'],
    ['550 5.7.1 recipient account suspended', 'disabled_account'],
    ['550 5.2.1 your IP address 192.0.2.1 is blacklisted', 'blocked'],
    ['550 5.4.1 Recipient address rejected: Access denied', 'unknown_user'],
  ] as const)('but not the words that servers are known to send under it: "%s"', (text, cause) => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
  });

  it("takes the code of the server that a gateway quotes, not the gateway's own", () => {
    expect(causeIn({ enhancedCode: '5.3.0', text: "said: '550 5.2.2 4711'" })).toBe('mailbox_full');
    expect(causeIn({ text: '5.1.0 Unknown address error 550-5.7.26 4711' })).toBe('authentication_failed');
  });

  it("counts a provider's precise label as words", () => {
    expect(failureOf({ text: '550 5.0.0 failed' }, 'mailbox_full')).toEqual({
      cause: 'mailbox_full',
      status: 'soft_bounced',
    });
    expect(failureOf({ text: '550 5.1.1 failed' }, 'mailbox_full').cause).toBe('mailbox_full');
    expect(failureOf({ text: '550 5.1.1 failed' }, 'spam_content').cause).toBe('unknown_user');
    expect(failureOf({ text: '550 5.2.2 failed' }, 'unknown_user').cause).toBe('mailbox_full');
    expect(failureOf({ text: '550 5.0.0 mailbox full' }, 'unknown_user').cause).toBe('mailbox_full');
    expect(failureOf({}, 'blocked')).toEqual({ cause: 'blocked', status: 'rejected' });
  });

  it('asks a generic label only where nothing else tells', () => {
    expect(failureOf({ text: '550 5.0.0 failed' }, 'hard_bounced')).toEqual({
      cause: 'unspecified',
      status: 'hard_bounced',
    });
    expect(failureOf({ text: '550 5.0.0 failed' }, 'rejected').status).toBe('rejected');
    expect(failureOf({}, 'unspecified')).toEqual({ cause: 'unspecified', status: 'soft_bounced' });
  });

  it('takes a temporary code that is reported as final for a failure that will pass', () => {
    expect(failureOf({ text: '450 4.0.0 failed' }, 'hard_bounced').status).toBe('soft_bounced');
    expect(failureOf({ text: '450 4.7.1 failed' }, 'hard_bounced').status).toBe('soft_bounced');
    expect(failureOf({ text: '450 4.1.1 failed' }, 'hard_bounced').status).toBe('soft_bounced');
    expect(failureOf({ text: '452 4.2.2 mailbox full' }, 'hard_bounced').cause).toBe('mailbox_full');
    expect(failureOf({ text: '450 4.1.1 user unknown' }, 'hard_bounced').status).toBe('invalid');
  });

  it("never calls an address unknown by words about the sender, nor a sender by the recipient's", () => {
    const sending = ['Sender account unknown', 'HELO host not found', 'domain of sender address does not exist'];
    for (const text of sending) expect(failureOf({ text: `550 ${text}` }, 'hard_bounced').status).toBe('rejected');
    const inReply = '550 mx.example.com does not exist (in reply to MAIL FROM command)';
    expect(failureOf({ text: inReply }, 'hard_bounced').cause).toBe('sender_rejected');
    expect(failureOf({ text: '550 recipient address rejected: unknown' }, 'hard_bounced').status).toBe('invalid');
  });

  it.each([
    ['550 5.1.1 <dmarc@example.com>: Recipient address rejected: User unknown', 'unknown_user'],
    ['552 5.2.2 <dmarc@example.com> mailbox full', 'mailbox_full'],
    ['550 <blacklist@example.com>: user unknown', 'unknown_user'],
    ['550 no such user, see https://example.com/blacklist/help', 'unknown_user'],
    ['550 5.1.1 user unknown; spf=pass dkim=pass dmarc=pass', 'unknown_user'],
    ['host mx.blocklist.example[192.0.2.1] said: 550 no such user', 'unknown_user'],
  ] as const)('hears nothing in an address, in a link beside words, or in proofs that passed: "%s"', (text, cause) => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
  });

  it.each([
    '550 https://www.spamhaus.org/query/ip/192.0.2.1',
    '554 Please visit http://antispam.example.com/denyip.php?IP=192.0.2.9',
  ])('but in a link without words: "%s"', text => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe('blocked');
  });

  it.each([
    'host mx.example.com said: 550 5.1.1 User unknown (in reply to MAIL FROM command)',
    'host mx.example.com refused to talk to me: 554 5.1.2 Host unknown',
    'host mx.example.com said: 550 Host not found (in reply to EHLO command)',
    'SMTP error from remote mail server after MAIL FROM:<a@example.org> SIZE=1234: 550 No such user',
    '535 5.7.8 Error: authentication failed: user not found',
    '530 5.7.1 user unknown, authentication required',
    '550 Your email account has been disabled',
    '550 sending account disabled',
    '550 Your domain does not exist',
    '550 the sending address does not exist',
    '550 From domain has no MX',
    '550 unknown HELO host',
    "550 Expéditeur n'existe pas",
    '550 Ihre Domain existiert nicht',
    '550 Rejected, if in error please use abuse@example.com',
  ])('blames no recipient before one is named, for a login, or for what is the sender\'s: "%s"', text => {
    expect(failureOf({ text }, 'hard_bounced').status).toBe('rejected');
  });

  it.each([
    '450 4.1.1 <jane@example.com>: Recipient address rejected: unverified address: Address verification in progress',
    '451 4.3.0 cannot find recipient, database unavailable',
    '451 4.3.0 Address lookup failed, please retry',
    '450 4.2.1 mailbox temporarily locked',
    '421 4.3.0 account suspended for maintenance',
  ])('doubts a permanent cause where code and words are temporary: "%s"', text => {
    expect(failureOf({ text }, 'hard_bounced').status).toBe('soft_bounced');
  });

  it.each([
    ['550 5.5.4 4711', 'protocol'],
    ['550 5.6.3 4711', 'protocol'],
    ['550 5.7.9 4711', 'policy'],
    ['550 5.4.9 4711', 'unspecified'],
    // Gateways write it in front of everything.
    ['550 5.5.0 4711', 'unspecified'],
    ['450 4.7.9 4711', 'unspecified'],
  ] as const)('asks the subject of a permanent code where nothing says more: "%s"', (text, cause) => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
  });

  it.each([
    ['421', 'system'],
    ['451', 'system'],
    ['452', 'system'],
    ['503', 'protocol'],
    ['521', 'not_accepting'],
    ['522', 'mailbox_full'],
    ['552', 'mailbox_full'],
    ['556', 'unknown_domain'],
    ['550', 'unspecified'],
    ['554', 'unspecified'],
    // Of the login to our own provider's server.
    ['530', 'relay_denied'],
    ['534', 'relay_denied'],
    ['535', 'relay_denied'],
    ['538', 'relay_denied'],
  ] as const)('asks the reply code where nothing says more: %s, of the cause %s', (code, cause) => {
    expect(failureOf({ code }, 'hard_bounced').cause).toBe(cause);
    expect(failureOf({ text: `${code} 4711` }, 'hard_bounced').cause).toBe(cause);
  });

  it('takes a login that failed for that, whatever the enhanced code says', () => {
    expect(failureOf({ code: '535', enhancedCode: '5.1.1' }, 'hard_bounced').cause).toBe('relay_denied');
  });

  it('takes an enhanced code that comes apart from the text, and its class', () => {
    expect(failureOf({ enhancedCode: '5.2.2', text: '4711' }, 'hard_bounced').cause).toBe('mailbox_full');
    expect(failureOf({ enhancedCode: '4.0.0' }, 'hard_bounced').status).toBe('soft_bounced');
  });

  it.each([
    ['550 host does not accept mail', 'not_accepting'],
    ['The host does not accept mail', 'not_accepting'],
    ['450 host does not accept mail', 'policy'],
    ['550 missing header', 'protocol'],
    ['Missing header', 'protocol'],
    ['450 missing header', 'unspecified'],
    ['550 mailbox unavailable', 'unknown_user'],
    ['Mailbox unavailable', 'unknown_user'],
    ['450 mailbox unavailable', 'system'],
  ] as const)(
    'takes some words for final with a permanent code or none, and not with a temporary one: "%s"',
    (text, cause) => {
      expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
    },
  );

  it.each([
    ['450 4.2.2 4711', 'mailbox_full'],
    ['450 4.4.1 4711', 'network'],
    ['452 mailbox full, try again later', 'mailbox_full'],
    ['450 4.7.1 your IP is blacklisted, try again later', 'blocked'],
    ['450 4.7.0 SPF check failed, try again later', 'authentication_failed'],
    ['450 user unknown, try again later', 'system'],
  ] as const)(
    'lets a temporary code stand beside every cause but a permanent one of the recipient: "%s"',
    (text, cause) => {
      expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
    },
  );

  it.each([
    ['550 5.7.25 发件人地址不存在', 'reverse_dns'],
    ['550 5.7.25 收件人地址不存在', 'unknown_user'],
    ['ドメインは登録されていません', 'unspecified'],
    ['ユーザーは登録されていません', 'unknown_user'],
  ] as const)('knows whose address a language without blanks speaks of: "%s"', (text, cause) => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
  });

  it.each([
    ['554 A virus was found in the attachment', 'virus'],
    ['554 No virus was found in the text', 'unspecified'],
    ['554 No virus was found in the text. A virus was found in the attachment', 'virus'],
    ['554 A virus was found in the attachment. No virus was found in the text', 'virus'],
  ] as const)('lets an exception hold in its own sentence: "%s"', (text, cause) => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
  });

  it.each([
    ['550 4711 (DNS:NR)', 'reverse_dns'],
    ['554 4711 (HVU:B1)', 'blocked'],
    ['421 4711 [TSS09]', 'blocked'],
    ['550 4711 #BL0', 'blocked'],
    ['552 4711 MI:SPB', 'spam_content'],
  ] as const)('knows the marks of large hosts: "%s"', (text, cause) => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
  });

  it.each([
    ['554 The mailbox is full (in reply to RCPT TO command)', 'mailbox_full'],
    ['554 The mailbox, in reply to RCPT TO command, full', 'unspecified'],
    ['554 The mailbox [RCPT_TO] full', 'unspecified'],
  ] as const)('reads no sentence across the name of a command: "%s"', (text, cause) => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
  });

  it.each([
    ['host mx.example.com said: 550 5.0.0 4711 (in reply to MAIL FROM command)', 'sender_rejected'],
    ['host mx.example.com said: 4711 (in reply to MAIL FROM command)', 'sender_rejected'],
    ['host mx.example.com said: 450 4.0.0 4711 (in reply to MAIL FROM command)', 'unspecified'],
    ['host mx.example.com said: 550 5.0.0 4711 (in reply to RCPT TO command)', 'unspecified'],
    ['host mx.example.com refused to talk to me: 554 5.7.26 4711', 'authentication_failed'],
    ['host mx.example.com refused to talk to me: 554 5.1.1 4711', 'sender_rejected'],
  ] as const)(
    'takes the command that was answered for a hint, and for no reason to doubt a code: "%s"',
    (text, cause) => {
      expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
    },
  );

  it.each([
    ['550 5.1.1 greylisted', 'unknown_user'],
    ['550 5.1.1 bare LF', 'unknown_user'],
  ] as const)('takes a specific code before words that are not known to stand beside it: "%s"', (text, cause) => {
    expect(failureOf({ text }, 'hard_bounced').cause).toBe(cause);
  });

  it.each([
    // Words and code agree: no label is stronger.
    ['550 5.1.1 user unknown', 'suppressed', 'unknown_user'],
    // A label of unmistakable words is stronger than a code alone.
    ['550 5.1.1 4711', 'suppressed', 'suppressed'],
    ['550 5.1.1 4711', 'policy', 'unknown_user'],
    // A link is as good as words.
    ['550 https://www.spamhaus.org/query/ip/192.0.2.1', 'unknown_user', 'blocked'],
    // Code and words say little, but the same.
    ['550 5.7.1 access denied', 'unknown_user', 'policy'],
    ['550 5.7.1 access denied', 'blocked', 'blocked'],
    ['550 5.7.1 try again later', 'unknown_user', 'unknown_user'],
    ['550 5.7.1 4711', 'unknown_user', 'unknown_user'],
    ['550 access denied', 'unknown_user', 'unknown_user'],
  ] as const)('weighs "%s" against the label %s: %s', (text, label, cause) => {
    expect(failureOf({ text }, label).cause).toBe(cause);
  });

  it('makes nothing of codes that are none', () => {
    for (const code of ['constructor', '__proto__', 'toString', '9'.repeat(1_000)]) {
      expect(failureOf({ code, enhancedCode: `5.${code}`, text: '' }, 'hard_bounced')).toEqual({
        cause: 'unspecified',
        status: 'hard_bounced',
      });
    }
  });

  it('says nothing of a reply that is not there', () => {
    expect(causeIn({})).toBeNull();
    expect(causeIn({}, 'rejected')).toBeNull();
    expect(causeIn({}, 'unspecified')).toBeNull();
    expect(causeIn({}, null)).toBeNull();
    expect(causeIn({}, 'mailbox_full')).toBe('mailbox_full');
    expect(causeIn({ code: '552' }, 'rejected')).toBe('mailbox_full');
    expect(causeIn({ enhancedCode: '5.2.2' })).toBe('mailbox_full');
    expect(causeIn({ text: '250 2.0.0 OK' })).toBeNull();
    expect(causeIn({ text: '' })).toBeNull();
  });
});
