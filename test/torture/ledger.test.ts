import { beforeEach, describe, expect, it } from 'vitest';
import { type CanonicalEvent, emailIdOf } from '../../shared/event.ts';
import { encodeHistory } from '../../shared/history.ts';
import { noon } from '../arbitrary-events.ts';
import { anEvent } from '../stored-emails.ts';
import { createLedger, type Ledger, type StoredItem } from './ledger.ts';

const delivered = anEvent({ messageId: 'one', status: 'delivered', occurredAt: noon });
const bounced = anEvent({ messageId: 'one', status: 'hard_bounced', occurredAt: noon + 60_000 });

/** The item that the store makes of events, the last of which decides. */
function itemOf(events: readonly CanonicalEvent[], changes: Partial<StoredItem> = {}): StoredItem {
  const { status, occurredAt, eventId } = events.at(-1)!;
  return {
    emailId: emailIdOf(events[0]!),
    history: new Set(events.map(encodeHistory)),
    ...(status !== null && { status, statusAt: occurredAt, statusEventId: eventId }),
    ...(status === 'hard_bounced' && { attentionAt: occurredAt }),
    ...changes,
  };
}

describe('the ledger of what was sent', () => {
  let ledger: Ledger;
  const kindsOf = (item: StoredItem) => ledger.deviationsOf(item).map(({ kind }) => kind);
  beforeEach(() => {
    ledger = createLedger();
    ledger.acknowledged(ledger.sent([delivered, bounced]));
  });

  it('finds nothing wrong with an item that holds just what was acknowledged', () => {
    expect(kindsOf(itemOf([delivered, bounced]))).toEqual([]);
    expect(ledger.neverShown()).toEqual([]);
  });

  it('misses an event, and its status', () => {
    expect(kindsOf(itemOf([delivered]))).toEqual(['missing', 'wrong status']);
  });

  it('misses every event of an email that has no item', () => {
    expect(ledger.neverShown().map(({ kind }) => kind)).toEqual(['missing', 'missing']);
  });

  it('knows what was never sent: an event, and an email', () => {
    const opened = anEvent({ messageId: 'one', status: null });
    expect(
      kindsOf({ ...itemOf([delivered, bounced]), history: new Set([delivered, bounced, opened].map(encodeHistory)) }),
    ).toEqual(['invented']);
    expect(kindsOf(itemOf([anEvent()]))).toEqual(['invented']);
  });

  it.each([
    ['another status', { status: 'delivered' }],
    ['another time', { statusAt: noon }],
    ['another deciding event', { statusEventId: 'another' }],
    ['no attention where somebody must act', { attentionAt: undefined }],
  ])('calls %s wrong', (_, changes) => {
    expect(kindsOf({ ...itemOf([delivered, bounced]), ...(changes as Partial<StoredItem>) })).toEqual(['wrong status']);
  });

  it('takes what was never acknowledged as it is: there, and then it counts, or not there', () => {
    const complained = anEvent({ messageId: 'one', status: 'marked_spam', occurredAt: noon + 120_000 });
    ledger.sent([complained]);
    expect(kindsOf(itemOf([delivered, bounced]))).toEqual([]);
    expect(kindsOf(itemOf([delivered, bounced, complained], { attentionAt: complained.occurredAt }))).toEqual([]);
    const all = { history: new Set([delivered, bounced, complained].map(encodeHistory)) };
    expect(kindsOf({ ...itemOf([delivered, bounced]), ...all })).toEqual(['wrong status']);
  });
});
