/** The parts of a timeline that its events do not say one by one. */

import type { EmailAnswer } from '../../../shared/http/response-schemas.ts';

export type TimelineEvent = EmailAnswer['timeline'][number];

/** An event with what the events before it say about it. */
export interface Step {
  readonly event: TimelineEvent;
  /** `eventId` alone is not unique. */
  readonly key: string;
  /** The number of the attempt to deliver; null where the email was never deferred. */
  readonly attempt: number | null;
  /** How often the email has been sent so far, from the second time on. */
  readonly sending: number | null;
  /** Whole days without an event before this one. */
  readonly silentDays: number;
}

const dayMs = 24 * 60 * 60_000;

/** Whole days from one time to another, e.g. 0 for some hours. */
export function daysBetween(from: string, to: string | number): number {
  return Math.floor((new Date(to).getTime() - Date.parse(from)) / dayMs);
}

/** Statuses in which an attempt to deliver ends. */
const outcomes: ReadonlySet<string | null> = new Set([
  'delivered',
  'soft_bounced',
  'hard_bounced',
  'invalid',
  'rejected',
]);

/** The steps of a timeline, whose events come oldest first. */
export function stepsOf(timeline: readonly TimelineEvent[]): readonly Step[] {
  let attempts = 0;
  let isDeferred = false;
  const sendings = new Map<string, number>();
  return timeline.map((event, index) => {
    const { status, providerEvent, at, eventId } = event;
    const before = timeline[index - 1];
    const isOutcome = isDeferred && outcomes.has(status);
    const isAttempt = status === 'deferred' || isOutcome;
    if (isAttempt) attempts += 1;
    isDeferred = status === 'deferred' || (isDeferred && !isOutcome);
    // Providers with two names for sending have sent the email once.
    const sent = status === 'sent' ? (sendings.get(providerEvent) ?? 0) + 1 : 0;
    if (sent > 0) sendings.set(providerEvent, sent);
    return {
      event,
      key: `${eventId} ${at}`,
      attempt: isAttempt ? attempts : null,
      sending: sent > 1 ? sent : null,
      silentDays: before === undefined ? 0 : daysBetween(before.at, at),
    };
  });
}
