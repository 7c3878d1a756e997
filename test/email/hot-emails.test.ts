import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { decodeHistory, encodeHistory } from '../../shared/email/history.ts';
import {
  createHotEmails,
  type HotEmail,
  type HotEmails,
  hotEmailAfter,
  hotEmailIn,
} from '../../shared/email/hot-emails.ts';
import { historyOf, type KnownItem, knownItem, knownItemOf, type Item as StoredItem } from '../../shared/email/item.ts';
import { keptOfKind, repeatKindOf, timedOf } from '../../shared/email/repeats.ts';
import { planUpdate, rememberedUpdate, updateInput } from '../../shared/email/update.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { caveatsOf } from '../../shared/status/caveats.ts';
import { type Evidence, merge } from '../../shared/status/precedence.ts';
import { attributeValues, type Item, updated } from '../model/update-expressions.ts';
import { aDelivery, arbitraryEvent, noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { emailInMemory } from './email-in-memory.ts';

const minute = 60_000;
const open = (minutes: number, changes: Partial<CanonicalEvent> = {}): CanonicalEvent => ({
  ...aDelivery,
  eventId: `o${minutes}`,
  status: 'opened',
  evidence: 'human',
  occurredAt: noon + minutes * minute,
  providerEvent: 'open',
  ...changes,
});
const opens = (count: number, changes: Partial<CanonicalEvent> = {}) =>
  Array.from({ length: count }, (_, index) => open(index, changes));

/** A memory of an email with so many opens. */
const knownAfter = (events: readonly CanonicalEvent[]): HotEmail => {
  const email = emailInMemory();
  email.record(events);
  return hotEmailIn(knownItemOf(email.item()!))!;
};

describe('the memory of opened emails', () => {
  const email = knownAfter(opens(2));

  it('keeps an email for ten minutes', () => {
    let now = noon;
    const hot = createHotEmails(() => now);
    expect(hot.recall('a')).toBeUndefined();
    hot.remember('a', email);
    now += 10 * minute - 1;
    expect(hot.recall('a')).toBe(email);
    now += 1;
    expect(hot.recall('a')).toBeUndefined();
  });

  it('drops old emails as soon as it is used, also those that nobody asks for again', () => {
    let now = noon;
    const hot = createHotEmails(() => now);
    hot.remember('a', email);
    now += 10 * minute;
    hot.remember('b', email);
    // A clock that goes back shows what is still there.
    now = noon;
    expect([hot.recall('a'), hot.recall('b')]).toEqual([undefined, email]);
  });

  it('keeps the thousand emails written last', () => {
    const hot = createHotEmails(() => noon);
    for (let index = 0; index < 1_000; index += 1) hot.remember(`${index}`, email);
    hot.remember('0', email);
    hot.remember('one more', email);
    expect([hot.recall('0'), hot.recall('1'), hot.recall('2')]).toEqual([email, undefined, email]);
  });

  it('forgets an email of which too little is known, and keeps none with a long history', () => {
    const hot = createHotEmails(() => noon);
    hot.remember('a', email);
    hot.remember('a', null);
    hot.remember('b', { ...email, historySize: 51 });
    hot.remember('c', { ...email, historySize: 50 });
    expect([hot.recall('a'), hot.recall('b'), hot.recall('c')?.historySize]).toEqual([undefined, undefined, 50]);
  });

  it('holds no address, subject, reference, link or browser', () => {
    const hot = knownAfter(
      opens(5, {
        subject: 'Secret 1',
        reference: 'Secret 2',
        tags: ['Secret 3'],
        clickUrl: 'Secret 4',
        userAgent: 'Secret 5',
      }),
    );
    const text = JSON.stringify(hot, (_, value) => (value instanceof Map || value instanceof Set ? [...value] : value));
    expect(text).toContain('opened');
    expect(text).not.toContain('Secret');
    expect(text).not.toContain(aDelivery.recipient);
  });

  it('knows no email without opens, none with a future-dated event, and no tombstone', () => {
    const inMemory = emailInMemory();
    inMemory.record([aDelivery]);
    expect(hotEmailIn(knownItemOf(inMemory.item()!))).toBeNull();
    inMemory.record([open(1, { providerTime: noon + 86_400_000 })]);
    expect(hotEmailIn(knownItemOf(inMemory.item()!))).toBeNull();
    expect(hotEmailIn(knownItemOf({ emailId: 'a', erasedAt: noon, expiresAt: 1 }))).toBeNull();
  });
});

describe('a plan for a remembered email', () => {
  const few = knownAfter(opens(2, { accountId: 'acme', subject: 'Invoice 7' }));
  const many = knownAfter(opens(5));

  it('adds an open to the history, or counts it', () => {
    expect(rememberedUpdate([open(2)], few)).toMatchObject({ added: [encodeHistory(open(2))], counted: [] });
    expect(rememberedUpdate([open(5), open(6)], many)).toMatchObject({
      added: [],
      counted: [open(5), open(6)],
      update: { verdict: null },
    });
  });

  it('keeps counts of a later version', () => {
    const later = { ...many, storedRepeats: `${many.storedRepeats} Xy2@mjwtnk00` };
    expect(rememberedUpdate([open(5)], later)?.update?.repeats).toMatch(/^Oh3@\w+ Xy2@mjwtnk00$/);
  });

  it('needs no write for an open that may be counted already', () => {
    expect(rememberedUpdate([open(3.5)], many)).toMatchObject({ update: null, dropped: [open(3.5)] });
  });

  it.each<[string, HotEmail, readonly CanonicalEvent[], string?]>([
    ['would decide the status', few, [open(-1)]],
    ['is of the time of a known one, and may be that', many, [open(1, { eventId: 'x' })]],
    ['is no open', many, [aDelivery]],
    ['is an open beside another event', many, [open(6), { ...aDelivery, eventId: 'e2' }]],
    ['is a click before any click', many, [open(6, { status: 'link_clicked' })]],
    ['names another account', few, [open(6, { accountId: 'globex' })]],
    ['names an account where none is known', many, [open(6, { accountId: 'acme' })]],
    ['is proved for another account', few, [open(6, { accountId: 'acme', provenFor: 'globex' })]],
    ['tells a reference that is not known', few, [open(6, { reference: 'INV-7' })]],
    ['is future-dated', many, [open(6, { providerTime: noon + 86_400_000 })]],
    ['would give the email a default account', many, [open(6)], 'we'],
  ])('is not made for an event that %s', (_, email, events, defaultAccountId) => {
    expect(rememberedUpdate(events, email, defaultAccountId)).toBeNull();
  });

  it('is made for its own account, with known facts', () => {
    const event = open(6, { accountId: 'acme', subject: 'Invoice 8', provenFor: 'acme' });
    expect(rememberedUpdate([event], few, 'we')).toMatchObject({ counted: [], added: [encodeHistory(event)] });
  });

  it('does not hide when a person first opened the email after a failure', () => {
    const memories = [0, 1].map(() => createHotEmails(() => noon));
    const email = emailInMemory();
    const record = (event: CanonicalEvent, process: number) => email.record([event], { hotEmails: memories[process]! });
    const caveats = () =>
      caveatsOf({ ...email.email(), events: [...email.email().events, ...timedOf(email.email().repeats)] }, noon);
    for (const event of opens(4)) for (const process of [0, 1]) record(event, process);
    record({ ...aDelivery, eventId: 'b', status: 'hard_bounced', occurredAt: open(4).occurredAt }, 1);
    for (let index = 5; index < 9; index += 1) {
      record(open(index), index < 7 ? 1 : 0);
      expect(caveats()).toMatchObject([{ code: 'receipt_after_failure', at: open(5).occurredAt }]);
    }
    expect(email.email().events).toHaveLength(keptOfKind + 1);
  });

  it('keeps the laws, whatever several processes remember', () => {
    const event = arbitraryEvent.map(
      ({ status, ...rest }): CanonicalEvent => ({
        ...rest,
        status: status === 'sent' || status === 'deferred' || status === 'link_clicked' ? status : 'opened',
      }),
    );
    const step = fc.record({ events: fc.array(event, { minLength: 1, maxLength: 3 }), process: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), steps => {
        const email = emailInMemory();
        const memories = [0, 1, 2].map(() => createHotEmails(() => noon));
        const record = () => {
          for (const { events, process } of steps) {
            const before = email.item()?.repeats;
            const { recorded } = email.record(events, { hotEmails: memories[process]! });
            expect(recorded).toBeLessThanOrEqual(events.length);
            if (recorded === 0) expect(email.item()?.repeats).toBe(before);
          }
        };
        record();
        const all = new Map(steps.flatMap(({ events }) => events).map(one => [encodeHistory(one), one]));
        const check = () => {
          const { verdict, repeats } = email.email();
          expect(verdict).toEqual(merge(all.values()));
          const history = [...email.item()!.history!].map(decodeHistory);
          for (const one of all.values()) {
            if (repeatKindOf(one) === null) expect(history.map(encodeHistory)).toContain(encodeHistory(one));
          }
          for (const [kind, { count }] of repeats) {
            const kept = history.filter(one => repeatKindOf(one) === kind).length;
            const sent = [...all.values()].filter(one => repeatKindOf(one) === kind).length;
            expect(kept).toBeGreaterThanOrEqual(keptOfKind);
            expect(kept + count).toBeLessThanOrEqual(sent);
          }
        };
        check();
        const counted = email.item()?.repeats;
        record();
        check();
        expect(email.item()?.repeats).toBe(counted);
      }),
      { numRuns: runs(300) },
    );
  });

  it('keeps the laws in any order of plans and writes, with accounts and default accounts', () => {
    const event = fc
      .record({
        seconds: fc.nat(8),
        status: fc.constantFrom(...Array<Status>(7).fill('opened'), 'link_clicked', 'hard_bounced', 'sent'),
        evidence: fc.constantFrom(...Array<Evidence>(4).fill('human'), 'machine'),
        accountId: fc.constantFrom(...Array<undefined>(6).fill(undefined), 'acme', 'globex'),
      })
      .map(({ seconds, status, evidence, accountId }): CanonicalEvent => {
        const occurredAt = noon + seconds * 1000;
        const eventId = `${status}${evidence}${seconds}`;
        return {
          ...aDelivery,
          eventId,
          status,
          evidence,
          occurredAt,
          ...(accountId && { accountId }),
        } as CanonicalEvent;
      });
    const writer = fc.record({
      events: fc.array(event, { minLength: 1, maxLength: 4 }),
      process: fc.nat(1),
      defaultAccountId: fc.constantFrom(undefined, undefined, 'acme'),
    });
    const order = fc.array(fc.nat(30), { maxLength: 80 });
    fc.assert(
      fc.property(fc.array(writer, { minLength: 2, maxLength: 12 }), order, (writers, turns) => {
        const table: { item?: Item } = {};
        const memories = [0, 1].map(() => createHotEmails(() => noon));
        let waiting = writers.map(({ events, process, defaultAccountId }) =>
          recording(table, events, memories[process]!, defaultAccountId),
        );
        // At most four are at work at once; the rest of the turns are in order.
        for (const turn of [...turns, ...Array<number>(1_000).fill(0)]) {
          if (waiting.length === 0) break;
          const one = waiting[turn % Math.min(waiting.length, 4)]!;
          if (one.next().done) waiting = waiting.filter(other => other !== one);
        }
        expect(waiting).toEqual([]);
        const sent = new Map(writers.flatMap(({ events }) => events).map(one => [encodeHistory(one), one]));
        const { verdict, repeats, accountId } = knownItemOf(table.item as StoredItem);
        const history = new Set(historyOf(table.item as StoredItem));
        expect(verdict).toEqual(merge(sent.values()));
        for (const [element, one] of sent) {
          const isConflict = one.accountId !== undefined && one.accountId !== accountId;
          if (isConflict || repeatKindOf(one) === null) expect(history).toContain(element);
        }
        for (const [kind, { count }] of repeats) {
          const ofKind = [...sent].filter(([, one]) => repeatKindOf(one) === kind);
          const kept = ofKind.filter(([element]) => history.has(element)).length;
          expect(kept + count).toBeLessThanOrEqual(ofKind.length);
        }
      }),
      { numRuns: runs(300) },
    );
  });
});

/** Records events like the recorder, and pauses between each plan and its write. */
function* recording(
  table: { item?: Item },
  events: readonly CanonicalEvent[],
  memory: HotEmails,
  defaultAccountId: string | undefined,
): Generator<undefined, void> {
  const { provider, messageId, recipient } = aDelivery;
  const emailId = emailIdOf(aDelivery);
  const isOpened = events.some(event => repeatKindOf(event) !== null);
  const remember = (email: HotEmail | null) => isOpened && memory.remember(emailId, email);
  const target = { tableName: 't', emailId, provider, messageId, recipient, now: noon, sentAt: noon, expiresAt: noon };
  let known: KnownItem | null = null;
  for (;;) {
    const hot: HotEmail | undefined = known === null && isOpened ? memory.recall(emailId) : undefined;
    const remembered = hot === undefined ? null : rememberedUpdate(events, hot, defaultAccountId);
    const { update } = remembered ?? planUpdate(events, known, defaultAccountId);
    if (update === null) {
      if (known !== null) remember(hotEmailIn(known));
      return;
    }
    const input = updateInput(target, update);
    yield;
    const { item } = table;
    const next = updated(item, input);
    if (next !== null) {
      table.item = next;
      // UPDATED_OLD shows only attributes that the update names.
      const named = Object.values(input.ExpressionAttributeNames ?? {});
      const old = Object.fromEntries(Object.entries(item ?? {}).filter(([name]) => named.includes(name)));
      remember(remembered?.after ?? hotEmailAfter(update, known, old, noon / 1000));
      return;
    }
    known = knownItem(item && attributeValues(item));
  }
}
