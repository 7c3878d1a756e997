/** What may happen to one email or two at once, each small enough to look at everything that can come of it. */

import type { CanonicalEvent, EventDraft } from '../../shared/email/event.ts';
import { maxHistoryEvents } from '../../shared/email/history.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent } from '../rigs/stored-emails.ts';
import type { Request, Scenario, ScenarioErasure } from './write-protocol.ts';

const minute = 60_000;

/** What happened to an email so many minutes after noon. */
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
const unsubscribed = draft('unsubscribed', 5);
const replied = draft('replied automatically', 2);
/** The same in all that decides. */
const failure = { status: 'hard_bounced', eventId: 'failure' } as const;
const ofAnotherEmail = { messageId: 'm2' };

/** Said to have happened tomorrow, by a clock that is ahead. */
const tomorrow = 24 * 60;
const deliveredTomorrow = draft('delivered tomorrow', tomorrow, { status: 'delivered' });
const deferredTomorrow = draft('deferred tomorrow', tomorrow, { status: 'deferred' });

/** A request that is sent so often at most, always at about the same time. */
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

/** An erasure so many minutes after noon, by an account, or by support where that is null. */
function erasure(minutes: number, accountId: string | null = null): ScenarioErasure {
  return { accountId, at: noon + minutes * minute };
}

/** So many opens a second apart, from a minute after the first one that the scenarios add. */
function opens(count: number): readonly CanonicalEvent[] {
  return Array.from({ length: count }, (_, index) =>
    anEvent({
      messageId: 'm1',
      eventId: `open-${index}`,
      status: 'opened',
      evidence: 'human',
      occurredAt: noon + 5 * minute + index * 1000,
      providerEvent: 'opened',
    }),
  );
}

const twoWorkers = { workers: 2, receives: 0, onTheirWay: 0 } as const;

/** By name; each is looked into to the end. */
export const scenarios = {
  'a late "sent" and a "delivered", each sent up to twice': {
    ...twoWorkers,
    requests: [request(2, sent), request(2, delivered)],
  },
  'requests whose events belong between each other': {
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
  'a failure with a cause, one without, and what a status above them says': {
    ...twoWorkers,
    requests: [
      request(2, draft('full', 2, { status: 'soft_bounced', cause: 'mailbox_full' })),
      request(1, draft('put off', 3, { status: 'deferred' })),
      request(1, delivered),
    ],
  },
  'one failure that is reported with two causes, and a third time without': {
    ...twoWorkers,
    requests: [
      request(2, draft('failed', 2, { ...failure, cause: 'unknown_domain' })),
      request(1, draft('failed', 2, { ...failure, cause: 'disabled_account' })),
      request(1, draft('failed', 2, failure)),
    ],
  },
  'only notes and what a machine opened': {
    ...twoWorkers,
    requests: [request(2, unsubscribed, openedByMachine), request(1, openedByMachine, replied)],
  },
  'a status, a note, and a repetition of both': {
    ...twoWorkers,
    requests: [request(1, delivered), request(1, unsubscribed), request(1, delivered, unsubscribed)],
  },
  'an event dated into the future, sent again before and after that time has come, and one in between': {
    ...twoWorkers,
    requests: [
      arrivingAt([10, 30, tomorrow + 1], request(3, deferredTomorrow)),
      arrivingAt([20], request(1, draft('soft bounced', 20, { status: 'soft_bounced' }))),
    ],
  },
  'two requests with an event dated into the future, and one more event': {
    ...twoWorkers,
    requests: [
      arrivingAt([10, tomorrow + 1], request(2, deferredTomorrow, sent)),
      arrivingAt([20], request(1, deferredTomorrow, delivered)),
    ],
  },
  'a delivery dated into the future that waits in the queue until it is sent again at that time': {
    ...twoWorkers,
    requests: [request(1, sent), arrivingAt([10, tomorrow + 1], request(2, deliveredTomorrow))],
  },
  'a "delivered", and a "sent" dated into the future that is sent again at that time': {
    ...twoWorkers,
    requests: [
      request(2, delivered),
      arrivingAt([10, tomorrow + 1], request(2, draft('sent tomorrow', tomorrow, { status: 'sent' }))),
    ],
  },
  'an event dated into the future beside another, sent again at that time': {
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
  'an account and a reference that are told apart': {
    ...twoWorkers,
    requests: [
      request(1, { ...delivered, reference: 'INV-7' }),
      request(1, ofAccount('acme', sent)),
      request(1, ofAccount('acme', opened, { reference: 'INV-8' })),
    ],
  },
  'an account and a reference that are told together, and another reference': {
    ...twoWorkers,
    requests: [
      request(1, delivered),
      request(1, ofAccount('acme', sent, { reference: 'INV-7' })),
      request(1, { ...opened, reference: 'INV-8' }),
    ],
  },
  'an account that is told later than a reference, and another one': {
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
  'a history with room for one more, and two earlier opens': {
    ...twoWorkers,
    before: opens(maxHistoryEvents - 1),
    requests: [request(2, opened), request(1, openedEarlier)],
  },
  'a full history, an earlier open, and a bounce with an open that is beyond the bound': {
    ...twoWorkers,
    before: opens(maxHistoryEvents),
    requests: [
      request(2, opened),
      request(1, hardBounced, draft('opened late', 60, { status: 'opened', evidence: 'human' })),
    ],
  },
  'an open dated into the future, where the history has room for one more': {
    ...twoWorkers,
    before: opens(maxHistoryEvents - 1),
    requests: [
      arrivingAt([6, tomorrow + 1], request(2, { ...openedEarlier, occurredAt: noon + tomorrow * minute })),
      request(1, opened),
    ],
  },
  'writes that reach the table after their events went another way': {
    ...twoWorkers,
    onTheirWay: 1,
    requests: [request(2, sent), request(1, delivered)],
  },
  'writes of an event dated into the future that reach the table late': {
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
    before: opens(maxHistoryEvents - 1),
    requests: [request(1, opened), request(1, openedEarlier)],
  },
  'messages that go through the dead-letter queue': {
    ...twoWorkers,
    receives: 2,
    requests: [request(2, sent), request(1, hardBounced)],
  },
  'an erasure of support, while events wait, and a callback that comes after it': {
    ...twoWorkers,
    requests: [request(2, sent), arrivingAt([30], request(1, opened))],
    erasures: [erasure(20)],
  },
  'an erasure of an account, while an event that names it waits, and one that names nobody': {
    ...twoWorkers,
    requests: [request(1, ofAccount('acme', sent)), request(1, delivered), arrivingAt([30], request(1, opened))],
    erasures: [erasure(20, 'acme')],
  },
  'an erasure of an account, while nothing waits that names it': {
    ...twoWorkers,
    requests: [request(1, delivered), arrivingAt([30], request(1, ofAccount('acme', sent)))],
    erasures: [erasure(20, 'acme')],
  },
  'an erasure of an account, while another account names the same email': {
    ...twoWorkers,
    requests: [request(1, ofAccount('acme', sent)), request(1, ofAccount('initech', delivered))],
    erasures: [erasure(20, 'acme')],
  },
  'an erasure of an account, of a request that another account is named in as well': {
    ...twoWorkers,
    requests: [request(2, ofAccount('acme', sent), ofAccount('initech', delivered))],
    erasures: [erasure(20, 'acme')],
  },
  'two erasures of one recipient, and what comes between them': {
    ...twoWorkers,
    requests: [request(1, sent), arrivingAt([22], request(1, delivered))],
    erasures: [erasure(20), erasure(25)],
  },
  'an erasure of two emails of one request, one of them sent again after it': {
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
