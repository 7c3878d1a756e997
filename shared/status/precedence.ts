/**
 * The merge that turns a set of events into one status.
 *
 * An email's status is a pure function of the SET of its events: order of arrival, duplicates and concurrent writers
 * cannot change it. The table `precedence` alone defines the order. The in-memory merge and the condition of the
 * database update use the same clauses from it, so that they cannot disagree.
 */

import { type Status, statusIds } from './catalogue.ts';

/** Who caused the event: a person, a machine (mail-privacy prefetch, security scanner), or unknown. */
export type Evidence = 'human' | 'machine' | 'unknown';

/** The part of an event that decides a status. Times are epoch milliseconds; event ids are printable ASCII. */
export interface DecidingEvent {
  readonly eventId: string;
  /** null for a note, which changes no status, e.g. an unsubscribe or an automatic reply. */
  readonly status: Status | null;
  readonly occurredAt: number;
  readonly evidence: Evidence;
}

/** The status that an email's events decide, with the time and id of the deciding event. */
export interface Verdict {
  readonly status: Status;
  readonly statusAt: number;
  readonly statusEventId: string;
}

/** The statuses of an email that cannot arrive. */
export const failures: readonly (Status | null)[] = ['hard_bounced', 'invalid', 'rejected'];

/** Whether an event says that the email cannot arrive. */
export function isFailure({ status, evidence }: Pick<DecidingEvent, 'status' | 'evidence'>): boolean {
  return evidence !== 'machine' && failures.includes(status);
}

interface Level {
  /** Rivals at one level; if times are equal, the later in the list wins. */
  readonly statuses: readonly Status[];
  /** Whether the earliest or the newest event time wins among rivals. */
  readonly wins: 'earliest' | 'newest';
}

/** Precedence, lowest first. A higher level always wins, at any event time. */
export const precedence = [
  { statuses: ['enqueued'], wins: 'earliest' },
  { statuses: ['sent'], wins: 'earliest' },
  { statuses: ['deferred', 'soft_bounced'], wins: 'newest' },
  { statuses: ['delivered'], wins: 'earliest' },
  { statuses: ['opened'], wins: 'earliest' },
  { statuses: ['link_clicked'], wins: 'earliest' },
  { statuses: ['rejected'], wins: 'earliest' },
  { statuses: ['hard_bounced'], wins: 'earliest' },
  { statuses: ['invalid'], wins: 'earliest' },
  { statuses: ['marked_spam'], wins: 'earliest' },
] as const satisfies readonly Level[];

/**
 * One way in which a new verdict supersedes a stored one. The stored status is one of `statuses`, and the stored time
 * and event id compare as given. A comparison reads "stored OPERATOR new".
 */
export interface PriorState {
  readonly statuses: readonly Status[];
  readonly statusAt?: '<' | '>' | '=';
  readonly statusEventId?: '>';
}

function priorStatesOf(status: Status): readonly PriorState[] {
  const levels: readonly Level[] = precedence;
  const height = levels.findIndex(level => level.statuses.includes(status));
  const { statuses: rivals, wins } = levels[height]!;
  return [
    { statuses: levels.slice(0, height).flatMap(level => level.statuses) },
    { statuses: rivals, statusAt: wins === 'newest' ? ('<' as const) : ('>' as const) },
    { statuses: rivals.slice(0, rivals.indexOf(status)), statusAt: '=' as const },
    { statuses: [status], statusAt: '=' as const, statusEventId: '>' as const },
  ].filter(prior => prior.statuses.length > 0);
}

/** For each status, the stored states that it supersedes; every status supersedes none at all. */
export const priorStates = Object.fromEntries(statusIds.map(status => [status, priorStatesOf(status)])) as Readonly<
  Record<Status, readonly PriorState[]>
>;

/** Whether `challenger` supersedes `stored`. The condition of the database update is built from the same clauses. */
export function supersedes(challenger: Verdict, stored: Verdict | null): boolean {
  if (stored === null) return true;
  return priorStates[challenger.status].some(
    prior =>
      prior.statuses.includes(stored.status) &&
      (prior.statusAt === undefined || compares(stored.statusAt, prior.statusAt, challenger.statusAt)) &&
      (prior.statusEventId === undefined || stored.statusEventId > challenger.statusEventId),
  );
}

function compares(left: number, operator: '<' | '>' | '=', right: number): boolean {
  return operator === '<' ? left < right : operator === '>' ? left > right : left === right;
}

/** The verdict of one event alone; null for notes and machine events. */
export function verdictOf(event: DecidingEvent): Verdict | null {
  if (event.status === null || event.evidence === 'machine') return null;
  return { status: event.status, statusAt: event.occurredAt, statusEventId: event.eventId };
}

/** The verdict of a set of events, the same for every order and repetition; null if no event decides. */
export function merge(events: Iterable<DecidingEvent>): Verdict | null {
  let best: Verdict | null = null;
  for (const event of events) {
    const verdict = verdictOf(event);
    if (verdict !== null && supersedes(verdict, best)) best = verdict;
  }
  return best;
}
