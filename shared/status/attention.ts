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

/** Why an email needs attention at `now` (epoch milliseconds); null if it needs none. */
export function attentionOf(verdict: Verdict | null, now: number, oldAfter: OldAfter): AttentionKind | null {
  if (verdict === null) return null;
  if (isActionable(verdict)) return 'act';
  const { status, statusAt } = verdict;
  const isWaiting = statuses[status].attention === 'when_old';
  return isWaiting && now - statusAt > oldAfter[status as keyof OldAfter] ? 'late' : null;
}

/** Whether a filter takes only emails whose status asks somebody to act. */
export function isActionableOnly(filter: {
  readonly attention?: AttentionKind | undefined;
  readonly status?: readonly Status[] | undefined;
}): boolean {
  const { attention, status } = filter;
  return attention === undefined ? (status?.every(one => isActionable({ status: one })) ?? false) : attention === 'act';
}
