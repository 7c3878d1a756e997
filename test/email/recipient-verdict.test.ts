import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressEvidenceIn, isOfAddress } from '../../shared/email/address-evidence.ts';
import { noteNames } from '../../shared/email/event.ts';
import { decidingEventOf, type HistoryEvent, inTime } from '../../shared/email/history.ts';
import type { Email } from '../../shared/email/item.ts';
import {
  type RecipientVerdict,
  type SendRule,
  sendCaveats,
  sendRules,
  sendVerdicts,
  verdictFor,
} from '../../shared/email/recipient-verdict.ts';
import { day } from '../../shared/runtime/time.ts';
import { type Status, statusIds } from '../../shared/status/catalogue.ts';
import { type Cause, causeIds, causes } from '../../shared/status/causes.ts';
import { merge } from '../../shared/status/precedence.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { nextMessageNumber } from '../rigs/message-numbers.ts';
import { runs } from '../rigs/runs.ts';

type Told = Partial<HistoryEvent> & { readonly status: Status | null; readonly on: number; readonly cause?: Cause };

/** An event on a day after noon of the first day. */
const event = ({ on, cause, ...rest }: Told): HistoryEvent => ({
  eventId: `event-${nextMessageNumber()}`,
  occurredAt: noon + on * day,
  evidence: 'unknown',
  providerEvent: rest.status ?? 'note',
  ...(cause && { reason: { cause } }),
  ...rest,
});

/** An email with these events, which was sent at its first one. */
function anEmail(told: readonly Told[], changes: Partial<Email> = {}): Email {
  const events = told.map(event).sort(inTime);
  const verdict = merge(events);
  const cause = decidingEventOf(verdict, events)?.reason?.cause;
  return {
    emailId: `email-${nextMessageNumber()}`,
    provider: 'sendgrid',
    messageId: 'm1',
    recipient: 'jane@example.com',
    verdict,
    ...(cause && { cause }),
    sentAt: events[0]?.occurredAt ?? noon,
    updatedAt: noon,
    events,
    repeats: new Map(),
    ...changes,
  };
}

const email = (on: number, status: Status, more: Partial<Told> = {}) => anEmail([{ status, on, ...more }]);
const handled = (on: number): Told => ({ status: null, on, providerEvent: noteNames.handled });

function check(emails: readonly Email[], about: { address?: string; truncated?: boolean } = {}): RecipientVerdict {
  const { address = 'jane@example.com', truncated = false } = about;
  return verdictFor(emails.map(addressEvidenceIn), { address, truncated, now: noon });
}

const said = (emails: readonly Email[], about = {}) => {
  const { verdict, why } = check(emails, about);
  return [verdict, ...why.map(({ code }) => code)];
};

describe('the verdict about an address', () => {
  it('is ok for an unknown one, of which nothing is invented', () => {
    expect(check([])).toEqual({
      verdict: 'ok',
      why: [],
      lastDelivered: null,
      softBouncesInARow: 0,
      complainedAt: null,
      asOf: noon,
      truncated: false,
      caveats: [],
    });
  });

  it.each(['invalid', 'hard_bounced'] as const)('is to stop after a failure as %s, with its email and time', status => {
    const older = email(0, status);
    const newer = email(3, status);
    const { verdict, why } = check([newer, email(1, 'delivered'), older]);
    expect(verdict).toBe('stop');
    expect(why).toEqual([{ code: status, text: sendRules[status].text, emailId: newer.emailId, at: noon + 3 * day }]);
  });

  it.each<[string, Status]>([
    ['is delivered', 'delivered'],
    ['is opened', 'opened'],
    ['has a link clicked', 'link_clicked'],
  ])('is ok again once any email to it %s', (_, status) => {
    expect(said([email(1, 'invalid'), email(2, 'hard_bounced'), email(3, status)])).toEqual(['ok']);
    expect(
      said([
        anEmail([
          { status: 'hard_bounced', on: 1 },
          { status, on: 2 },
        ]),
      ]),
    ).toEqual(['ok']);
  });

  it('is still to stop after an open by a machine, and after a delivery at the very time of the failure', () => {
    expect(said([email(1, 'invalid'), email(2, 'opened', { evidence: 'machine' })])).toEqual(['stop', 'invalid']);
    expect(said([email(1, 'hard_bounced'), email(1, 'delivered')])).toEqual(['stop', 'hard_bounced']);
  });

  it('is still to stop after further opens of an email that had arrived before', () => {
    const delivered: Told = { status: 'delivered', on: 0 };
    const opened = (on: number): Told => ({ status: 'opened', on });
    const repeats = new Map([['Oh', { count: 9, last: noon + 2 * day }]]);
    for (const earlier of [
      anEmail([delivered, opened(2)]),
      anEmail([opened(0), opened(2)]),
      anEmail([opened(0)], { repeats }),
    ])
      expect(said([earlier, email(1, 'invalid')])).toEqual(['stop', 'invalid']);
  });

  it('is to stop after a spam mark, also if emails are delivered later', () => {
    expect(said([email(1, 'marked_spam'), email(2, 'delivered'), email(3, 'opened')])).toEqual(['stop', 'marked_spam']);
  });

  it('is ok once somebody has handled each marked email after its mark', () => {
    const mark: Told = { status: 'marked_spam', on: 1 };
    const resolved = anEmail([mark, handled(2)]);
    expect(said([resolved])).toEqual(['ok']);
    expect(check([resolved]).complainedAt).toBe(noon + day);
    expect(said([anEmail([mark, handled(0)])])).toEqual(['stop', 'marked_spam']);
    // A provider's event of the note's name is none.
    expect(said([anEmail([mark, { ...handled(2), status: 'opened' }])])).toEqual(['stop', 'marked_spam']);
    expect(said([anEmail([mark, handled(2), { ...mark, on: 3 }])])).toEqual(['stop', 'marked_spam']);
    expect(said([anEmail([mark]), anEmail([{ status: 'delivered', on: 1 }, handled(2)])])).toEqual([
      'stop',
      'marked_spam',
    ]);
    const successor: Told = { status: null, on: 2, providerEvent: noteNames.successorDelivered };
    expect(said([anEmail([mark, successor])])).toEqual(['stop', 'marked_spam']);
  });

  describe('after soft bounces', () => {
    const soft = (on: number, more: Partial<Told> = {}) =>
      email(on, 'soft_bounced', { cause: 'mailbox_full', ...more });

    it('is caution from three emails in a row over a week, and ok before', () => {
      const [one, two, three] = [soft(0), soft(3), soft(7)];
      expect(said([one, two, three])).toEqual(['caution', 'soft_bounces']);
      expect(check([one, two, three]).why[0]).toMatchObject({ emailId: three.emailId, at: noon + 7 * day });
      expect(said([one, three])).toEqual(['ok']);
      expect(said([soft(0.1), two, three])).toEqual(['ok']);
      expect(check([soft(0.1), two, three]).softBouncesInARow).toBe(3);
    });

    it('counts emails, however often each of them bounced', () => {
      const often = anEmail([0, 1, 2, 8].map(on => ({ status: 'soft_bounced', on })));
      expect(check([often, soft(9)])).toMatchObject({ verdict: 'ok', softBouncesInARow: 2 });
    });

    it('starts again after an email that was delivered, at once or after its bounces', () => {
      expect(check([soft(0), soft(3), email(4, 'delivered'), soft(7)])).toMatchObject({
        verdict: 'ok',
        softBouncesInARow: 1,
      });
      const late = anEmail([
        { status: 'soft_bounced', on: 4 },
        { status: 'delivered', on: 5 },
      ]);
      expect(check([soft(0), soft(3), late, soft(7)]).softBouncesInARow).toBe(1);
    });

    it('goes on past emails that tell nothing: still on their way, or refused for a cause of the sender', () => {
      const waiting = [email(1, 'sent'), email(2, 'deferred')];
      const refused = [email(4, 'rejected', { cause: 'policy' }), soft(5, { cause: 'too_large' })];
      const again = anEmail([
        { status: 'soft_bounced', on: 5 },
        { status: 'deferred', on: 6 },
      ]);
      const { verdict, softBouncesInARow } = check([soft(0), ...waiting, soft(3), ...refused, again, soft(7)]);
      expect([verdict, softBouncesInARow]).toEqual(['caution', 3]);
    });
  });

  it('is never ok if there may be more emails', () => {
    const why = { code: 'truncated', text: sendRules.truncated.text, emailId: null, at: null };
    expect(check([email(1, 'delivered')], { truncated: true })).toMatchObject({ verdict: 'caution', why: [why] });
    expect(said([email(1, 'invalid')], { truncated: true })).toEqual(['stop', 'invalid', 'truncated']);
  });

  it('says with it that Gmail reports no complaints', () => {
    const caveat = { code: 'gmail_reports_no_complaints', text: sendCaveats.gmail_reports_no_complaints.text };
    for (const address of ['jane@gmail.com', 'jane@googlemail.com'])
      expect(check([], { address })).toMatchObject({ verdict: 'ok', caveats: [caveat] });
    for (const address of ['gmail.com@example.com', 'jane@not-gmail.com'])
      expect(check([], { address }).caveats).toEqual([]);
  });

  it('says with it that a provider suppresses the address, until a later email is delivered', () => {
    const suppressed = email(1, 'rejected', { cause: 'suppressed' });
    const caveat = { code: 'suppressed_by_provider', text: sendCaveats.suppressed_by_provider.text };
    expect(check([suppressed])).toMatchObject({ verdict: 'ok', caveats: [caveat] });
    expect(check([suppressed, email(2, 'delivered')]).caveats).toEqual([]);
  });
});

describe('the rules', () => {
  it('are sorted from the gravest, so that the first that applies decides', () => {
    const graveness = Object.values(sendRules).map(({ verdict }) => sendVerdicts.indexOf(verdict));
    expect(graveness).toEqual(graveness.toSorted((one, other) => other - one));
  });

  it('say in sentences of at most 25 words what is the matter', () => {
    for (const { text } of [...Object.values(sendRules), ...Object.values(sendCaveats)]) {
      for (const sentence of text.split(/(?<=\.) /)) {
        expect(sentence).toMatch(/^[A-Z].*\.$/);
        expect(sentence.split(' ').length).toBeLessThanOrEqual(25);
      }
    }
  });

  it('have decided for every cause whether it says something about the address', () => {
    expect(Object.keys(isOfAddress).sort()).toEqual([...causeIds].sort());
  });

  it.each(causeIds)('judge the cause %s by who can fix it: never the sender, nor the passing of time', cause => {
    expect(isOfAddress[cause]).toBe(causes[cause].turn !== 'sender' && causes[cause].turn !== 'nobody');
  });
});

/** Random events, mostly soft bounces, within a month, with equal times among them. */
const toldEvents = fc.array(
  fc.record({
    status: fc.oneof(
      { weight: 6, arbitrary: fc.constant('soft_bounced' as const) },
      { weight: 4, arbitrary: fc.constantFrom(...statusIds, null) },
    ),
    on: fc.integer({ min: 0, max: 60 }).map(halves => halves / 2),
    cause: fc.option(fc.constantFrom(...causeIds), { nil: undefined }),
    evidence: fc.oneof(
      { weight: 5, arbitrary: fc.constant('unknown' as const) },
      fc.constantFrom('human' as const, 'machine' as const),
    ),
    isHandling: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
);

/** Counted opens or clicks of one kind, in few emails. */
const counts = fc.oneof(
  { weight: 5, arbitrary: fc.constant(new Map()) },
  fc
    .tuple(fc.constantFrom('Oh', 'Lu', 'Om'), fc.integer({ min: 0, max: 30 }))
    .map(([kind, on]) => new Map([[kind, { count: 1, last: noon + on * day }]])),
);

const randomEmails = fc.array(fc.tuple(toldEvents, counts), { maxLength: 8 }).map(lives =>
  lives.map(([told, repeats], index) =>
    anEmail(
      told.map(({ isHandling, cause, ...one }, nth) => ({
        eventId: `event-${nth}`,
        ...one,
        ...(cause && { cause }),
        ...(one.status === null && isHandling && { providerEvent: noteNames.handled }),
      })),
      { emailId: `email-${index}`, repeats },
    ),
  ),
);

/** The causes that are nobody's address, as the catalogue says who can fix them. */
const elsewhere: readonly unknown[] = causeIds.filter(id => ['sender', 'nobody'].includes(causes[id].turn ?? ''));

/** The same verdict, worked out event by event without the rules, the merge and the evidence of the code. */
function modelOf(emails: readonly Email[], truncated: boolean) {
  const eventsOf = (one: Email) => one.events.filter(({ evidence }) => evidence !== 'machine');
  const isReceipt = ({ status }: HistoryEvent) => ['delivered', 'opened', 'link_clicked'].includes(status ?? '');
  const all = emails.flatMap(eventsOf);
  // Only the first sign of an email says when it arrived, unless its delivery was reported.
  const receipts = emails.flatMap(one => {
    const deliveries = eventsOf(one).filter(({ status }) => status === 'delivered');
    if (deliveries.length > 0) return deliveries;
    const signs = eventsOf(one).filter(isReceipt);
    return signs.filter(({ occurredAt }) => signs.every(other => other.occurredAt >= occurredAt));
  });
  const codes = new Set<SendRule>();
  for (const one of all) {
    const isUndone = receipts.some(({ occurredAt }) => occurredAt > one.occurredAt);
    if (isUndone || elsewhere.includes(one.reason?.cause)) continue;
    if (one.status === 'invalid' || one.status === 'hard_bounced') codes.add(one.status);
  }
  for (const one of emails) {
    for (const mark of eventsOf(one).filter(({ status }) => status === 'marked_spam')) {
      const isHandled = eventsOf(one).some(
        ({ status, providerEvent, occurredAt }) =>
          status === null && providerEvent === 'mailtrail.handled' && occurredAt >= mark.occurredAt,
      );
      if (!isHandled) codes.add('marked_spam');
    }
  }
  let bounces: number[] = [];
  const inOrder = emails.toSorted((a, b) => a.sentAt - b.sentAt || (a.emailId < b.emailId ? -1 : 1));
  for (const one of inOrder) {
    const events = eventsOf(one);
    if (events.some(isReceipt)) {
      bounces = [];
      continue;
    }
    if (events.some(({ status }) => ['rejected', 'hard_bounced', 'invalid', 'marked_spam'].includes(status ?? '')))
      continue;
    const tries = events.filter(({ status }) => status === 'soft_bounced' || status === 'deferred');
    const last = Math.max(...tries.map(({ occurredAt }) => occurredAt));
    // At equal times the bounce wins over the deferral, and the smaller id over other bounces.
    const [outcome] = tries
      .filter(({ occurredAt, status }) => occurredAt === last && status === 'soft_bounced')
      .sort((a, b) => (a.eventId < b.eventId ? -1 : 1));
    if (outcome !== undefined && !elsewhere.includes(outcome.reason?.cause)) bounces.push(last);
  }
  if (bounces.length >= 3 && Math.max(...bounces) - Math.min(...bounces) >= 7 * day) codes.add('soft_bounces');
  if (truncated) codes.add('truncated');
  const stops = codes.has('invalid') || codes.has('hard_bounced') || codes.has('marked_spam');
  const newest = (events: readonly HistoryEvent[]) =>
    events.length === 0 ? null : Math.max(...events.map(({ occurredAt }) => occurredAt));
  return {
    verdict: stops ? 'stop' : codes.size > 0 ? 'caution' : 'ok',
    codes: [...codes].sort(),
    lastDelivered: newest(receipts),
    softBouncesInARow: bounces.length,
    complainedAt: newest(all.filter(({ status }) => status === 'marked_spam')),
  };
}

describe('the verdicts about random emails', () => {
  it('are those of a naive model, over 1,000 histories in which each rule applies', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(randomEmails, fc.nat(9), (emails, luck) => {
        const truncated = luck === 0;
        const { verdict, why, lastDelivered, softBouncesInARow, complainedAt } = check(emails, { truncated });
        const codes = why.map(({ code }) => code).sort();
        expect({ verdict, codes, lastDelivered, softBouncesInARow, complainedAt }).toEqual(modelOf(emails, truncated));
        for (const one of [verdict, ...codes]) seen.set(one, (seen.get(one) ?? 0) + 1);
      }),
      { numRuns: runs(1_000), seed: 19 },
    );
    for (const one of [...sendVerdicts, ...Object.keys(sendRules)]) expect(seen.get(one) ?? 0, one).toBeGreaterThan(10);
  });

  it('do not depend on the order of emails', () => {
    fc.assert(
      fc.property(
        randomEmails.chain(emails =>
          fc.tuple(fc.constant(emails), fc.shuffledSubarray(emails, { minLength: emails.length })),
        ),
        ([emails, shuffled]) => {
          expect(check(shuffled)).toEqual(check(emails));
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it('name only emails and times that are there', () => {
    fc.assert(
      fc.property(randomEmails, emails => {
        for (const { emailId, at } of check(emails).why) {
          const named = emails.find(one => one.emailId === emailId);
          expect(named?.events.map(({ occurredAt }) => occurredAt)).toContain(at);
        }
      }),
      { numRuns: runs(300) },
    );
  });

  it('have no failure left after a later delivery, and no complaint after each marked email is handled', () => {
    fc.assert(
      fc.property(randomEmails, emails => {
        const delivered = check([...emails, email(40, 'delivered')]).why.map(({ code }) => code);
        expect(delivered.filter(code => code !== 'marked_spam')).toEqual([]);
        const all = emails.map(one => ({ ...one, events: [...one.events, event(handled(40))] }));
        expect(check(all).why).toEqual(check(emails).why.filter(({ code }) => code !== 'marked_spam'));
        expect(check(all).complainedAt).toBe(check(emails).complainedAt);
      }),
      { numRuns: runs(300) },
    );
  });

  it('do not change by an email that failed for a cause on the side of the sender', () => {
    const senders = causeIds.filter(id => causes[id].turn === 'sender' && id !== 'suppressed');
    const failed = fc.tuple(
      fc.constantFrom('soft_bounced' as const, 'hard_bounced' as const, 'invalid' as const, 'rejected' as const),
      fc.constantFrom(...senders),
      fc.integer({ min: 0, max: 30 }),
    );
    fc.assert(
      fc.property(randomEmails, failed, (emails, [status, cause, on]) => {
        expect(check([...emails, email(on, status, { cause })])).toEqual(check(emails));
      }),
      { numRuns: runs(300) },
    );
  });

  it('are never ok if there may be more emails', () => {
    fc.assert(
      fc.property(randomEmails, emails => {
        expect(check(emails, { truncated: true }).verdict).not.toBe('ok');
      }),
      { numRuns: runs(300) },
    );
  });
});
