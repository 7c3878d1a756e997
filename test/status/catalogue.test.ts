import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogueView } from '../../functions/query/responses.ts';
import { actionsForAccount, resolutionsForAccount } from '../../shared/status/account-texts.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { type Status, type StatusFacts, statuses } from '../../shared/status/catalogue.ts';
import { caveatsOf, caveatTexts, messageIdOfEvent } from '../../shared/status/caveats.ts';
import { merge, supersedes } from '../../shared/status/precedence.ts';
import { eventsOf, noon } from '../rigs/arbitrary-events.ts';
import type { History } from './histories.ts';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

const entries = Object.entries(statuses) as [Status, StatusFacts][];

function expectShortSentences(text: string): void {
  for (const sentence of text.split(/(?<=\.) /)) expect(sentence.split(' ').length, sentence).toBeLessThanOrEqual(25);
}

describe('the catalogue of statuses', () => {
  it('has the eleven labels that people see', () => {
    expect(Object.values(statuses).map(({ label }) => label)).toEqual([
      'Enqueued',
      'Sent',
      'Deferred',
      'Delivered',
      'Soft Bounced',
      'Hard Bounced',
      'Invalid',
      'Rejected',
      'Opened',
      'Link Clicked',
      'Marked Spam',
    ]);
  });

  it('says who must act, and whether the email is sent again', () => {
    expect(Object.entries(statuses).map(([id, { attention, sentAgain }]) => [id, attention, sentAgain])).toEqual([
      ['enqueued', 'when_old', null],
      ['sent', 'when_old', null],
      ['deferred', 'when_old', 'The provider keeps trying.'],
      ['delivered', 'no', null],
      ['soft_bounced', 'yes', 'Usually, within a few days.'],
      ['hard_bounced', 'yes', 'Not automatically.'],
      ['invalid', 'yes', 'Not automatically.'],
      ['rejected', 'yes', 'By hand, once the cause is fixed.'],
      ['opened', 'no', null],
      ['link_clicked', 'no', null],
      ['marked_spam', 'yes', 'No.'],
    ]);
  });

  it('says how each status looks, whether it is final, and whether to send the email again', () => {
    expect(Object.entries(statuses).map(([id, { tone, final, resend }]) => [id, tone, final, resend])).toEqual([
      ['enqueued', 'waiting', false, 'yes'],
      ['sent', 'waiting', false, 'no'],
      ['deferred', 'waiting', false, 'no'],
      ['delivered', 'good', true, 'no'],
      ['soft_bounced', 'warning', false, 'yes'],
      ['hard_bounced', 'bad', true, 'after_fix'],
      ['invalid', 'bad', true, 'after_fix'],
      ['rejected', 'bad', true, 'after_fix'],
      ['opened', 'good', true, 'no'],
      ['link_clicked', 'good', true, 'no'],
      ['marked_spam', 'bad', true, 'no'],
    ]);
  });

  it('calls a status final exactly if no delivery supersedes it', () => {
    const delivered = { status: 'delivered', statusAt: noon, statusEventId: 'e' } as const;
    for (const [status, { final }] of entries) {
      const stored = { status, statusAt: noon, statusEventId: 'e' };
      expect([status, final]).toEqual([status, !supersedes(delivered, stored)]);
    }
  });

  it.each(entries)('shows %s in the tone of its call for action', (_, { tone, attention }) => {
    const tones = { no: ['good'], when_old: ['waiting'], yes: ['warning', 'bad'] };
    expect(tones[attention]).toContain(tone);
  });

  it.each(entries)('proposes to send %s again only where a text says so', (_, { resend, resolution }) => {
    if (resend !== 'no') expect(resolution).toBeTruthy();
  });

  it('has the order of the table in the README, which names each status once', () => {
    const labels = [...read('README.md').matchAll(/^\| \*\*(.+?)\*\* \|/gm)].map(([, label]) => label);
    expect(catalogueView().statuses.map(({ label }) => label)).toEqual(labels);
    expect(catalogueView().statuses.map(({ order }) => order)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('is in a module that imports nothing', () => {
    expect(read('shared/status/catalogue.ts')).not.toMatch(/^\s*(?:import|export .* from)\b|\bimport\(/m);
  });

  it('tells what to do wherever somebody must act', () => {
    for (const { attention, resolution } of Object.values(statuses)) {
      if (attention === 'yes') expect(resolution).toBeTruthy();
    }
  });

  it.each(Object.entries(statuses))('words %s in sentences of at most 25 words', (_, facts) => {
    const { meaning, resolution, sentAgain, doesNotProve } = facts;
    for (const text of [meaning, resolution, sentAgain, doesNotProve]) expectShortSentences(text ?? '');
  });

  it('alerts support on hard bounces and spam marks only', () => {
    const alerting = Object.entries(statuses).filter(([, { alert }]) => alert !== null);
    expect(alerting.map(([status, { alert }]) => [status, alert])).toEqual([
      ['hard_bounced', 'hard_bounce'],
      ['invalid', 'hard_bounce'],
      ['marked_spam', 'spam'],
    ]);
  });
});

/** Words of mail engineers, which say nothing to people who send invoices through a product. */
const jargon =
  /\b(?:SMTP|DNS|SPF|DKIM|DMARC|PTR|HELO|EHLO|MX|TLS|IP|DSN|API|engineers?|authenticat\w+|suppress\w+|relay\w*|reverse|headers?)\b/i;

describe('the texts for the people of an account', () => {
  const { statuses: shown, causes, caveats } = catalogueView();
  const texts: [string, string | null][] = [
    ...shown.flatMap(({ id, resolution: _, ...texts }) => textsIn(`status ${id}`, texts)),
    ...causes.flatMap(({ id, whatToDo: _, ...texts }) => textsIn(`cause ${id}`, texts)),
    ...caveats.map(({ code, text }): [string, string] => [code, text]),
  ];

  it.each(texts)('have no word of mail engineers in %s', (_, text) => {
    expect(text).not.toMatch(jargon);
    expectShortSentences(text ?? '');
  });

  it.each([...Object.entries(resolutionsForAccount), ...Object.entries(actionsForAccount)])(
    'say for %s which step they can take now',
    (_, text) => {
      expect(text).toMatch(/support|another way|resend/);
    },
  );

  it('differ from those for engineers, or are not there', () => {
    for (const { resolution, resolutionForAccount, id } of shown)
      expect(resolutionForAccount !== resolution, id).toBe(id in resolutionsForAccount);
    for (const { whatToDo, whatToDoForAccount, id } of causes)
      expect(whatToDoForAccount !== whatToDo, id).toBe(id in actionsForAccount);
  });
});

/** The members that are sentences or labels. */
function textsIn(owner: string, member: object): [string, string][] {
  const named = ['label', 'meaning', 'resolutionForAccount', 'sentAgain', 'doesNotProve', 'text', 'whatToDoForAccount'];
  return Object.entries(member)
    .filter(([name, value]) => named.includes(name) && value !== null)
    .map(([name, value]) => [`the ${name} of ${owner}`, value]);
}

describe('the caveats of an email', () => {
  const caveats = (events: History['events'], now = noon) => {
    const canonical = eventsOf({ events, ends: 'sent' });
    return caveatsOf({ verdict: merge(canonical), events: canonical }, now).map(({ code, at }) => [code, at]);
  };
  const minute = 60_000;

  it('say that a server took the email and then failed', () => {
    expect(caveats(['delivered', 'soft_bounced'])).toEqual([['temporary_failure_after_delivery', noon + minute]]);
    expect(caveats(['delivered', 'deferred', 'opened'])).toEqual([['temporary_failure_after_delivery', noon + minute]]);
    expect(caveats(['opened', 'soft_bounced', 'link_clicked'])).toEqual([
      ['temporary_failure_after_delivery', noon + minute],
    ]);
    expect(caveats(['deferred', 'delivered'])).toEqual([]);
  });

  it('say that a person opened it after it had bounced, but not that a machine did', () => {
    expect(caveats(['hard_bounced', 'opened'])).toEqual([['receipt_after_failure', noon + minute]]);
    expect(caveats(['hard_bounced', 'opened', 'invalid'])).toEqual([['receipt_after_failure', noon + minute]]);
    expect(caveats(['hard_bounced', 'machine opened'])).toEqual([]);
    expect(caveats(['opened', 'hard_bounced'])).toEqual([]);
  });

  /** The caveats of events at these minutes after noon. */
  const caveatsAt = (events: readonly (readonly [Status, number])[]) => {
    const timed = events.map(([status, after], index) => ({
      eventId: `e${index}`,
      status,
      occurredAt: noon + after * minute,
      evidence: 'unknown' as const,
    }));
    return caveatsOf({ verdict: merge(timed), events: timed }, noon).map(({ code, at }) => [code, at]);
  };

  it('say that a delay followed a delivery only while the email counts as received', () => {
    for (const end of ['hard_bounced', 'invalid', 'rejected', 'marked_spam'] as const) {
      expect(caveats(['delivered', 'soft_bounced', end]), end).toEqual([]);
    }
  });

  it.each([
    ['delivered', 'soft_bounced'],
    ['opened', 'soft_bounced'],
    ['link_clicked', 'soft_bounced'],
    ['delivered', 'deferred'],
    ['opened', 'deferred'],
    ['link_clicked', 'deferred'],
  ] as const)('say that an email that was %s was %s later', (receipt, failure) => {
    expect(caveats([receipt, failure])).toEqual([['temporary_failure_after_delivery', noon + minute]]);
  });

  it.each([
    ['hard_bounced', 'opened'],
    ['invalid', 'opened'],
    ['rejected', 'opened'],
    ['hard_bounced', 'link_clicked'],
    ['invalid', 'link_clicked'],
    ['rejected', 'link_clicked'],
  ] as const)('say that an email that was %s was %s later', (failure, receipt) => {
    expect(caveats([failure, receipt])).toEqual([['receipt_after_failure', noon + minute]]);
  });

  it('say nothing of a receipt after a failure once the recipient has marked the email as spam', () => {
    expect(caveats(['hard_bounced', 'opened', 'marked_spam'])).toEqual([]);
  });

  it('say nothing of an email that has only notes', () => {
    expect(caveats(['note', 'machine opened'], noon * 2)).toEqual([]);
  });

  it('say nothing of what is said to have happened at the very same time: nobody knows which came first', () => {
    for (const failure of ['soft_bounced', 'deferred'] as const) {
      for (const receipt of ['delivered', 'opened', 'link_clicked'] as const) {
        expect(
          caveatsAt([
            [failure, 0],
            [receipt, 0],
          ]),
        ).toEqual([]);
      }
    }
    for (const failure of ['hard_bounced', 'invalid', 'rejected'] as const) {
      for (const receipt of ['opened', 'link_clicked'] as const)
        expect(
          caveatsAt([
            [failure, 0],
            [receipt, 0],
          ]),
        ).toEqual([]);
    }
  });

  it('name the last temporary failure after the first receipt, and the first receipt after the first failure', () => {
    const failures = [
      ['soft_bounced', 1],
      ['deferred', 4],
      ['soft_bounced', 3],
    ] as const;
    expect(caveatsAt([['delivered', 0], ['opened', 2], ...failures])).toEqual([
      ['temporary_failure_after_delivery', noon + 4 * minute],
    ]);
    const receipts = [
      ['link_clicked', 6],
      ['opened', 3],
      ['opened', 5],
    ] as const;
    expect(caveatsAt([['rejected', 2], ['hard_bounced', 4], ['opened', 1], ...receipts])).toEqual([
      ['receipt_after_failure', noon + 3 * minute],
    ]);
  });

  it.each(['enqueued', 'sent', 'deferred'] as const)('say that no report came once %s is old, not before', status => {
    expect(caveats([status], noon + defaultOldAfter[status])).toEqual([]);
    expect(caveats([status], noon + defaultOldAfter[status] + 1)).toEqual([['no_news_since', noon]]);
  });

  it('never wait for a report of an email that has arrived or failed', () => {
    const settled: Status[] = [
      'delivered',
      'opened',
      'link_clicked',
      'rejected',
      'hard_bounced',
      'invalid',
      'marked_spam',
    ];
    for (const status of settled) expect(caveats([status], noon * 2)).toEqual([]);
  });

  it('are all in the documentation of the API, by their codes', () => {
    const documented = read('docs/api.md').match(/- \*\*`caveats`\*\*[\s\S]*?\n\n##/)?.[0] ?? '';
    const codes = [...documented.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
    expect(codes).toEqual(catalogueView().caveats.map(({ code }) => code));
  });

  it.each(Object.entries(caveatTexts))('say %s in sentences of at most 25 words', (_, text) => {
    expectShortSentences(text);
  });

  it('say that events named different accounts', () => {
    const [event] = eventsOf({ events: ['sent'], ends: 'sent' });
    const email = { verdict: merge([event!]), accountId: 'acme' };
    expect(caveatsOf({ ...email, events: [{ ...event!, accountId: 'acme' }] }, noon)).toEqual([]);
    const conflict = [{ code: 'account_conflict', text: caveatTexts.account_conflict }];
    const other = { ...event!, accountId: 'other' };
    expect(caveatsOf({ ...email, events: [other] }, noon)).toStrictEqual(conflict);
    expect(caveatsOf({ ...email, events: [{ ...event!, accountId: 'acme' }, other, event!] }, noon)).toEqual(conflict);
  });

  it('say nothing of the accounts that events name while the email belongs to none', () => {
    const [event] = eventsOf({ events: ['sent'], ends: 'sent' });
    expect(caveatsOf({ verdict: merge([event!]), events: [{ ...event!, accountId: 'acme' }] }, noon)).toEqual([]);
  });

  it('say that the message is not known, where an email is no more than an event and an address', () => {
    const events = eventsOf({ events: ['hard_bounced'], ends: 'hard_bounced' });
    const codes = (messageId: string) =>
      caveatsOf({ verdict: merge(events), messageId, events }, noon).map(caveat => caveat.code);
    expect(codes(messageIdOfEvent('evt-1'))).toEqual(['message_not_known']);
    expect(codes('evt-1')).toEqual([]);
  });

  it.each([
    ['ambiguous', 'one_of_several_recipients'],
    ['not_addressed', 'not_addressed'],
  ] as const)('of an event whose attribution is %s: %s', (attribution, code) => {
    const [event] = eventsOf({ events: ['delivered'], ends: 'delivered' });
    const email = { verdict: merge([event!]), accountId: 'acme', events: [event!, { ...event!, attribution }] };
    expect(caveatsOf(email, noon).map(caveat => caveat.code)).toEqual([code]);
  });
});
