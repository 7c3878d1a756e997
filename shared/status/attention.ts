/** Decides which emails need attention: by their status, or by waiting too long for the next report. */

import { type Status, statuses } from './catalogue.ts';
import type { Verdict } from './precedence.ts';

/** Why an email needs attention: its status asks somebody to act, or it waits too long for news. */
export const attentionKinds = ['act', 'late'] as const;

export type AttentionKind = (typeof attentionKinds)[number];

/** Ages in milliseconds beyond which a waiting status is late. */
export type OldAfter = Readonly<Record<'enqueued' | 'sent' | 'deferred', number>>;

const minute = 60_000;
export const defaultOldAfter: OldAfter = { enqueued: 15 * minute, sent: 24 * 60 * minute, deferred: 72 * 60 * minute };

/** Whether a status asks somebody to act, at any age. */
export function isActionable({ status }: Pick<Verdict, 'status'>): boolean {
  return statuses[status].attention === 'yes';
}

/** The facts that decide whether an email needs attention. Times are epoch milliseconds. */
export interface Attended {
  readonly verdict: Verdict | null;
  /** Its place in the lists of emails that ask somebody to act; absent while it asks nobody. */
  readonly attentionAt?: number | undefined;
  /** When it was last handled, or its successor delivered; absent if it never was. */
  readonly resolvedAt?: number | undefined;
}

/** Why an email needs attention at `now` (epoch milliseconds); null if it needs none. */
export function attentionOf(
  { verdict, attentionAt, resolvedAt = Number.NEGATIVE_INFINITY }: Attended,
  now: number,
  oldAfter: OldAfter,
): AttentionKind | null {
  if (verdict === null) return null;
  if (isActionable(verdict)) return attentionAt === undefined ? null : 'act';
  const { status, statusAt } = verdict;
  const isOld = statuses[status].attention === 'when_old' && now - statusAt > oldAfter[status as keyof OldAfter];
  return isOld && statusAt > resolvedAt ? 'late' : null;
}

/** Whether a filter takes only statuses that ask somebody to act, or only emails that do. */
export function isActionableOnly(filter: {
  readonly attention?: AttentionKind | undefined;
  readonly status?: readonly Status[] | undefined;
}): boolean {
  const { attention, status } = filter;
  return attention === undefined ? (status?.every(one => isActionable({ status: one })) ?? false) : attention === 'act';
}
