import { describe, expect, it } from 'vitest';
import type { Email } from '../../infra/tools/client/client.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { isoText } from '../../shared/runtime/time.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent } from '../rigs/stored-emails.ts';
import { createLedger } from './ledger.ts';
import { seen, wrongInEmail, wrongInRow } from './queries.ts';

const minute = 60_000;
const facts = { messageId: 'asked', accountId: 'acme', subject: 'Invoice 7', reference: 'INV-7' };
const delivered = anEvent({ ...facts, status: 'delivered', occurredAt: noon });
const bounced = anEvent({ ...facts, status: 'hard_bounced', occurredAt: noon + minute });
const emailId = emailIdOf(delivered);

/** Two events that were sent before a question. The first so many are certainly in the table. */
function knownBefore(recorded = 2) {
  const ledger = createLedger({ retentionDays: 400, begunAt: noon });
  const sent = ledger.sent([delivered, bounced]);
  ledger.acknowledged(sent.slice(0, recorded), true);
  return { ledger, known: seen(ledger.email(emailId)!) };
}

const timelineOf = ({ eventId, occurredAt, status, evidence, providerEvent }: CanonicalEvent) => ({
  eventId,
  at: isoText(occurredAt),
  status,
  evidence,
  providerEvent,
});

/** The checked parts of an answer. */
function answerOf(changes: object = {}): Email {
  return {
    emailId,
    provider: 'sendgrid',
    recipient: 'jane@example.com',
    accountId: 'acme',
    subject: 'Invoice 7',
    reference: 'INV-7',
    status: 'hard_bounced',
    label: 'Hard Bounced',
    statusAt: isoText(bounced.occurredAt),
    attention: 'act',
    because: { eventId: bounced.eventId, at: isoText(bounced.occurredAt), cause: 'mailbox_full' },
    cause: 'mailbox_full',
    handled: null,
    resendOf: [],
    resentAs: [],
    timeline: [delivered, bounced].map(timelineOf),
    repeats: [],
    ...changes,
  } as unknown as Email;
}

const earlier = {
  status: 'delivered',
  label: 'Delivered',
  statusAt: isoText(noon),
  attention: null,
  because: { eventId: delivered.eventId, at: isoText(noon) },
  cause: null,
  timeline: [timelineOf(delivered)],
};

describe('an answer about an email', () => {
  it('is right if it shows the sent events', () => {
    expect(wrongInEmail(answerOf(), knownBefore().known)).toEqual([]);
  });

  it('may leave out only events that are not certainly in the table, and their facts', () => {
    const unknown = { accountId: null, subject: null, reference: null };
    expect(wrongInEmail(answerOf(earlier), knownBefore(1).known)).toEqual([]);
    expect(wrongInEmail(answerOf({ ...earlier, ...unknown }), knownBefore(0).known)).toEqual([]);
    expect(wrongInEmail(answerOf(earlier), knownBefore(2).known)).not.toEqual([]);
    for (const fact of Object.keys(unknown)) {
      expect(wrongInRow(answerOf({ [fact]: null }), knownBefore().known), fact).not.toEqual([]);
    }
  });

  it.each([
    ['another account', { accountId: 'globex' }],
    ['another subject', { subject: 'Invoice 8' }],
    ['another reference', { reference: 'INV-8' }],
    ['another recipient', { recipient: 'joe@example.com' }],
    ['another provider', { provider: 'brevo' }],
    ['another status', { ...earlier, timeline: [delivered, bounced].map(timelineOf) }],
    ['a status that no event has', { status: 'marked_spam', label: 'Marked Spam' }],
    ['another time of the status', { statusAt: isoText(noon) }],
    ['another label', { label: 'Delivered' }],
    ['no attention', { attention: null }],
    ['attention of another kind', { attention: 'late' }],
    ['no reason', { because: null }],
    ['another reason', { because: { eventId: delivered.eventId, at: isoText(noon) } }],
    ['another cause', { cause: 'blocked' }],
    ['an event twice', { timeline: [delivered, bounced, bounced].map(timelineOf) }],
    ['an event that was never sent', { timeline: [delivered, bounced, anEvent({ status: null })].map(timelineOf) }],
    ['a missing event', { timeline: [timelineOf(bounced)] }],
  ])('is wrong with %s', (_, changes) => {
    expect(wrongInEmail(answerOf(changes), knownBefore().known)).not.toEqual([]);
  });

  it('counts an open of a person that was known as one with an open of a machine', () => {
    const opened = (minutes: number, evidence: 'human' | 'machine' = 'human') => {
      const occurredAt = noon + minutes * minute;
      const named = { providerEvent: 'app.opened', eventId: `app.opened@${occurredAt}` };
      return anEvent({ ...facts, ...named, status: 'opened', evidence, occurredAt });
    };
    const sent = [opened(1), opened(2), opened(3), opened(4), opened(3, 'machine')];
    const ledger = createLedger({ retentionDays: 400, begunAt: noon });
    ledger.acknowledged(ledger.sent(sent), true);
    const [first, second] = sent as [CanonicalEvent, CanonicalEvent];
    const answer = answerOf({
      ...earlier,
      status: 'opened',
      label: 'Opened',
      statusAt: isoText(first.occurredAt),
      because: { eventId: first.eventId, at: isoText(first.occurredAt) },
      timeline: [first, second].map(timelineOf),
      repeats: [
        {
          status: 'opened',
          evidence: 'human',
          providerEvent: 'app.opened',
          count: 2,
          lastAt: isoText(sent[3]!.occurredAt),
        },
      ],
    });
    expect(wrongInEmail(answer, seen(ledger.email(emailId)!))).toEqual([]);
    const alone = createLedger({ retentionDays: 400, begunAt: noon });
    alone.acknowledged(alone.sent([first, second, sent[3]!, opened(3, 'machine')]), true);
    expect(wrongInEmail(answer, seen(alone.email(emailId)!))).toEqual([expect.stringContaining('without')]);
  });

  describe('of a handled email', () => {
    const handledAt = bounced.occurredAt + minute;
    const handled = {
      eventId: `mailtrail.handled@${handledAt}`,
      at: isoText(handledAt),
      status: null,
      evidence: 'unknown',
      providerEvent: 'mailtrail.handled',
      reason: { text: 'call 1' },
    };
    const answer = (changes: object = {}) =>
      answerOf({
        attention: null,
        handled: { at: handled.at, by: 'support', note: 'call 1' },
        timeline: [...[delivered, bounced].map(timelineOf), handled],
        ...changes,
      });
    const calledBefore = () => {
      const { ledger, known } = knownBefore();
      ledger.handling(emailId, 'call 1');
      return known;
    };

    it('is right if it asks nobody, and says how it was handled', () => {
      expect(wrongInEmail(answer(), calledBefore())).toEqual([]);
    });

    it.each([
      ['attention', { attention: 'act' }],
      ['another handling', { handled: { note: 'call 2' } }],
      ['no handling', { handled: null }],
      ['a link to no email in the timeline', { resentAs: ['another'] }],
      ['a handling before the failure', { timeline: [timelineOf(bounced), { ...handled, at: isoText(noon) }] }],
      ['a note of no call', { timeline: [...answer().timeline, { ...handled, eventId: '', reason: { text: 'no' } }] }],
    ])('is wrong with %s', (_, changes) => {
      expect(wrongInEmail(answer(changes), calledBefore())).not.toEqual([]);
    });

    it('is wrong if nobody handled it', () => {
      expect(wrongInEmail(answer(), knownBefore().known)).not.toEqual([]);
    });
  });

  it("has the note of a registration that names the email, unless that is another account's", () => {
    for (const [accountId, isShown] of [
      ['acme', true],
      ['globex', false],
    ] as const) {
      const { ledger } = knownBefore();
      const { provider, messageId, recipient } = delivered;
      const relatedEmailId = 'B'.repeat(22);
      const more = { status: null, providerEvent: 'app.resent', relatedEmailId, accountId } as const;
      const note = anEvent({ provider, messageId, recipient, ...more, occurredAt: noon + 2 * minute });
      ledger.acknowledged(ledger.sent([note]), true);
      const known = seen(ledger.email(emailId)!);
      const timeline = [delivered, bounced, note].map(event => ({
        ...timelineOf(event),
        ...('relatedEmailId' in event && { relatedEmailId }),
      }));
      const whole = answerOf({ timeline, resentAs: [relatedEmailId] });
      expect(wrongInEmail(whole, known).length === 0, accountId).toBe(isShown);
      expect(wrongInEmail(answerOf(), known).length === 0, accountId).toBe(!isShown);
    }
  });

  it('is wrong once the email is erased', () => {
    const { ledger } = knownBefore();
    ledger.erasing(emailId);
    expect(wrongInEmail(answerOf(), seen(ledger.email(emailId)!))).toEqual([]);
    ledger.erased(emailId);
    expect(wrongInEmail(answerOf(), seen(ledger.email(emailId)!))).not.toEqual([]);
  });
});
