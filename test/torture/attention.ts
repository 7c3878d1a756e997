/** A model of attention, made of the rules alone and without the product's own functions. */

import { type Status, statuses } from '../../shared/status/catalogue.ts';
import type { Evidence } from '../../shared/status/precedence.ts';

/** The part of a stored or shown event that decides about attention. */
export interface Seen {
  readonly status: Status | null;
  readonly evidence: Evidence;
  readonly occurredAt: number;
  readonly providerEvent: string;
}

/** The attention of an email. Times are epoch milliseconds. */
export interface ModelOfAttention {
  readonly asks: boolean;
  /** Whether somebody handled it, or its successor was delivered, at any time. */
  readonly isResolved: boolean;
  readonly resolvedAt: number | undefined;
  /** The time of the earliest failure after all resolutions. */
  readonly openSince: number | undefined;
}

/** Whether an event says that somebody must act. A machine says nothing. */
export function asksForAttention({ status, evidence }: Pick<Seen, 'status' | 'evidence'>): boolean {
  return status !== null && evidence !== 'machine' && statuses[status].attention === 'yes';
}

/**
 * Returns the attention of an email: its status asks, and a failure is later than every resolution.
 *
 * @param status the email's right status
 * @param history all events and notes in its history
 */
export function attentionIn(status: Status | null, history: readonly Seen[]): ModelOfAttention {
  const resolutions = history
    .filter(({ providerEvent }) => ['mailtrail.handled', 'mailtrail.successor_delivered'].includes(providerEvent))
    .map(({ occurredAt }) => occurredAt);
  const open = history
    .filter(asksForAttention)
    .map(({ occurredAt }) => occurredAt)
    .filter(at => resolutions.every(resolution => at > resolution));
  const statusAsks = status !== null && statuses[status].attention === 'yes';
  return {
    asks: statusAsks && open.length > 0,
    isResolved: resolutions.length > 0,
    resolvedAt: resolutions.length === 0 ? undefined : Math.max(...resolutions),
    openSince: open.length === 0 ? undefined : Math.min(...open),
  };
}
