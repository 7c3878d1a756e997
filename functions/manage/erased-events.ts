import type { EmailEraser } from '../../shared/email/eraser.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import type { PlaceWork } from './erase.ts';

/** Events that an erasure is about, and those that are to be kept. */
export interface Parted {
  readonly erased: readonly CanonicalEvent[];
  readonly others: readonly CanonicalEvent[];
}

/**
 * Parts events by whether they are to be erased. The emails of those that are have tombstones afterwards, so that what
 * comes later does not make them anew.
 *
 * Within an account these are the events that name it, and those that name none but are of an email that it has
 * erased. What nobody can attribute is left for support, and the account does not learn of it.
 */
export type PartEvents = (events: readonly CanonicalEvent[]) => Promise<Parted>;

export function createPartEvents(
  { erasure, now, signal, unattributed }: PlaceWork,
  emails: Pick<EmailEraser, 'erasedFor' | 'forestall'>,
): PartEvents {
  const { recipient, accountId } = erasure;
  return async events => {
    const ofRecipient = events.filter(event => event.recipient === recipient);
    if (ofRecipient.length === 0) return { erased: [], others: events };
    const own = accountId === null ? ofRecipient : ofRecipient.filter(event => event.accountId === accountId);
    // Whose an email is that two accounts name, whoever comes first decides: its other events are to be recorded.
    const named = ofRecipient.filter(event => accountId !== null && (event.accountId ?? accountId) !== accountId);
    const contested = new Set(emailIdsOf(named));
    const forestalled = emailIdsOf(own).filter(emailId => !contested.has(emailId));
    await emails.forestall(erasure, forestalled, now, signal);
    const erased = new Set(own);
    if (accountId !== null) {
      const nameless = ofRecipient.filter(event => event.accountId === undefined);
      const ids = await emails.erasedFor(accountId, emailIdsOf(nameless), signal);
      for (const event of nameless) {
        if (ids.has(emailIdOf(event))) erased.add(event);
        else unattributed.add(emailIdOf(event));
      }
    }
    return { erased: [...erased], others: events.filter(event => !erased.has(event)) };
  };
}

function emailIdsOf(events: readonly CanonicalEvent[]): string[] {
  return [...new Set(events.map(emailIdOf))];
}
