import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf, messagesOf } from '../../functions/alert/message.ts';
import type { Alert } from '../../shared/alerts/alert.ts';
import { limits } from '../../shared/email/event.ts';
import { boundedText } from '../../shared/runtime/text.ts';
import { statuses } from '../../shared/status/catalogue.ts';
import { causeIds, causes } from '../../shared/status/causes.ts';
import { caveatTexts } from '../../shared/status/caveats.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { anAlert } from './an-alert.ts';

/** SNS's bound for message and attributes together, in bytes. */
const snsLimit = 256 * 1024;
const page = 'https://support.example.com/accounts/{accountId}/emails/{emailId}';

const contentOf = (alerts: readonly Alert[], template = page) => JSON.parse(messageOf('id-1', alerts, template).body);

describe('a message for machines', () => {
  it('has every text unchanged, and each shared text once', () => {
    const alert = anAlert({ subject: '<!channel> https://a.example', caveats: ['not_addressed'] });
    expect(contentOf([alert])).toEqual({
      version: 1,
      digestId: 'id-1',
      kind: 'hard_bounce',
      accountId: 'acme',
      statuses: (['hard_bounced', 'invalid'] as const).map(id => {
        const { label, meaning, resolution, sentAgain, doesNotProve } = statuses[id];
        return { id, label, meaning, resolution, sentAgain, doesNotProve };
      }),
      causes: [],
      caveats: [{ code: 'not_addressed', text: caveatTexts.not_addressed }],
      emails: [
        {
          emailId: 'email-1',
          provider: 'sendgrid',
          reporter: 'sendgrid',
          recipient: 'jane@example.com',
          subject: '<!channel> https://a.example',
          reference: 'INV-7',
          status: 'invalid',
          statusAt: '2026-01-02T12:00:00.000Z',
          cause: null,
          reason: { code: '550', enhancedCode: '5.1.1', text: 'no such user' },
          caveats: ['not_addressed'],
          url: 'https://support.example.com/accounts/acme/emails/email-1',
        },
      ],
    });
  });

  it('has attributes by which a subscription can filter, and its id', () => {
    expect(messageOf('id-1', [anAlert()], page).attributes).toEqual({
      kind: 'hard_bounce',
      accountId: 'acme',
      digestId: 'id-1',
    });
  });

  it('names the cause apart from the reply', () => {
    const reason = { enhancedCode: '5.2.1', text: '550 5.2.1 account disabled', cause: 'disabled_account' } as const;
    const { label, text, whatToDo, turn } = causes.disabled_account;
    expect(contentOf([anAlert({ status: 'hard_bounced', reason })])).toMatchObject({
      causes: [{ id: 'disabled_account', label, text, whatToDo, turn }],
      emails: [{ cause: 'disabled_account', reason: { enhancedCode: '5.2.1', text: '550 5.2.1 account disabled' } }],
    });
    expect(contentOf([anAlert({ reason: { cause: 'unknown_user' } })]).emails).toMatchObject([
      { cause: 'unknown_user', reason: null },
    ]);
  });

  it('says which facts were not reported', () => {
    const { emailId, provider, reporter, recipient } = anAlert();
    const bare: Alert = {
      ...{ emailId, kind: 'spam', provider, reporter, recipient, status: 'marked_spam', statusAt: null, caveats: [] },
    };
    expect(contentOf([bare])).toMatchObject({
      accountId: null,
      emails: [{ reason: null, subject: null, reference: null, statusAt: null, url: null }],
    });
  });

  it('shows an international domain in Unicode', () => {
    expect(contentOf([anAlert({ recipient: 'info@xn--mller-kva.de' })]).emails).toMatchObject([
      { recipient: 'info@müller.de' },
    ]);
  });

  it('has no link without a configured page, and escapes the values in a link', () => {
    const urlOf = (alert: Alert, template: string) => contentOf([alert], template).emails[0].url;
    expect(urlOf(anAlert(), '')).toBeNull();
    expect(urlOf(anAlert({ accountId: '../a?b#$&{emailId}' }), page)).toBe(
      'https://support.example.com/accounts/..%2Fa%3Fb%23%24%26%7BemailId%7D/emails/email-1',
    );
  });
});

describe('the messages of a burst', () => {
  const many = (count: number, changes: (index: number) => Partial<Alert> = () => ({})) =>
    Array.from({ length: count }, (_, index) => anAlert({ emailId: `email-${index}`, ...changes(index) }));

  it('are apart by account and kind, and the emails without an account share one', () => {
    const groups = messagesOf(
      many(12, index => ({
        accountId: ['acme', 'globex', undefined][index % 3],
        ...(index === 0 && { kind: 'spam', status: 'marked_spam' }),
      })),
      page,
    );
    expect(groups.map(group => [group[0]!.kind, group[0]!.accountId, group.length])).toEqual([
      ['spam', 'acme', 1],
      ['hard_bounce', 'globex', 4],
      ['hard_bounce', undefined, 4],
      ['hard_bounce', 'acme', 3],
    ]);
  });

  it('name every email exactly once, within the size limit of SNS, in as few messages as possible', () => {
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
      })
      .map(({ count, accounts, subjects, recipients, texts, caused, spamEvery }) =>
        many(count, index => ({
          accountId: accounts[index % accounts.length],
          subject: subjects[index % subjects.length]!,
          recipient: recipients[index % recipients.length]!,
          reason: { text: texts[index % texts.length]!, cause: caused[index % caused.length] },
          ...(index % spamEvery === 0 ? { kind: 'spam', status: 'marked_spam', statusAt: noon } : {}),
        })),
      );
    fc.assert(
      fc.property(alerts, given => {
        const groups = messagesOf(given, page);
        expect(
          groups
            .flat()
            .map(({ emailId }) => emailId)
            .toSorted(),
        ).toEqual(given.map(({ emailId }) => emailId).toSorted());
        const sizes = groups.map(group => {
          const { body, attributes, subject } = messageOf('x'.repeat(22), group, page);
          const size = Buffer.byteLength(body) + Buffer.byteLength(JSON.stringify(attributes));
          expect(subject).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/);
          expect(JSON.parse(body).emails).toHaveLength(group.length);
          expect(size).toBeLessThanOrEqual(snsLimit);
          return { size, key: JSON.stringify([group[0]!.kind, group[0]!.accountId]) };
        });
        for (const same of Map.groupBy(sizes, ({ key }) => key).values()) {
          const bytes = same.reduce((sum, { size }) => sum + size, 0);
          expect(same.length).toBeLessThanOrEqual(Math.ceil(bytes / (snsLimit * 0.9)));
        }
      }),
      { numRuns: runs(5), endOnFailure: true },
    );
  });
});
