import { beforeEach, describe, expect, it } from 'vitest';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { encodeHistory } from '../../shared/email/history.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent } from '../rigs/stored-emails.ts';
import { createLedger, type Deviation, type IndexEntries, type Ledger, type StoredItem } from './ledger.ts';

const minute = 60_000;
const begunAt = noon - 60 * minute;
const sentAt = noon;
const receivedAt = noon + 1;
const attentionSince = noon + 2;
const retentionDays = 400;

const facts = { messageId: 'one', accountId: 'acme', subject: 'Invoice 7', reference: 'INV-7' };
const delivered = anEvent({ ...facts, status: 'delivered', occurredAt: noon });
const bounced = anEvent({
  ...facts,
  status: 'hard_bounced',
  occurredAt: noon + minute,
  reason: { text: 'no such domain', cause: 'unknown_domain' },
});
const emailId = emailIdOf(delivered);

/** The item that the store makes of events, the last of which decides. */
function itemOf(events: readonly CanonicalEvent[], changes: Readonly<Record<string, unknown>> = {}): StoredItem {
  const { status, occurredAt, eventId, provider, messageId, recipient, reason } = events.at(-1)!;
  const asks = status === 'hard_bounced' || status === 'marked_spam';
  return {
    emailId: emailIdOf(events[0]!),
    provider,
    messageId,
    recipient,
    accountId: 'acme',
    subject: 'Invoice 7',
    reference: 'INV-7',
    history: new Set(events.map(encodeHistory)),
    ...(status !== null && { status, statusAt: occurredAt, statusEventId: eventId }),
    ...(reason?.cause !== undefined && { cause: reason.cause }),
    ...(asks && { attentionSince, attentionAt: attentionSince, attentionDay: '2026-01-02' }),
    sentAt,
    updatedAt: receivedAt,
    expiresAt: Math.ceil(receivedAt / 1000) + retentionDays * 24 * 3_600,
    ...changes,
  };
}

/** Its entries, as DynamoDB makes them of the keys that it has. */
function entriesOf(
  item: StoredItem,
  changes: Readonly<Record<string, readonly object[] | undefined>> = {},
): IndexEntries {
  const indexes = {
    byAccount: ['accountId', 'sentAt'],
    byRecipient: ['recipient', 'sentAt'],
    byReference: ['reference', 'accountId', 'sentAt'],
    byAttention: ['accountId', 'attentionAt'],
    byAttentionDay: ['attentionDay', 'attentionAt'],
  };
  const entries = Object.entries(indexes).flatMap(([name, keys]) => {
    if (keys.some(key => item[key] === undefined)) return [];
    const held = name === 'byRecipient' && item.accountId !== undefined ? [...keys, 'accountId'] : keys;
    return [[name, [Object.fromEntries(['emailId', ...held].map(key => [key, item[key]]))]] as const];
  });
  const changed = { ...Object.fromEntries(entries), ...changes };
  return Object.fromEntries(Object.entries(changed).filter(([, rows]) => rows !== undefined)) as IndexEntries;
}

describe('the ledger of what was sent', () => {
  let ledger: Ledger;
  const kindsOf = (item: StoredItem, entries = entriesOf(item)): Deviation['kind'][] => [
    ...new Set(ledger.deviationsOf(item, entries).map(({ kind }) => kind)),
  ];
  beforeEach(() => {
    ledger = createLedger({ retentionDays, begunAt });
    ledger.acknowledged(ledger.sent([delivered, bounced]), true);
  });

  it('finds nothing wrong with an item that holds just what was acknowledged', () => {
    expect(kindsOf(itemOf([delivered, bounced]))).toEqual([]);
    expect(ledger.neverShown()).toEqual([]);
  });

  it('misses an event, and its status', () => {
    expect(kindsOf(itemOf([delivered]))).toEqual(['missing', 'wrong status', 'wrong index']);
  });

  it('misses every event of an email that has no item', () => {
    expect(ledger.neverShown().map(({ kind }) => kind)).toEqual(['missing', 'missing']);
  });

  it('knows what was never sent: an event, the same one a second time, and an email', () => {
    const opened = anEvent({ ...facts, status: null });
    const withEvent = (event: CanonicalEvent) => ({ history: new Set([delivered, bounced, event].map(encodeHistory)) });
    expect(kindsOf(itemOf([delivered, bounced], withEvent(opened)))).toEqual(['invented']);
    expect(kindsOf(itemOf([delivered, bounced], withEvent({ ...delivered, eventId: 'again' })))).toEqual(['invented']);
    expect(kindsOf(itemOf([anEvent()]))).toEqual(['invented']);
  });

  it.each<[string, Deviation['kind'][], Record<string, unknown>]>([
    ['another status', ['wrong status', 'wrong cause'], { status: 'delivered' }],
    ['another time of it', ['wrong status', 'wrong cause'], { statusAt: noon }],
    ['another deciding event', ['wrong status', 'wrong cause'], { statusEventId: 'another' }],
    ['another cause', ['wrong cause'], { cause: 'mailbox_full' }],
    ['no cause', ['wrong cause'], { cause: undefined }],
    ['another account', ['wrong fact', 'wrong index'], { accountId: 'globex' }],
    ['no account', ['wrong fact', 'wrong index'], { accountId: undefined }],
    ['another subject', ['wrong fact'], { subject: 'Invoice 8' }],
    ['no subject', ['wrong fact'], { subject: undefined }],
    ['another reference', ['wrong fact', 'wrong index'], { reference: 'INV-8' }],
    ['no reference', ['wrong fact', 'wrong index'], { reference: undefined }],
    ['another recipient', ['wrong fact', 'wrong index'], { recipient: 'joe@example.com' }],
    ['another provider', ['wrong fact'], { provider: 'brevo' }],
    ['another message', ['wrong fact'], { messageId: 'two' }],
    ['no attention where somebody must act', ['wrong index'], { attentionAt: undefined }],
    ['attention since another time than it first asked', ['wrong index'], { attentionAt: attentionSince + 1 }],
    ['the attention of another day', ['wrong index'], { attentionDay: '2026-01-03' }],
    ['a time of sending that no event tells', ['wrong time'], { sentAt: begunAt - 1 }],
    ['a last write before the run', ['wrong time'], { updatedAt: begunAt - 1 }],
    ['another end of its life', ['wrong time'], { expiresAt: Math.ceil(receivedAt / 1000) + 30 * 24 * 3_600 }],
    ['no end of its life', ['wrong time'], { expiresAt: undefined }],
    ['a tombstone that nobody asked for', ['missing'], { erasedAt: noon, history: undefined }],
  ])('calls %s wrong', (_, kinds, changes) => {
    expect(kindsOf(itemOf([delivered, bounced], changes))).toEqual(expect.arrayContaining(kinds));
  });

  it.each(['byAccount', 'byRecipient', 'byReference', 'byAttention', 'byAttentionDay'])(
    'calls %s wrong where the email is not in it, is in it twice, or by other keys',
    name => {
      const item = itemOf([delivered, bounced]);
      const [entry] = entriesOf(item)[name]!;
      expect(kindsOf(item, entriesOf(item, { [name]: undefined }))).toEqual(['wrong index']);
      expect(kindsOf(item, entriesOf(item, { [name]: [entry!, entry!] }))).toEqual(['wrong index']);
      const others = Object.keys(entry!).filter(key => key !== 'emailId');
      for (const key of others) {
        const changed = [{ ...entry, [key]: typeof entry![key] === 'number' ? Number(entry![key]) + 1 : 'other' }];
        expect(kindsOf(item, entriesOf(item, { [name]: changed })), key).toEqual(['wrong index']);
      }
    },
  );

  it('calls it wrong where an email is in an index in which it has nothing to do', () => {
    const nobodys = anEvent({ messageId: 'nobodys', status: 'delivered', occurredAt: noon });
    ledger.acknowledged(ledger.sent([nobodys]), true);
    const none = { accountId: undefined, subject: undefined, reference: undefined };
    const item = itemOf([nobodys], none);
    expect(kindsOf(item)).toEqual([]);
    for (const [name, keys] of Object.entries({
      byAccount: { accountId: 'acme', sentAt },
      byReference: { reference: 'INV-7', accountId: 'acme', sentAt },
      byAttentionDay: { attentionDay: '2026-01-02', attentionAt: noon },
      byAnything: { any: 'key' },
    })) {
      const entry = { emailId: item.emailId, ...keys };
      expect(kindsOf(item, entriesOf(item, { [name]: [entry] })), name).toEqual(['wrong index']);
    }
    expect(kindsOf({ ...item, attentionSince: noon })).toEqual(['wrong index']);
    for (const fact of ['accountId', 'subject', 'reference']) {
      expect(kindsOf({ ...item, [fact]: 'any' }), fact).toContain('wrong fact');
    }
  });

  it('calls it wrong where another event of the email decides than the one that must', () => {
    const opened = anEvent({ ...facts, messageId: 'tied', status: 'opened', occurredAt: noon });
    const tied = { ...delivered, messageId: 'tied' };
    const later = { ...tied, eventId: 'later', occurredAt: noon + minute };
    ledger.acknowledged(ledger.sent([opened, tied, later]), true);
    const all = { history: new Set([opened, tied, later].map(encodeHistory)) };
    expect(kindsOf(itemOf([tied, later, opened]))).toEqual([]);
    // Of the same time, and of another status.
    expect(kindsOf(itemOf([tied], all))).toEqual(['wrong status']);
    const twice = { ...tied, messageId: 'twice' };
    const again = { ...later, messageId: 'twice' };
    ledger.acknowledged(ledger.sent([twice, again]), true);
    expect(kindsOf(itemOf([again, twice]))).toEqual([]);
    // Of the same status, and of another time.
    expect(kindsOf(itemOf([twice, again]))).toEqual(['wrong status']);
  });

  it('calls an event wrong that names another account than the one sent', () => {
    const history = new Set([delivered, { ...bounced, accountId: 'globex' }].map(encodeHistory));
    expect(kindsOf(itemOf([delivered, bounced], { history }))).toContain('wrong fact');
  });

  it('takes what was never acknowledged as it is: there, and then it counts, or not there', () => {
    const complained = anEvent({ ...facts, status: 'marked_spam', occurredAt: noon + 2 * minute });
    ledger.sent([complained]);
    expect(kindsOf(itemOf([delivered, bounced]))).toEqual([]);
    expect(kindsOf(itemOf([delivered, bounced, complained]))).toEqual([]);
    const all = { history: new Set([delivered, bounced, complained].map(encodeHistory)) };
    expect(kindsOf(itemOf([delivered, bounced], all))).toEqual(['wrong status']);
  });

  describe('of an email that was erased', () => {
    const tombstone = { emailId, erasedAt: noon, expiresAt: noon / 1000 };
    beforeEach(() => ledger.erasing(emailId));

    it('takes it in any form, or none, until somebody was told that it is erased', () => {
      expect(kindsOf(itemOf([delivered]))).toEqual([]);
      expect(ledger.neverShown()).toEqual([]);
    });

    it('takes a tombstone, and nothing else', () => {
      ledger.erased(emailId);
      expect(kindsOf(tombstone)).toEqual([]);
      expect(kindsOf(itemOf([delivered, bounced]))).toEqual(['not erased']);
      expect(kindsOf({ emailId })).toEqual(['not erased']);
      expect(kindsOf({ ...tombstone, subject: 'Invoice 7' })).toEqual(['not erased']);
      const entry = { emailId, recipient: 'jane@example.com', sentAt };
      expect(kindsOf(tombstone, { byRecipient: [entry] })).toEqual(['not erased']);
    });
  });
});
