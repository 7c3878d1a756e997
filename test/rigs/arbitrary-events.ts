import fc from 'fast-check';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { statusIds } from '../../shared/status/catalogue.ts';
import type { History } from '../status/histories.ts';

export const noon = Date.UTC(2026, 0, 2, 12);

/** One delivery, as a pattern for the events of tests. */
export const aDelivery: CanonicalEvent = {
  eventId: 'e1',
  provider: 'sendgrid',
  messageId: 'm1',
  recipient: 'jane@example.com',
  status: 'delivered',
  occurredAt: noon,
  evidence: 'unknown',
  providerEvent: 'delivered',
};

/** An event of one email, with few distinct times and ids, so that ties and equals are common. */
export const arbitraryEvent = fc.record({
  eventId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  provider: fc.constant('sendgrid'),
  messageId: fc.constant('m1'),
  recipient: fc.constant('jane@example.com'),
  status: fc.constantFrom(...statusIds, null),
  occurredAt: fc.integer({ min: 0, max: 4 }).map(minute => noon + minute * 60_000),
  evidence: fc.constantFrom('human', 'machine', 'unknown'),
  providerEvent: fc.constantFrom('x', 'y'),
}) satisfies fc.Arbitrary<CanonicalEvent>;

/** The events of a history, in one email. */
export function eventsOf(history: History, messageId = 'm1'): CanonicalEvent[] {
  return history.events.map((event, index) => {
    const machine = event.startsWith('machine ');
    return {
      eventId: `event-${index}`,
      provider: 'sendgrid',
      messageId,
      recipient: 'jane@example.com',
      status:
        event === 'note' ? null : ((machine ? event.slice('machine '.length) : event) as CanonicalEvent['status']),
      occurredAt: noon + index * 60_000,
      evidence: machine ? 'machine' : 'unknown',
      providerEvent: event,
    };
  });
}

/** Returns all n! orders of the items. */
export function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map(rest => [item, ...rest]));
}
