import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letterOf, maxEmailsPerLetter } from '../../functions/digest/letter.ts';
import type { Alert } from '../../shared/alerts/alert.ts';
import { limits } from '../../shared/email/event.ts';
import { boundedText } from '../../shared/runtime/text.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { type Cause, causeIds, causes } from '../../shared/status/causes.ts';
import { caveatTexts } from '../../shared/status/caveats.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { anAlert } from './an-alert.ts';

const snsLimit = 256 * 1024;
const apiUrl = 'https://api.example.com';
const page = 'https://support.example.com/accounts/{accountId}/emails/{emailId}';
const letter = (alerts: readonly Alert[], emailPageUrl = page) => letterOf('id-1', alerts, { emailPageUrl, apiUrl });
const bodyOf = (...alerts: Alert[]) => letter(alerts).body;

describe('a letter about one email', () => {
  it('says first why and what to do, then the facts, and at last where to look', () => {
    expect(letter([anAlert({ reason: { cause: 'unknown_user', text: '550 5.1.1 no such user' } })])).toEqual({
      subject: 'Could not be delivered: jane@example.com (account acme)',
      attributes: { digestId: 'id-1' },
      body: [
        'Could not be delivered: jane@example.com',
        '',
        'Why:         Unknown address',
        `What to do:  ${causes.unknown_user.whatToDo}`,
        '',
        'Recipient:   jane@example.com',
        'Account:     acme',
        'Subject:     Invoice 7',
        'Reference:   INV-7',
        'Email id:    email-1',
        'Status:      Invalid on 2026-01-02 12:00 UTC, reported by SendGrid',
        'Reply:       550 5.1.1 no such user',
        'Sent again:  Not automatically.',
        '',
        statuses.invalid.meaning,
        'This does not prove that the address never existed: it may be closed, or the server may be wrong.',
        '',
        'https://support.example.com/accounts/acme/emails/email-1',
        '',
        'Sent by Mailtrail, which watches the delivery of the emails that you send.',
        'Alert id id-1: a second letter with this id repeats this one.',
      ].join('\n'),
    });
  });

  it('calls a spam mark by its name, and a report of the sender its own', () => {
    const alert = anAlert({ kind: 'spam', status: 'marked_spam', reporter: 'app', reason: undefined });
    expect(letter([alert]).subject).toBe('Marked as spam: jane@example.com (account acme)');
    expect(bodyOf(alert)).toContain('Status:      Marked Spam on 2026-01-02 12:00 UTC, reported by your application\n');
    expect(bodyOf(alert)).toContain('Why:         The recipient said so\n');
  });

  it.each(['unspecified', undefined] as const)('with the cause %s says so, and what its status asks for', cause => {
    const body = bodyOf(anAlert({ reason: { cause, text: 'no' } }));
    expect(body).toContain('\nWhy:         No cause stated\n');
    expect(body).toContain(`\nWhat to do:  ${statuses.invalid.resolution}\n`);
  });

  it('says what the status hides', () => {
    expect(bodyOf(anAlert({ caveats: ['receipt_after_failure', 'not_addressed'] }))).toContain(
      `\nCaution:     ${caveatTexts.receipt_after_failure}\nCaution:     ${caveatTexts.not_addressed}\n`,
    );
  });

  it('shows times to the minute', () => {
    const alert = anAlert({ statusAt: noon + 34_567 });
    for (const body of [bodyOf(alert), bodyOf(alert, alert)]) {
      expect(body).toContain('on 2026-01-02 12:00 UTC');
      expect(body).not.toMatch(/:\d\d:\d\d|\.\d{3}Z/);
    }
  });

  it('says which facts were not reported', () => {
    const { emailId, provider, reporter, recipient } = anAlert();
    const bare = { emailId, provider, reporter, recipient, statusAt: null, caveats: [] } as const;
    const body = bodyOf({ ...bare, kind: 'spam', status: 'marked_spam' });
    expect(body).toContain('\nAccount:     not reported yet\nSubject:     not reported\nReference:   not reported\n');
    expect(body).toContain('\nStatus:      Marked Spam, reported by SendGrid\nSent again:  No.\n');
  });

  it('without a page has a command that shows the email, whoever chose its account and address', () => {
    const commandOf = (changes: Partial<Alert>) =>
      letter([anAlert(changes)], '')
        .body.split('\n')
        .find(line => line.startsWith('curl'));
    expect(commandOf({})).toBe(
      `curl -H "authorization: Bearer $TOKEN" 'https://api.example.com/accounts/acme/emails/email-1'`,
    );
    expect(commandOf({ accountId: undefined, recipient: `o'hara+$(id)@example.com` })).toBe(
      `curl -H "authorization: Bearer $TOKEN" 'https://api.example.com/emails?recipient=o%27hara%2B%24%28id%29%40example.com'`,
    );
  });

  it.each([
    ['a mention', '<!channel> <@U1>', '‹!channel› ‹@U1›'],
    ['a link', 'see https://evil.example/x?a=1&b', 'see https[:]//evil[.]example/x?a=1&b'],
    ['a link with a text', '<https://evil.example|your bank>', '‹https[:]//evil[.]example|your bank›'],
    ['a bare host', 'visit www.evil.example', 'visit www[.]evil[.]example'],
    ['a bare host of digits', 'visit www.1und1.example', 'visit www[.]1und1[.]example'],
    ['a host in decomposed letters', 'cafe\u0301.example', 'cafe\u0301[.]example'],
    ['a host with an ideographic full stop', 'evil\u3002example', 'evil[.]example'],
    ['a script link', 'javascript:alert(1)', 'javascript[:]alert(1)'],
    ['a data link', 'data:text/html,<b>x', 'data[:]text/html,‹b›x'],
    ['a data link in capitals', 'DATA:text/html;base64,eA', 'DATA[:]text/html;base64,eA'],
    ['a phone number link', 'tel:+4930123456 sms:110 callto:x', 'tel[:]+4930123456 sms[:]110 callto[:]x'],
    ['a forged line', 'a\r\nRecipient: eve', 'a Recipient: eve'],
    ['right-to-left text', 'abc\u202efdp.exe', 'abc\ufffdfdp[.]exe'],
    ['an enhanced code', '550 5.1.1 no', '550 5.1.1 no'],
  ])('keeps %s in a subject inert', (_, subject, shown) => {
    expect(bodyOf(anAlert({ subject }))).toContain(`\nSubject:     ${shown}\n`);
  });

  it.each([
    ['a subject', (text: string) => ({ subject: text })],
    ['a reference', (text: string) => ({ reference: text })],
    ['an account', (text: string) => ({ accountId: text })],
    ['a reporter', (text: string) => ({ reporter: text })],
    ['a reason', (text: string) => ({ reason: { text } })],
    ['a code', (text: string) => ({ reason: { code: text } })],
    ['an enhanced code', (text: string) => ({ reason: { enhancedCode: text } })],
    ['a quoted local part', (text: string) => ({ recipient: `"${text}"@example.com` })],
    ['an invalid domain', (text: string) => ({ recipient: `jane@${text}` })],
    ['an invalid recipient', (text: string) => ({ recipient: text })],
  ])('makes no link of %s, neither alone, nor in a digest, nor in their titles', (_, changes) => {
    for (const link of [
      'https://evil.example/x',
      'www.evil.example',
      'evil.example/login',
      'data:text/html,x',
      'javascript:x()',
      'mailto:x@evil.example',
    ]) {
      const alert = anAlert(changes(link));
      const digest = [alert, anAlert({ ...changes(link), emailId: 'email-2' })];
      for (const { subject, body } of [letter([alert], ''), letter(digest, '')]) {
        const text = `${subject}\n${body.replaceAll(/curl .*/g, '')}`;
        expect(text).not.toMatch(/:\/\/|www\.|evil\.example|\b(?:data|javascript|mailto):/i);
      }
    }
  });

  it.each(['jane.doe+bills@mail.example.com', "o'hara@example.com", 'üser@example.com', 'www@example.com'])(
    'leaves a harmless address as it is, ready to copy: %s',
    recipient => {
      expect(bodyOf(anAlert({ recipient }))).toContain(`\nRecipient:   ${recipient}\n`);
    },
  );

  it('shows an international domain in Unicode, and in ASCII in its title', () => {
    const { subject, body } = letter([anAlert({ recipient: 'info@xn--mller-kva.de' })]);
    expect(subject).toBe('Could not be delivered: info@xn--mller-kva.de (account acme)');
    expect(body).toContain('\nRecipient:   info@müller.de\n');
  });

  it('has a title that SNS accepts, whatever the recipient is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 320 }),
        fc.string({ unit: 'binary' }),
        (recipient, accountId) => {
          expect(letter([anAlert({ recipient, accountId })]).subject).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/);
        },
      ),
    );
  });
});

describe('a letter about several emails', () => {
  const many = (count: number, changes: (index: number) => Partial<Alert> = () => ({})) =>
    Array.from({ length: count }, (_, index) => anAlert({ emailId: `email-${index}`, ...changes(index) }));

  it('has a line for each, by kind and account, under the advice that applies', () => {
    const spam = anAlert({ kind: 'spam', status: 'marked_spam', emailId: 'email-9', reason: undefined });
    const { subject, body } = letter([...many(2), spam, anAlert({ accountId: 'globex', emailId: 'email-8' })]);
    expect(subject).toBe('3 emails could not be delivered, 1 was marked as spam (2 accounts)');
    const line = (id: string, account: string, rest: string) =>
      `- jane@example.com | "Invoice 7" | reference INV-7 | ${rest} | https://support.example.com/accounts/${account}/emails/${id}`;
    const invalid = 'Invalid on 2026-01-02 12:00 UTC | no such user (code 550, enhanced code 5.1.1)';
    expect(body.split('\n')).toEqual([
      '3 emails could not be delivered, 1 was marked as spam.',
      '',
      'Could not be delivered: 3',
      expect.stringMatching(/^Invalid: Contact the recipient .* This does not prove that /),
      '',
      'Account acme (2)',
      line('email-0', 'acme', invalid),
      line('email-1', 'acme', invalid),
      '',
      'Account globex (1)',
      line('email-8', 'globex', invalid),
      '',
      'Marked as spam: 1',
      expect.stringMatching(/^Marked Spam: Stop sending /),
      '',
      'Account acme (1)',
      line('email-9', 'acme', 'Marked Spam on 2026-01-02 12:00 UTC'),
      '',
      'Sent by Mailtrail, which watches the delivery of the emails that you send.',
      'Alert id id-1: a second letter with this id repeats this one.',
    ]);
  });

  it('names the cause of each email, and says once for each cause what to do', () => {
    const named = ['unknown_user', 'unspecified', 'unknown_user', 'moved'] as const;
    const body = bodyOf(...many(4, index => ({ reason: { text: `reply ${index}`, cause: named[index] } })));
    for (const cause of ['unknown_user', 'moved'] as const satisfies Cause[]) {
      expect(body.split(`\n${causes[cause].label}: ${causes[cause].whatToDo}\n`)).toHaveLength(2);
    }
    for (const said of ['| Unknown address | reply 0 |', 'UTC | reply 1 |', '| Address moved | reply 3 |']) {
      expect(body).toContain(said);
    }
    expect(body).not.toContain('No cause stated');
  });

  it('of one account names it in the title, and of none names none', () => {
    expect(letter(many(4)).subject).toBe('4 emails could not be delivered (account acme)');
    const bare = letter(many(5, () => ({ accountId: undefined })));
    expect(bare.subject).toBe('5 emails could not be delivered');
    expect(bare.body).toContain('\nWithout an account (5)\n');
    expect(bare.body).toContain('| email email-4');
  });

  it('without a page says once how to look an email up', () => {
    const { body } = letter(many(3), '');
    expect(
      body.split(`curl -H "authorization: Bearer $TOKEN" 'https://api.example.com/accounts/ACCOUNT/emails/EMAIL'`),
    ).toHaveLength(2);
  });

  it('says at each email what its status hides', () => {
    const lines = bodyOf(...many(2, index => ({ caveats: index === 0 ? ['not_addressed'] : [] }))).split('\n');
    expect(lines.filter(line => line.includes(caveatTexts.not_addressed))).toEqual([
      expect.stringContaining('emails/email-0'),
    ]);
  });

  it('names every email exactly once within the size limit of SNS, also with the longest texts', () => {
    const hostile = fc.oneof(
      fc.constantFrom('a.b'.repeat(200), '\u{1f4a3}'.repeat(100), '<>.a.b://'.repeat(60), '{emailId}$&', '\ud800'),
      fc.string({ unit: 'binary', maxLength: 600 }),
    );
    const bounded = (maxBytes: number) => hostile.map(text => boundedText(text, maxBytes) || 'x');
    const alerts = fc
      .record({
        count: fc.integer({ min: 2, max: maxEmailsPerLetter }),
        accounts: fc.array(bounded(limits.accountId), { minLength: 1, maxLength: maxEmailsPerLetter }),
        subject: bounded(limits.subject),
        recipient: bounded(limits.recipient),
        text: bounded(limits.text),
        caused: fc.array(fc.constantFrom(undefined, ...causeIds), { minLength: 1, maxLength: 30 }),
      })
      .map(({ count, accounts, subject, recipient, text, caused }) =>
        many(count, index => ({
          emailId: `email-${String(index).padStart(16, '0')}`,
          accountId: accounts[index % accounts.length]!,
          subject,
          recipient,
          reason: { text, cause: caused[index % caused.length] },
          caveats: ['not_addressed', 'message_not_known', 'account_conflict', 'receipt_after_failure'],
        })),
      );
    fc.assert(
      fc.property(alerts, given => {
        const { body, attributes } = letter(given, '');
        expect(Buffer.byteLength(body) + JSON.stringify(attributes).length).toBeLessThanOrEqual(snsLimit);
        const named = [...body.matchAll(/\| email (email-\d{16})$/gm)].map(([, id]) => id!);
        expect(named.toSorted()).toEqual(given.map(({ emailId }) => emailId).toSorted());
        expect(body.isWellFormed()).toBe(true);
        expect(body).not.toMatch(/\p{Noncharacter_Code_Point}|[\0-\x09\x0b-\x1f\x7f-\x9f]/u);
      }),
      { numRuns: runs(20), endOnFailure: true },
    );
  });
});
