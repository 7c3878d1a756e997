import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../functions/alert/alert.ts';
import { type AlertMessage, messagesOf } from '../../functions/alert/message.ts';
import { limits } from '../../shared/email/event.ts';
import { boundedText } from '../../shared/runtime/text.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { type Cause, causeIds, causes } from '../../shared/status/causes.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';

/** SNS's bound for message and attributes together, in bytes. */
const snsLimit = 256 * 1024;
const page = 'https://support.example.com/accounts/{accountId}/emails/{emailId}';

const anAlert = (changes: Partial<Alert> = {}): Alert => ({
  kind: 'hard_bounce',
  emailId: 'email-1',
  provider: 'sendgrid',
  recipient: 'jane@example.com',
  accountId: 'acme',
  subject: 'Invoice 7',
  reference: 'INV-7',
  status: 'invalid',
  statusAt: noon,
  reason: { code: '550', enhancedCode: '5.1.1', text: 'no such user' },
  ...changes,
});
const partsOf = ({ body }: AlertMessage) => {
  const { default: machines, email } = JSON.parse(body);
  return { machines: JSON.parse(machines), people: email as string };
};
const sizeOf = ({ body, kind, accountId }: AlertMessage) =>
  Buffer.byteLength(body) + Buffer.byteLength(`kindString${kind}accountIdString${accountId ?? ''}`);

describe('an alert', () => {
  it('tells a person who, what, why, when, and what to do now', () => {
    const [message] = messagesOf([anAlert()], page);
    expect(message?.subject).toBe('Hard bounce: jane@example.com (account acme)');
    expect(partsOf(message!).people).toBe(
      [
        'Hard bounce: jane@example.com',
        '',
        'Recipient: jane@example.com',
        'Account:   acme',
        'Subject:   Invoice 7',
        'Reference: INV-7',
        'Status:    Invalid since 2026-01-02 12:00 UTC, reported by sendgrid',
        'Reason:    no such user (code 550, enhanced code 5.1.1)',
        '',
        statuses.invalid.meaning,
        `What to do: ${statuses.invalid.resolution}`,
        'Is it sent again? Not automatically.',
        '',
        'https://support.example.com/accounts/acme/emails/email-1',
      ].join('\n'),
    );
  });

  it('shows times to the minute to people, and to the millisecond to machines', () => {
    const alert = anAlert({ statusAt: noon + 34_567 });
    for (const alerts of [[alert], [alert, alert]]) {
      const { people, machines } = partsOf(messagesOf(alerts, page)[0]!);
      expect(people).toContain('since 2026-01-02 12:00 UTC');
      expect(people).not.toMatch(/:\d\d:\d\d|\.\d{3}Z/);
      expect(machines.emails[0].statusAt).toBe('2026-01-02T12:00:34.567Z');
    }
  });

  it('names a known cause and says what to do about it', () => {
    const reason = { enhancedCode: '5.2.1', text: '550 5.2.1 account disabled', cause: 'disabled_account' } as const;
    const { people, machines } = partsOf(messagesOf([anAlert({ status: 'hard_bounced', reason })], page)[0]!);
    const { label, text, whatToDo, turn } = causes.disabled_account;
    expect(people).toContain(`\nReason:    ${label}: 550 5.2.1 account disabled\n`);
    expect(people).toContain(`\n${statuses.hard_bounced.meaning}\nWhat to do: ${whatToDo}\n`);
    expect(machines).toMatchObject({
      causes: [{ id: 'disabled_account', label, text, whatToDo, turn }],
      emails: [{ cause: 'disabled_account', reason: { enhancedCode: '5.2.1', text: '550 5.2.1 account disabled' } }],
    });
    expect(machines.emails[0].reason).not.toHaveProperty('cause');
  });

  it('with a cause and no other reason shows the cause; without a stated cause, its status says what to do', () => {
    const partsBy = (cause: Cause) => partsOf(messagesOf([anAlert({ reason: { cause } })], page)[0]!);
    expect(partsBy('unknown_user').people).toContain('\nReason:    Unknown address\n');
    expect(partsBy('unknown_user').machines.emails).toMatchObject([{ cause: 'unknown_user', reason: null }]);
    expect(partsBy('unspecified').people).toContain('\nReason:    No cause stated\n');
    expect(partsBy('unspecified').people).toContain(`\nWhat to do: ${statuses.invalid.resolution}\n`);
  });

  it('tells a machine the same, with every text unchanged', () => {
    const { machines } = partsOf(messagesOf([anAlert({ subject: '<!channel> https://a.example' })], page)[0]!);
    expect(machines).toEqual({
      version: 1,
      kind: 'hard_bounce',
      accountId: 'acme',
      statuses: (['hard_bounced', 'invalid'] as const).map(id => {
        const { label, meaning, resolution, sentAgain } = statuses[id];
        return { id, label, meaning, resolution, sentAgain };
      }),
      causes: [],
      emails: [
        {
          emailId: 'email-1',
          provider: 'sendgrid',
          recipient: 'jane@example.com',
          subject: '<!channel> https://a.example',
          reference: 'INV-7',
          status: 'invalid',
          statusAt: '2026-01-02T12:00:00.000Z',
          cause: null,
          reason: { code: '550', enhancedCode: '5.1.1', text: 'no such user' },
          url: 'https://support.example.com/accounts/acme/emails/email-1',
        },
      ],
    });
  });

  it('says which facts were not reported', () => {
    const { emailId, provider, recipient, statusAt } = anAlert();
    const bare: Alert = { emailId, kind: 'spam', provider, recipient, status: 'marked_spam', statusAt };
    const { people, machines } = partsOf(messagesOf([bare], page)[0]!);
    expect(people).toContain('Account:   not reported yet');
    expect(people).toContain('\nSubject:   not reported\nReference: not reported\n');
    expect(people).toContain('Reason:    not reported');
    expect(people).not.toContain('https:');
    expect(machines).toMatchObject({ accountId: null, emails: [{ reason: null, subject: null, url: null }] });
  });

  it('has no link without a configured page, and escapes the values in a link', () => {
    const urlOf = (alert: Alert, template: string) => partsOf(messagesOf([alert], template)[0]!).machines.emails[0].url;
    expect(urlOf(anAlert(), '')).toBeNull();
    expect(urlOf(anAlert({ accountId: '../a?b#$&{emailId}' }), page)).toBe(
      'https://support.example.com/accounts/..%2Fa%3Fb%23%24%26%7BemailId%7D/emails/email-1',
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
    expect(partsOf(messagesOf([anAlert({ subject })], page)[0]!).people).toContain(`\nSubject:   ${shown}\n`);
  });

  it.each([
    ['a subject', (text: string) => ({ subject: text })],
    ['a reference', (text: string) => ({ reference: text })],
    ['an account', (text: string) => ({ accountId: text })],
    ['a reason', (text: string) => ({ reason: { text } })],
    ['a code', (text: string) => ({ reason: { code: text } })],
    ['an enhanced code', (text: string) => ({ reason: { enhancedCode: text } })],
    ['a quoted local part', (text: string) => ({ recipient: `"${text}"@example.com` })],
    ['an invalid domain', (text: string) => ({ recipient: `jane@${text}` })],
    ['an invalid recipient', (text: string) => ({ recipient: text })],
  ])('makes no link of %s, neither in a single alert, nor in a digest, nor in their subjects', (_, changes) => {
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
      for (const message of [...messagesOf([alert], ''), ...messagesOf(digest, '')]) {
        const text = `${message.subject}\n${partsOf(message).people}`;
        expect(text).not.toMatch(/:\/\/|www\.|evil\.example|\b(?:data|javascript|mailto):/i);
      }
    }
  });

  it.each(['jane.doe+bills@mail.example.com', "o'hara@example.com", 'üser@example.com', 'www@example.com'])(
    'leaves a harmless address as it is, ready to copy: %s',
    recipient => {
      const [message] = messagesOf([anAlert({ recipient })], page);
      expect(partsOf(message!).people).toContain(`\nRecipient: ${recipient}\n`);
    },
  );

  it('shows an international domain in Unicode to people and machines, and in ASCII in its subject', () => {
    const [message] = messagesOf([anAlert({ recipient: 'info@xn--mller-kva.de' })], page);
    const { people, machines } = partsOf(message!);
    expect(message?.subject).toBe('Hard bounce: info@xn--mller-kva.de (account acme)');
    expect(people).toContain('\nRecipient: info@müller.de\n');
    expect(machines.emails).toMatchObject([{ recipient: 'info@müller.de' }]);
  });

  it.each([
    ['notAddressed', 'The message was not sent to this address: only the report names it.'],
    ['messageNotKnown', 'The report names this address but no message: it may be about any email to it.'],
  ] as const)('marks an email with %s, for people and for machines, and no other email', (mark, marked) => {
    const [odd, plain] = [anAlert({ [mark]: true }), anAlert({ emailId: 'email-2', recipient: 'sam@example.com' })];
    const letters = messagesOf([odd], page).map(partsOf);
    expect(letters[0]?.people).toContain(`\nRecipient: jane@example.com\n           ${marked}\nAccount:`);
    expect(letters[0]?.machines.emails).toMatchObject([{ [mark]: true }]);
    const [digest] = messagesOf([odd, plain], page).map(partsOf);
    const lines = digest!.people.split('\n').filter(line => line.startsWith('- '));
    expect(lines.map(line => line.includes(` | ${marked} | `))).toEqual([true, false]);
    expect(digest!.machines.emails).toMatchObject([{ [mark]: true }, { recipient: 'sam@example.com' }]);
    for (const name of ['notAddressed', 'messageNotKnown']) {
      expect(digest!.machines.emails[1]).not.toHaveProperty(name);
    }
  });

  it('has a subject that SNS accepts, whatever the recipient is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 320 }),
        fc.string({ unit: 'binary' }),
        (recipient, accountId) => {
          const [message] = messagesOf([anAlert({ recipient, accountId })], page);
          expect(message?.subject).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/);
        },
      ),
    );
  });
});

describe('a burst of alerts', () => {
  const many = (count: number, changes: (index: number) => Partial<Alert> = () => ({})) =>
    Array.from({ length: count }, (_, index) => anAlert({ emailId: `email-${index}`, ...changes(index) }));

  it('becomes one digest that names every email', () => {
    const [digest, ...more] = messagesOf(many(4), page);
    expect(more).toEqual([]);
    expect(digest?.subject).toBe('4 hard bounces (account acme)');
    expect(partsOf(digest!).people).toContain('4 emails of account acme could not be delivered');
    expect(partsOf(digest!).people).toContain(
      '- jane@example.com | "Invoice 7" | reference INV-7 | Invalid since 2026-01-02 12:00 UTC | no such user (code 550, enhanced code 5.1.1) | https://support.example.com/accounts/acme/emails/email-3',
    );
  });

  it('names the cause of each email, and says once for each cause what to do', () => {
    const named = ['unknown_user', 'unspecified', 'unknown_user', 'moved'] as const;
    const [digest] = messagesOf(
      many(4, index => ({ reason: { text: `reply ${index}`, cause: named[index] } })),
      page,
    );
    const { people, machines } = partsOf(digest!);
    for (const cause of ['unknown_user', 'moved'] as const) {
      expect(people.split(`\n${causes[cause].label}: ${causes[cause].whatToDo}\n`)).toHaveLength(2);
    }
    for (const said of ['| Unknown address: reply 0 |', '| reply 1 |', '| Address moved: reply 3 |']) {
      expect(people).toContain(said);
    }
    expect(people).not.toContain('No cause stated');
    expect(machines.emails.map(({ cause }: { cause: Cause }) => cause)).toEqual(named);
    expect(machines.causes.map(({ id }: { id: Cause }) => id)).toEqual(['moved', 'unknown_user', 'unspecified']);
  });

  it('of one account leaves the messages of another account separate', () => {
    const messages = messagesOf(
      many(12, index => ({ accountId: index < 10 ? 'acme' : 'globex' })),
      page,
    );
    expect(messages.map(({ accountId, alerts }) => [accountId, alerts.length])).toEqual([
      ['acme', 10],
      ['globex', 2],
    ]);
  });

  it('puts the emails without an account into one digest', () => {
    const [digest] = messagesOf(
      many(5, () => ({ accountId: undefined })),
      page,
    );
    expect(partsOf(digest!).people).toContain('5 emails without an account could not be delivered');
    expect(partsOf(digest!).people).toContain('| email email-4');
  });

  it.each([[[1_000]], [[250, 250, 250, 250]], [[1, 229, 262, 241, 267]], [[3, 249, 250, 248, 250]]])(
    'of 1,000 ordinary bounces becomes at most 5 messages, if the stream brings them in batches of %j',
    sizes => {
      const bounces = many(1_000, index => ({
        emailId: `Q${String(index).padStart(21, '0')}`,
        recipient: `someone.with.a.long.name.${index}@department.example.com`,
        subject: `Your invoice INV-2026-${index} of January is ready`,
        reference: `INV-2026-${index}`,
        reason: {
          cause: 'unknown_user',
          code: '550',
          enhancedCode: '5.1.1',
          text: "550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. For more information, go to https://support.google.com/mail/?p=NoSuchUser af79cd13be357-7c5a5d0d2d4si123456785a.123 - gsmtp",
        },
      }));
      let start = 0;
      const messages = sizes.flatMap(size => {
        start += size;
        return messagesOf(bounces.slice(start - size, start), page);
      });
      expect(messages.flatMap(({ alerts }) => alerts)).toHaveLength(1_000);
      expect(messages.length).toBeLessThanOrEqual(5);
    },
  );

  it('leaves at least 1 KB of each message for attributes and nearly fills the rest', () => {
    const largest = 255 * 1024;
    // A digest names the provider once: each byte of the name adds one byte to the message.
    const digestsOf = (provider: string) =>
      messagesOf(
        many(120, index => ({ reference: 'x'.repeat(800), provider: index === 0 ? provider : 'p' })),
        page,
      ).map(({ body }) => Buffer.byteLength(body));
    const [whole, ...more] = digestsOf('p');
    expect(more).toEqual([]);
    const sizes = Array.from({ length: 24 }, (_, over) => digestsOf('p'.repeat(largest - whole! - 14 + over)));
    for (const [first] of sizes) expect(first).toBeLessThanOrEqual(largest);
    expect(sizes.map(({ length }) => length)).toEqual(expect.arrayContaining([1, 2]));
    expect(Math.max(...sizes.flat())).toBeGreaterThan(largest - 16);
  });

  it('names every email exactly once, within the size limit of SNS, in as few messages as possible', () => {
    const hostile = fc.oneof(
      fc.constantFrom('"\\'.repeat(200), '\u{1f4a3}'.repeat(100), '<>.a.b://'.repeat(60), '{emailId}$&', '\ud800'),
      fc.string({ unit: 'binary', maxLength: 600 }),
    );
    const bounded = (maxBytes: number) => hostile.map(text => boundedText(text, maxBytes) || 'x');
    const alerts = fc
      .record({
        count: fc.integer({ min: 1, max: 900 }),
        accounts: fc.array(fc.option(bounded(limits.accountId), { nil: undefined }), { minLength: 1, maxLength: 3 }),
        subjects: fc.array(bounded(limits.subject), { minLength: 1, maxLength: 4 }),
        recipients: fc.array(bounded(limits.recipient), { minLength: 1, maxLength: 4 }),
        texts: fc.array(bounded(limits.text), { minLength: 1, maxLength: 4 }),
        caused: fc.array(fc.constantFrom(undefined, ...causeIds), { minLength: 1, maxLength: 30 }),
        spamEvery: fc.integer({ min: 1, max: 10 }),
        markedEvery: fc.integer({ min: 1, max: 10 }),
      })
      .map(({ count, accounts, subjects, recipients, texts, caused, spamEvery, markedEvery }) =>
        many(count, index => ({
          accountId: accounts[index % accounts.length],
          subject: subjects[index % subjects.length]!,
          recipient: recipients[index % recipients.length]!,
          reason: { text: texts[index % texts.length]!, cause: caused[index % caused.length] },
          ...(index % spamEvery === 0 ? { kind: 'spam', status: 'marked_spam' } : {}),
          ...(index % markedEvery === 0 ? { notAddressed: true, messageNotKnown: true } : {}),
        })),
      );
    fc.assert(
      fc.property(alerts, given => {
        const messages = messagesOf(given, page);
        const named = messages.flatMap(message => {
          const { machines, people } = partsOf(message);
          expect(people.trim()).not.toBe('');
          expect(machines.emails).toHaveLength(message.alerts.length);
          return machines.emails.map(({ emailId }: { emailId: string }) => emailId);
        });
        expect(named.toSorted()).toEqual(given.map(({ emailId }) => emailId).toSorted());
        for (const message of messages) expect(sizeOf(message)).toBeLessThanOrEqual(snsLimit);

        const groups = Map.groupBy(messages, ({ kind, accountId }) => JSON.stringify([kind, accountId]));
        for (const group of groups.values()) {
          const bytes = group.reduce((sum, message) => sum + sizeOf(message), 0);
          expect(group.length).toBeLessThanOrEqual(Math.ceil(bytes / (snsLimit * 0.97)));
        }
      }),
      { numRuns: runs(5), endOnFailure: true },
    );
  });
});
