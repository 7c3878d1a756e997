/** Scenarios with one or two emails, each small enough for a complete search. */

import type { CanonicalEvent, EventDraft } from '../../shared/email/event.ts';
import { maxHistoryEvents } from '../../shared/email/history.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent } from '../rigs/stored-emails.ts';
import type { Request, Scenario, ScenarioErasure } from './write-protocol.ts';

const minute = 60_000;

/** An event that happened so many minutes after noon. */
function draft(providerEvent: string, minutes: number, changes: Partial<EventDraft> = {}): EventDraft {
  return {
    provider: 'sendgrid',
    messageId: 'm1',
    recipient: 'jane@example.com',
    status: null,
    occurredAt: noon + minutes * minute,
    providerEvent,
    ...changes,
  };
}

const sent = draft('sent', 0, { status: 'sent' });
const deferred = draft('deferred', 1, { status: 'deferred' });
const softBounced = draft('soft bounced', 1, { status: 'soft_bounced' });
const delivered = draft('delivered', 2, { status: 'delivered' });
const opened = draft('opened', 4, { status: 'opened', evidence: 'human' });
const openedEarlier = draft('opened earlier', 3, { status: 'opened', evidence: 'human' });
const openedByMachine = draft('opened by a machine', 2, { status: 'opened', evidence: 'machine' });
const hardBounced = draft('hard bounced', 3, { status: 'hard_bounced' });
const softBouncedAgain = draft('soft bounced again', 9, { status: 'soft_bounced' });
const hardBouncedAgain = draft('hard bounced again', 9, { status: 'hard_bounced' });
const handled = draft('mailtrail.handled', 6);
const successorDelivered = draft('mailtrail.successor_delivered', 7);
const noted = draft('noted', 4);
const notedEarlier = draft('noted', 3);
const openedLate = draft('opened', 8, { status: 'opened', evidence: 'human' });
const openedLater = draft('opened', 9, { status: 'opened', evidence: 'human' });
const unsubscribed = draft('unsubscribed', 5);
const replied = draft('replied automatically', 2);
/** The values that decide, which several failures share. */
const failure = { status: 'hard_bounced', eventId: 'failure' } as const;
const ofAnotherEmail = { messageId: 'm2' };

/** The time of future-dated events, by a clock that is ahead. */
const tomorrow = 24 * 60;
const deliveredTomorrow = draft('delivered tomorrow', tomorrow, { status: 'delivered' });
const deferredTomorrow = draft('deferred tomorrow', tomorrow, { status: 'deferred' });

/** A request that is sent at most so many times, always at about the same time. */
function request(times: number, ...events: readonly EventDraft[]): Request {
  const name = events.map(({ providerEvent }) => `"${providerEvent}"`).join(' and ');
  return { name, events, arrivals: Array<number>(times).fill(noon + 10 * minute) };
}

function arrivingAt(minutes: readonly number[], { name, events }: Request): Request {
  return { name, events, arrivals: minutes.map(after => noon + after * minute) };
}

function ofAccount(accountId: string, event: EventDraft, facts: Partial<EventDraft> = {}): EventDraft {
  return { ...event, providerEvent: `${event.providerEvent} for ${accountId}`, accountId, ...facts };
}

/** An erasure so many minutes after noon, by an account, or by support if null. */
function erasure(minutes: number, accountId: string | null = null): ScenarioErasure {
  return { accountId, at: noon + minutes * minute };
}

/** So many events of one kind, one second apart. They begin one minute after the scenarios' own first one. */
function repeated(count: number, changes: Partial<CanonicalEvent>): readonly CanonicalEvent[] {
  return Array.from({ length: count }, (_, index) =>
    anEvent({
      messageId: 'm1',
      eventId: `repeat-${index}`,
      occurredAt: noon + 5 * minute + index * 1000,
      ...changes,
    }),
  );
}

/** Notes of one kind: the history keeps a hundred. */
function notes(count: number): readonly CanonicalEvent[] {
  return repeated(count, { status: null, providerEvent: 'noted' });
}

/** Opens of one kind: the history keeps the first three, and others are counted. */
function opens(count: number): readonly CanonicalEvent[] {
  return repeated(count, { status: 'opened', evidence: 'human', providerEvent: 'opened' });
}

const twoWorkers = { workers: 2, receives: 0, onTheirWay: 0 } as const;

/** The scenarios by name. The test searches each completely. */
export const scenarios = {
  'a late "sent" and a "delivered", each sent up to twice': {
    ...twoWorkers,
    requests: [request(2, sent), request(2, delivered)],
  },
  'two requests whose events interleave in time': {
    ...twoWorkers,
    requests: [request(1, sent, hardBounced), request(2, delivered, opened)],
  },
  'an earlier open after a later one, in a request that repeats another': {
    ...twoWorkers,
    requests: [request(2, opened, delivered), request(1, openedEarlier, delivered)],
  },
  'a deferral and a soft bounce at the same time': {
    ...twoWorkers,
    requests: [request(2, deferred), request(2, softBounced)],
  },
  'a failure with a cause, one without a cause, and a higher status': {
    ...twoWorkers,
    requests: [
      request(2, draft('full', 2, { status: 'soft_bounced', cause: 'mailbox_full' })),
      request(1, draft('put off', 3, { status: 'deferred' })),
      request(1, delivered),
    ],
  },
  'one failure that is reported with two causes, and a third time without a cause': {
    ...twoWorkers,
    requests: [
      request(2, draft('failed', 2, { ...failure, cause: 'unknown_domain' })),
      request(1, draft('failed', 2, { ...failure, cause: 'disabled_account' })),
      request(1, draft('failed', 2, failure)),
    ],
  },
  'notes and opens by a machine, and nothing else': {
    ...twoWorkers,
    requests: [request(2, unsubscribed, openedByMachine), request(1, openedByMachine, replied)],
  },
  'a status, a note, and a repetition of both': {
    ...twoWorkers,
    requests: [request(1, delivered), request(1, unsubscribed), request(1, delivered, unsubscribed)],
  },
  'a future-dated event that comes again before and after its time, and another event in between': {
    ...twoWorkers,
    requests: [
      arrivingAt([10, 30, tomorrow + 1], request(3, deferredTomorrow)),
      arrivingAt([20], request(1, draft('soft bounced', 20, { status: 'soft_bounced' }))),
    ],
  },
  'two requests that share a future-dated event and differ in another one': {
    ...twoWorkers,
    requests: [
      arrivingAt([10, tomorrow + 1], request(2, deferredTomorrow, sent)),
      arrivingAt([20], request(1, deferredTomorrow, delivered)),
    ],
  },
  'a future-dated delivery that waits in the queue until it comes again at its time': {
    ...twoWorkers,
    requests: [request(1, sent), arrivingAt([10, tomorrow + 1], request(2, deliveredTomorrow))],
  },
  'a "delivered", and a future-dated "sent" that comes again at its time': {
    ...twoWorkers,
    requests: [
      request(2, delivered),
      arrivingAt([10, tomorrow + 1], request(2, draft('sent tomorrow', tomorrow, { status: 'sent' }))),
    ],
  },
  'a future-dated event that comes again at its time, beside another future-dated event': {
    ...twoWorkers,
    requests: [
      arrivingAt([5], request(1, draft('sent tomorrow', tomorrow, { status: 'sent' }))),
      arrivingAt([10, tomorrow + 1], request(2, deferredTomorrow)),
    ],
  },
  'two accounts that name the same email': {
    ...twoWorkers,
    requests: [
      request(1, ofAccount('acme', sent, { subject: 'Invoice 7', tags: ['invoices'] })),
      request(1, ofAccount('initech', delivered, { subject: 'Intruded', reference: 'INV-8' })),
      request(1, ofAccount('initech', opened)),
    ],
  },
  'an account that is named later than the subject': {
    ...twoWorkers,
    requests: [
      request(2, { ...delivered, subject: 'Invoice 7' }),
      request(2, ofAccount('acme', sent, { subject: 'Invoice seven', reference: 'INV-7' })),
    ],
  },
  'an account and a reference that are reported separately': {
    ...twoWorkers,
    requests: [
      request(1, { ...delivered, reference: 'INV-7' }),
      request(1, ofAccount('acme', sent)),
      request(1, ofAccount('acme', opened, { reference: 'INV-8' })),
    ],
  },
  'an account and a reference that are reported together, and another reference': {
    ...twoWorkers,
    requests: [
      request(1, delivered),
      request(1, ofAccount('acme', sent, { reference: 'INV-7' })),
      request(1, { ...opened, reference: 'INV-8' }),
    ],
  },
  'an account that is reported later than a reference, and another account': {
    ...twoWorkers,
    requests: [
      request(2, { ...delivered, reference: 'INV-7' }),
      request(1, ofAccount('acme', sent)),
      request(1, ofAccount('initech', opened, { tags: ['intruded'] })),
    ],
  },
  'a request with events of two emails, and one more for one of them': {
    ...twoWorkers,
    requests: [
      request(2, hardBounced, { ...sent, ...ofAnotherEmail }),
      request(1, { ...delivered, ...ofAnotherEmail }),
    ],
  },
  'a history with room for one more event, and two earlier notes': {
    ...twoWorkers,
    before: notes(maxHistoryEvents - 1),
    requests: [request(2, noted), request(1, notedEarlier)],
  },
  'a full history, an earlier note, and a bounce with a note beyond the bound': {
    ...twoWorkers,
    before: notes(maxHistoryEvents),
    requests: [request(2, noted), request(1, hardBounced, draft('noted', 60))],
  },
  'a future-dated note, and a history with room for one more event': {
    ...twoWorkers,
    before: notes(maxHistoryEvents - 1),
    requests: [
      arrivingAt([6, tomorrow + 1], request(2, { ...notedEarlier, occurredAt: noon + tomorrow * minute })),
      request(1, noted),
    ],
  },
  'an email with three opens, and two more that are counted': {
    ...twoWorkers,
    before: opens(3),
    requests: [request(2, openedLate), request(2, openedLater)],
  },
  'an email with two opens, and three more of which only one has a place in the history': {
    ...twoWorkers,
    before: opens(2),
    requests: [request(2, openedLate), request(1, openedLater), request(1, openedEarlier)],
  },
  'a request with more opens than the history keeps, and one of them alone': {
    ...twoWorkers,
    requests: [
      request(2, openedEarlier, opened, openedLate, openedLater),
      request(1, openedLater),
      request(1, draft('opened', 5, { status: 'opened', evidence: 'human' })),
    ],
  },
  'an email with counted opens, an earlier one, a click and a conflicting account': {
    ...twoWorkers,
    before: opens(4),
    requests: [
      request(1, openedEarlier),
      request(1, draft('clicked', 6, { status: 'link_clicked', evidence: 'human' })),
      request(1, ofAccount('acme', openedLater)),
    ],
  },
  'a future-dated open that comes again at its time to an email with counted opens': {
    ...twoWorkers,
    before: opens(4),
    requests: [
      arrivingAt([10, tomorrow + 1], request(2, draft('opened', tomorrow, { status: 'opened', evidence: 'human' }))),
      request(1, openedLate),
    ],
  },
  'counting writes that reach the table late': {
    ...twoWorkers,
    onTheirWay: 1,
    before: opens(4),
    requests: [request(2, openedLate), request(1, openedLater)],
  },
  'a failure, its handling, and a later failure of the same status': {
    ...twoWorkers,
    requests: [request(1, softBounced), request(1, handled), request(1, softBouncedAgain)],
  },
  'a handling, and two failures of which one came before it': {
    ...twoWorkers,
    before: [anEvent({ messageId: 'm1', eventId: 'deferral', status: 'deferred' })],
    requests: [request(2, handled), request(1, hardBounced), request(1, hardBouncedAgain)],
  },
  'a failure that is handled twice, a later one, and a delivery that hides them all': {
    ...twoWorkers,
    requests: [
      request(1, softBounced, handled),
      request(1, softBouncedAgain),
      request(1, successorDelivered),
      request(1, delivered),
    ],
  },
  'a handling that reaches the table late': {
    ...twoWorkers,
    onTheirWay: 1,
    before: [anEvent({ messageId: 'm1', eventId: 'failure', status: 'hard_bounced' })],
    requests: [request(1, handled), request(1, hardBouncedAgain)],
  },
  'a handled failure that is reported again with a subject, and a later one': {
    ...twoWorkers,
    before: [
      anEvent({ messageId: 'm1', ...failure, providerEvent: 'failed' }),
      anEvent({ messageId: 'm1', eventId: 'handled', status: null, providerEvent: 'mailtrail.handled' }),
    ],
    requests: [request(2, draft('failed', 0, { ...failure, subject: 'Invoice 7' })), request(1, hardBouncedAgain)],
  },
  'writes that reach the table after their events were queued': {
    ...twoWorkers,
    onTheirWay: 1,
    requests: [request(2, sent), request(1, delivered)],
  },
  'writes of a future-dated event that reach the table late': {
    ...twoWorkers,
    onTheirWay: 1,
    requests: [
      arrivingAt([10, tomorrow + 1], request(2, deferredTomorrow)),
      arrivingAt([20], request(1, draft('soft bounced', 20, { status: 'soft_bounced' }))),
    ],
  },
  'writes that reach a full history late': {
    ...twoWorkers,
    onTheirWay: 1,
    before: notes(maxHistoryEvents - 1),
    requests: [request(1, noted), request(1, notedEarlier)],
  },
  'messages that go through the dead-letter queue': {
    ...twoWorkers,
    receives: 2,
    requests: [request(2, sent), request(1, hardBounced)],
  },
  'an erasure by support while events wait, and a later callback': {
    ...twoWorkers,
    requests: [request(2, sent), arrivingAt([30], request(1, opened))],
    erasures: [erasure(20)],
  },
  'an erasure by an account while an event that names it and one without an account wait': {
    ...twoWorkers,
    requests: [request(1, ofAccount('acme', sent)), request(1, delivered), arrivingAt([30], request(1, opened))],
    erasures: [erasure(20, 'acme')],
  },
  'an erasure by an account while no waiting event names it': {
    ...twoWorkers,
    requests: [request(1, delivered), arrivingAt([30], request(1, ofAccount('acme', sent)))],
    erasures: [erasure(20, 'acme')],
  },
  'an erasure by an account while another account names the same email': {
    ...twoWorkers,
    requests: [request(1, ofAccount('acme', sent)), request(1, ofAccount('initech', delivered))],
    erasures: [erasure(20, 'acme')],
  },
  'an erasure by an account of a request that also names another account': {
    ...twoWorkers,
    requests: [request(2, ofAccount('acme', sent), ofAccount('initech', delivered))],
    erasures: [erasure(20, 'acme')],
  },
  'two erasures of one recipient, and an event between them': {
    ...twoWorkers,
    requests: [request(1, sent), arrivingAt([22], request(1, delivered))],
    erasures: [erasure(20), erasure(25)],
  },
  'an erasure of two emails of one request, one of which comes again after it': {
    ...twoWorkers,
    requests: [
      request(1, sent, { ...delivered, ...ofAnotherEmail }),
      arrivingAt([10, 30], request(2, { ...delivered, ...ofAnotherEmail })),
    ],
    erasures: [erasure(20)],
  },
  'an erasure while messages go through the dead-letter queue': {
    ...twoWorkers,
    receives: 2,
    requests: [request(1, sent), arrivingAt([30], request(1, delivered))],
    erasures: [erasure(20)],
  },
  'three workers and three events at once': {
    workers: 3,
    receives: 0,
    onTheirWay: 0,
    requests: [request(1, sent), request(1, hardBounced), request(1, opened)],
  },
} as const satisfies Record<string, Scenario>;
