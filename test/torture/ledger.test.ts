import { beforeEach, describe, expect, it } from 'vitest';
import { attentionDayOf } from '../../shared/email/attention-day.ts';
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
const note = { messageId: 'one', status: null, evidence: 'unknown', eventId: 'note' } as const;

/** The recorder's item for events, the last of which decides. */
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
    ...(asks && {
      attentionSince,
      attentionAt: attentionSince,
      attentionDay: attentionDayOf(emailIdOf(events[0]!), attentionSince),
    }),
    sentAt,
    updatedAt: receivedAt,
    expiresAt: Math.ceil(receivedAt / 1000) + retentionDays * 24 * 3_600,
    ...changes,
  };
}

/** The item's index entries, as DynamoDB derives them from its keys. */
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

describe('the ledger of sent events', () => {
  let ledger: Ledger;
  const kindsOf = (item: StoredItem, entries = entriesOf(item)): Deviation['kind'][] => [
    ...new Set(ledger.deviationsOf(item, entries).map(({ kind }) => kind)),
  ];
  beforeEach(() => {
    ledger = createLedger({ retentionDays, begunAt });
    ledger.acknowledged(ledger.sent([delivered, bounced]), true);
  });

  it('accepts an item with exactly the acknowledged events', () => {
    expect(kindsOf(itemOf([delivered, bounced]))).toEqual([]);
    expect(ledger.neverShown()).toEqual([]);
  });

  it('reports a missing event and its missing status', () => {
    expect(kindsOf(itemOf([delivered]))).toEqual(['missing', 'wrong status', 'wrong attention']);
  });

  it('reports every event of an email without an item as missing', () => {
    expect(ledger.neverShown().map(({ kind }) => kind)).toEqual(['missing', 'missing']);
  });

  it('reports invented events, repeated events and invented emails', () => {
    const opened = anEvent({ ...facts, status: null });
    const withEvent = (event: CanonicalEvent) => ({ history: new Set([delivered, bounced, event].map(encodeHistory)) });
    expect(kindsOf(itemOf([delivered, bounced], withEvent(opened)))).toEqual(['invented']);
    expect(kindsOf(itemOf([delivered, bounced], withEvent({ ...delivered, eventId: 'again' })))).toEqual(['invented']);
    expect(kindsOf(itemOf([anEvent()]))).toEqual(['invented']);
  });

  it.each<[string, Deviation['kind'][], Record<string, unknown>]>([
    ['another status', ['wrong status', 'wrong cause'], { status: 'delivered' }],
    ['another time of the status', ['wrong status', 'wrong cause'], { statusAt: noon }],
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
    ['missing attention', ['wrong index', 'wrong attention'], { attentionAt: undefined }],
    [
      'attention since another time than the first',
      ['wrong index', 'wrong attention'],
      { attentionAt: attentionSince + 1 },
    ],
    ['attention since before the run', ['wrong attention'], { attentionSince: begunAt - 1, attentionAt: begunAt - 1 }],
    ['a resolution without a note of it', ['wrong attention'], { resolvedAt: noon }],
    ['attention on another day', ['wrong index', 'wrong attention'], { attentionDay: '2026-01-03' }],
    ['a time of sending that no event has', ['wrong time'], { sentAt: begunAt - 1 }],
    ['a last write before the run', ['wrong time'], { updatedAt: begunAt - 1 }],
    ['another time of expiry', ['wrong time'], { expiresAt: Math.ceil(receivedAt / 1000) + 30 * 24 * 3_600 }],
    ['no time of expiry', ['wrong time'], { expiresAt: undefined }],
    ['a tombstone without an erasure', ['missing'], { erasedAt: noon, history: undefined }],
  ])('reports %s as wrong', (_, kinds, changes) => {
    expect(kindsOf(itemOf([delivered, bounced], changes))).toEqual(expect.arrayContaining(kinds));
  });

  it.each(['byAccount', 'byRecipient', 'byReference', 'byAttention', 'byAttentionDay'])(
    'reports %s as wrong if the email is missing, repeated, or under other keys',
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

  it('reports an email in an index to which it does not belong', () => {
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
    expect(kindsOf({ ...item, attentionSince: noon })).toEqual(['wrong attention']);
    expect(kindsOf({ ...item, attentionAt: noon })).toEqual(['wrong attention']);
    for (const fact of ['accountId', 'subject', 'reference']) {
      expect(kindsOf({ ...item, [fact]: 'any' }), fact).toContain('wrong fact');
    }
  });

  it('reports a status that the wrong event decides', () => {
    const opened = anEvent({ ...facts, messageId: 'tied', status: 'opened', occurredAt: noon });
    const tied = { ...delivered, messageId: 'tied' };
    const later = { ...tied, eventId: 'later', occurredAt: noon + minute };
    ledger.acknowledged(ledger.sent([opened, tied, later]), true);
    const all = { history: new Set([opened, tied, later].map(encodeHistory)) };
    expect(kindsOf(itemOf([tied, later, opened]))).toEqual([]);
    // The other event has the same time and another status.
    expect(kindsOf(itemOf([tied], all))).toEqual(['wrong status']);
    const twice = { ...tied, messageId: 'twice' };
    const again = { ...later, messageId: 'twice' };
    ledger.acknowledged(ledger.sent([twice, again]), true);
    expect(kindsOf(itemOf([again, twice]))).toEqual([]);
    // The other event has the same status and another time.
    expect(kindsOf(itemOf([twice, again]))).toEqual(['wrong status']);
  });

  it('reports an event that names another account than the sent one', () => {
    const history = new Set([delivered, { ...bounced, accountId: 'globex' }].map(encodeHistory));
    expect(kindsOf(itemOf([delivered, bounced], { history }))).toContain('wrong fact');
  });

  it('accepts unacknowledged events present or absent, and counts present ones', () => {
    const complained = anEvent({ ...facts, status: 'marked_spam', occurredAt: noon + 2 * minute });
    ledger.sent([complained]);
    expect(kindsOf(itemOf([delivered, bounced]))).toEqual([]);
    expect(kindsOf(itemOf([delivered, bounced, complained]))).toEqual([]);
    const all = { history: new Set([delivered, bounced, complained].map(encodeHistory)) };
    expect(kindsOf(itemOf([delivered, bounced], all))).toEqual(['wrong status']);
  });

  describe('compares an email that somebody handled:', () => {
    const handledAt = noon + 2 * minute;
    const handled = (text = 'call 1', occurredAt = handledAt) =>
      anEvent({ ...note, providerEvent: 'mailtrail.handled', occurredAt, reason: { text } });
    /** The item after a handling, and after another failure if one is given. */
    const handledItem = (
      notes: readonly CanonicalEvent[] = [handled()],
      changes: Readonly<Record<string, unknown>> = {},
    ) =>
      itemOf([delivered, bounced], {
        history: new Set([delivered, bounced, ...notes].map(encodeHistory)),
        resolvedAt: handledAt,
        attentionAt: undefined,
        ...changes,
      });
    const again = anEvent({ ...facts, status: 'soft_bounced', occurredAt: noon + 3 * minute });
    const asksAgain = {
      attentionSince: again.occurredAt,
      attentionAt: again.occurredAt,
      attentionDay: attentionDayOf(emailId, again.occurredAt),
    };

    it('it accepts one note of a confirmed call, and one of a call without an answer or none', () => {
      const call = ledger.handling(emailId, 'call 1');
      expect(kindsOf(handledItem())).toEqual(['invented']);
      call.unanswered = 1;
      expect(kindsOf(handledItem())).toEqual([]);
      expect(kindsOf(itemOf([delivered, bounced]))).toEqual([]);
      Object.assign(call, { unanswered: 0, confirmed: 1 });
      expect(kindsOf(handledItem())).toEqual([]);
      expect(kindsOf(itemOf([delivered, bounced]))).toEqual(['missing']);
      expect(kindsOf(handledItem([handled(), handled('call 1', handledAt - 1)]))).toEqual(['invented']);
    });

    it('it reports a note of no call, and the note of another email', () => {
      expect(kindsOf(handledItem())).toEqual(['invented']);
      const other = { ...delivered, messageId: 'other' };
      ledger.sent([other]);
      ledger.handling(emailIdOf(other), 'call 1').confirmed = 1;
      expect(kindsOf(handledItem())).toEqual(['invented']);
    });

    it('it reports attention that goes on, or began at another time than the first failure after it', () => {
      ledger.handling(emailId, 'call 1').confirmed = 1;
      expect(kindsOf(handledItem([handled()], { attentionAt: attentionSince }))).toEqual([
        'wrong index',
        'wrong attention',
      ]);
      expect(kindsOf(handledItem([handled()], { resolvedAt: undefined }))).toEqual(['wrong attention']);
      expect(kindsOf(handledItem([handled()], { resolvedAt: handledAt + 1 }))).toEqual(['wrong attention']);
      ledger.acknowledged(ledger.sent([again]), true);
      const all = [handled(), again];
      expect(kindsOf(handledItem(all, asksAgain))).toEqual([]);
      expect(kindsOf(handledItem(all))).toEqual(['wrong index', 'wrong attention']);
      for (const [name, value] of Object.entries(asksAgain)) {
        if (name === 'attentionSince') continue;
        const wrong = typeof value === 'number' ? value - 1 : 'another day';
        expect(kindsOf(handledItem(all, { ...asksAgain, [name]: wrong })), name).toContain('wrong attention');
      }
    });
  });

  describe('compares an email with the one that sends it again:', () => {
    const successor = { ...facts, messageId: 'again' };
    const successorId = emailIdOf(anEvent(successor));
    const resentAt = noon + 2 * minute;
    const deliveredAt = noon + 3 * minute;
    const registered = anEvent({ ...successor, status: 'enqueued', occurredAt: resentAt });
    const arrived = anEvent({ ...successor, status: 'delivered', occurredAt: deliveredAt });
    const resend = anEvent({
      ...successor,
      ...note,
      messageId: 'again',
      providerEvent: 'app.resend',
      occurredAt: resentAt,
      relatedEmailId: emailId,
    });
    const related = { ...note, relatedEmailId: successorId };
    const resent = anEvent({ ...related, providerEvent: 'app.resent', occurredAt: resentAt });
    const told = anEvent({ ...related, providerEvent: 'mailtrail.successor_delivered', occurredAt: deliveredAt });

    /** The faults of both items. */
    function kindsOfBoth(
      notes: readonly CanonicalEvent[],
      ofSuccessor: readonly CanonicalEvent[] = [registered, resend, arrived],
      changes: Readonly<Record<string, unknown>> = {},
    ): Deviation['kind'][] {
      const isResolved = notes.includes(told);
      const predecessor = itemOf([delivered, bounced], {
        history: new Set([delivered, bounced, ...notes].map(encodeHistory)),
        ...(isResolved && { resolvedAt: deliveredAt, attentionAt: undefined }),
      });
      const decides = ofSuccessor.filter(({ status }) => status !== null);
      const other = itemOf(decides, { history: new Set(ofSuccessor.map(encodeHistory)), ...changes });
      const found = [...kindsOf(predecessor), ...kindsOf(other)];
      return [...found, ...ledger.wrongLinks().map(({ kind }) => kind)];
    }
    const all = [registered, resend, arrived];

    it('it accepts both notes, and only them', () => {
      ledger.acknowledged(ledger.sent(all), true);
      expect(kindsOfBoth([resent, told])).toEqual([]);
      expect(kindsOfBoth([told])).toEqual(['missing']);
      expect(kindsOfBoth([resent])).toEqual(['missing']);
      expect(kindsOfBoth([])).toEqual(['missing', 'missing']);
    });

    it('it reports the notes of an email that nobody registered as its resend', () => {
      ledger.acknowledged(ledger.sent([registered, arrived]), true);
      expect(kindsOfBoth([resent, told], [registered, arrived])).toEqual(['invented']);
    });

    it('it reports a delivery at another time, or of an email that was not delivered', () => {
      ledger.acknowledged(ledger.sent(all), true);
      const another = anEvent({ ...told, occurredAt: deliveredAt + 1, eventId: 'another' });
      expect(kindsOfBoth([resent, told, another])).toContain('invented');
      ledger.sent([{ ...arrived, occurredAt: deliveredAt - 1 }]);
      const unproven = anEvent({ ...told, occurredAt: deliveredAt - 1, eventId: 'unproven' });
      expect(kindsOfBoth([resent, told, unproven])).toEqual(['invented']);
    });

    it('it accepts the note of an erased successor', () => {
      ledger.acknowledged(ledger.sent(all), true);
      ledger.erasing(successorId);
      const history = new Set([delivered, bounced, resent, told].map(encodeHistory));
      const item = itemOf([delivered, bounced], { history, resolvedAt: deliveredAt, attentionAt: undefined });
      expect([...kindsOf(item), ...ledger.wrongLinks()]).toEqual([]);
    });

    it('it expects of each email in a chain the delivery of the last one, and of no further one than a delivered one', () => {
      const bouncedAgain = anEvent({ ...successor, status: 'hard_bounced', occurredAt: deliveredAt + 2 * minute });
      const last = { ...facts, messageId: 'last' };
      const ofLast = [
        anEvent({ ...last, status: 'enqueued', occurredAt: resentAt }),
        anEvent({ ...resend, messageId: 'last', relatedEmailId: successorId }),
        anEvent({ ...last, status: 'delivered', occurredAt: deliveredAt + minute }),
      ];
      const lastId = emailIdOf(ofLast[0]!);
      const toldOfLast = anEvent({ ...told, relatedEmailId: lastId, occurredAt: deliveredAt + minute });
      const resentAsLast = anEvent({ ...resent, messageId: 'again', relatedEmailId: lastId });
      const faultsOf = (isDelivered: boolean, notes: readonly CanonicalEvent[]) => {
        ledger = createLedger({ retentionDays, begunAt });
        const ofSuccessor = [registered, resend, ...(isDelivered ? [arrived] : []), bouncedAgain];
        ledger.acknowledged(ledger.sent([delivered, bounced, ...ofSuccessor, ...ofLast]), true);
        const resolved = { resolvedAt: deliveredAt + minute };
        const asks = { attentionSince: bouncedAgain.occurredAt, attentionAt: bouncedAgain.occurredAt };
        const histories = [
          itemOf([delivered, bounced], {
            history: new Set([delivered, bounced, ...notes].map(encodeHistory)),
            ...(notes.includes(toldOfLast)
              ? { ...resolved, attentionAt: undefined }
              : notes.includes(told) && { resolvedAt: deliveredAt, attentionAt: undefined }),
          }),
          itemOf([bouncedAgain], {
            history: new Set([...ofSuccessor, resentAsLast, toldOfLast].map(encodeHistory)),
            ...resolved,
            ...asks,
            attentionDay: attentionDayOf(successorId, bouncedAgain.occurredAt),
          }),
          itemOf(
            ofLast.filter(({ status }) => status !== null),
            { history: new Set(ofLast.map(encodeHistory)) },
          ),
        ];
        const found = histories.flatMap(item => ledger.deviationsOf(item, entriesOf(item)));
        return [...found, ...ledger.wrongLinks()].map(({ kind }) => kind);
      };
      expect(faultsOf(false, [resent, toldOfLast])).toEqual([]);
      expect(faultsOf(false, [resent])).toEqual(['missing']);
      expect(faultsOf(false, [resent, told, toldOfLast])).toContain('invented');
      expect(faultsOf(true, [resent, told])).toEqual([]);
      // The delivery of the last one may have been known first.
      expect(faultsOf(true, [resent, told, toldOfLast])).toEqual([]);
      expect(faultsOf(true, [resent, toldOfLast])).toEqual(['missing']);
    });

    it('it reports any note of a successor of another account', () => {
      const ofOther = all.map(event => ({ ...event, accountId: 'globex' }));
      ledger.acknowledged(ledger.sent(ofOther), true);
      const others = { accountId: 'globex' };
      expect(kindsOfBoth([], ofOther, others)).toEqual([]);
      expect(kindsOfBoth([resent], ofOther, others)).toEqual(['invented']);
      expect(kindsOfBoth([told], ofOther, others)).toEqual(['invented']);
    });
  });

  describe('accepts an erased email', () => {
    const tombstone = { emailId, erasedAt: noon, expiresAt: noon / 1000 };
    beforeEach(() => ledger.erasing(emailId));

    it('in any form, or without an item, until its erasure is confirmed', () => {
      expect(kindsOf(itemOf([delivered]))).toEqual([]);
      expect(ledger.neverShown()).toEqual([]);
    });

    it('only as a tombstone after its erasure is confirmed', () => {
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
