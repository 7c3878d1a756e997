import type { EmailEraser, Erasure } from '../../shared/erase-emails.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/event.ts';

/** Events that an erasure is about, and those that are to be kept. */
export interface Parted {
  readonly erased: readonly CanonicalEvent[];
  readonly others: readonly CanonicalEvent[];
}

/**
 * Parts events by whether they are to be erased. The emails of those that are have tombstones afterwards, so that what
 * comes later does not make them anew.
 *
 * Within an account these are the events that name it, and those that name none but are of an email that is erased: it
 * was the account's. What nobody can attribute is left for support, and the account does not learn of it.
 */
export type PartEvents = (events: readonly CanonicalEvent[]) => Promise<Parted>;

/** @param now epoch milliseconds */
export function createPartEvents(
  { recipient, accountId }: Erasure,
  emails: EmailEraser,
  now: number,
  signal: AbortSignal,
): PartEvents {
  return async events => {
    const ofRecipient = events.filter(event => event.recipient === recipient);
    if (ofRecipient.length === 0) return { erased: [], others: events };
    const own = accountId === null ? ofRecipient : ofRecipient.filter(event => event.accountId === accountId);
    await emails.forestall(emailIdsOf(own), now, signal);
    const nameless = accountId === null ? [] : ofRecipient.filter(event => event.accountId === undefined);
    const tombstones = await emails.tombstonesAmong(emailIdsOf(nameless), signal);
    const erased = new Set([...own, ...nameless.filter(event => tombstones.has(emailIdOf(event)))]);
    return { erased: [...erased], others: events.filter(event => !erased.has(event)) };
  };
}

function emailIdsOf(events: readonly CanonicalEvent[]): string[] {
  return [...new Set(events.map(emailIdOf))];
}
