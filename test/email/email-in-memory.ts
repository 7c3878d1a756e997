/**
 * One email as the recorder writes it, in memory. A model interprets the real expressions. A write that its condition
 * refuses is planned once more with the item that the refusal shows.
 */

import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { type HotEmails, hotEmailAfter, hotEmailIn } from '../../shared/email/hot-emails.ts';
import { type Email, emailOf, historyOf, knownItem, type Item as StoredItem } from '../../shared/email/item.ts';
import { repeatKindOf } from '../../shared/email/repeats.ts';
import { planUpdate, rememberedUpdate, sentAtOf, updateInput } from '../../shared/email/update.ts';
import { attributeValues, type Item, updated } from '../model/update-expressions.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const day = 24 * 60 * 60_000;

/** The outcome of a request's events. */
export interface Outcome {
  readonly recorded: number;
  readonly duplicate: number;
  readonly dropped: number;
  readonly erased: number;
  /** Ids of the events that have no room. */
  readonly full: readonly string[];
  /** Whether an account's own secret proved the events of another account's email. */
  readonly isForeign: boolean;
  /** Writes, refused ones too. */
  readonly writes: number;
}

interface Circumstances {
  /** Arrival of the request, in epoch milliseconds. */
  readonly at?: number;
  readonly defaultAccountId?: string;
  /** The memory of the process that writes. */
  readonly hotEmails?: HotEmails;
  /** Another writer, whose turn comes between a refused write and the next one. */
  readonly meanwhile?: () => void;
}

/** More than any plan needs: the first write, a second one, and a third one if another writer was faster. */
const maxWrites = 3;

export function emailInMemory() {
  let item: Item | undefined;

  return {
    /** The stored attributes. */
    item: (): StoredItem | undefined => item as StoredItem | undefined,

    /** As a reader sees the email. */
    email: (): Email => emailOf(item as StoredItem),

    /** Puts another item in place of the email: a tombstone, or none. */
    replace(other?: Item): void {
      item = other;
    },

    record(events: readonly CanonicalEvent[], circumstances: Circumstances = {}): Outcome {
      const { at = noon, defaultAccountId, hotEmails, meanwhile } = circumstances;
      const { provider, messageId, recipient } = events[0]!;
      const emailId = emailIdOf(events[0]!);
      const sentAt = sentAtOf(events, at);
      const expiresAt = at + 400 * day;
      let known: Parameters<typeof planUpdate>[1] = null;
      for (let writes = 0; writes < maxWrites; writes += 1) {
        const hot = known === null ? hotEmails?.recall(emailId) : undefined;
        const remembered = hot === undefined ? null : rememberedUpdate(events, hot, defaultAccountId);
        const plan = remembered ?? planUpdate(events, known, defaultAccountId);
        const { full, erased } = plan;
        const dropped = plan.dropped.length;
        const outcome = (recorded: number, done: number): Outcome => ({
          recorded,
          duplicate: plan.emailIsForeign ? 0 : events.length - dropped - full.length - erased - recorded,
          dropped,
          erased,
          full: full.map(({ eventId }) => eventId),
          isForeign: plan.emailIsForeign ?? false,
          writes: done,
        });
        if (plan.update === null) {
          if (plan.added.length > 0) throw new Error('A plan adds events without a write.');
          if (known !== null) hotEmails?.remember(emailId, hotEmailIn(known));
          return outcome(0, writes);
        }
        const target = { tableName: 'emails', emailId, provider, messageId, recipient, now: at, sentAt, expiresAt };
        const input = updateInput(target, plan.update);
        const next = updated(item, input);
        if (next !== null) {
          const before = input.ReturnValues === 'UPDATED_OLD' ? item : undefined;
          item = next;
          // UPDATED_OLD shows only attributes that the update names.
          const named = Object.values(input.ExpressionAttributeNames ?? {});
          const old = Object.fromEntries(Object.entries(before ?? {}).filter(([name]) => named.includes(name)));
          const after =
            remembered?.after ?? hotEmailAfter(plan.update, known, old, input.ExpressionAttributeValues![':expiresAt']);
          if (events.some(event => repeatKindOf(event) !== null)) hotEmails?.remember(emailId, after);
          const history = historyOf((before ?? {}) as StoredItem);
          return outcome(plan.counted.length + plan.added.filter(element => !history.has(element)).length, writes + 1);
        }
        const shown = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? item : undefined;
        known = knownItem(shown && attributeValues(shown));
        if (writes === 0) meanwhile?.();
      }
      throw new Error('A write is refused although it was planned for the item as it is.');
    },
  };
}
