/** Decides which emails need attention: by their status, or by waiting too long for the next report. */

import { statuses } from './catalogue.ts';
import type { Verdict } from './precedence.ts';

/** Ages in milliseconds beyond which a waiting status is old and needs attention. */
export type OldAfter = Readonly<Record<'enqueued' | 'sent' | 'deferred', number>>;

const minute = 60_000;
export const defaultOldAfter: OldAfter = { enqueued: 15 * minute, sent: 24 * 60 * minute, deferred: 72 * 60 * minute };

/** Whether a waiting status is old. */
export function isOld({ status, statusAt }: Verdict, now: number, oldAfter: OldAfter): boolean {
  return statuses[status].attention === 'when_old' && now - statusAt > oldAfter[status as keyof OldAfter];
}

/** Whether a status asks for attention at any age. */
export function isActionable({ status }: Verdict): boolean {
  return statuses[status].attention === 'yes';
}

/** Whether an email needs attention now: its status asks for it, or it has waited too long. */
export function isActionableNow(verdict: Verdict | null, now: number, oldAfter: OldAfter): boolean {
  return verdict !== null && (isActionable(verdict) || isOld(verdict, now, oldAfter));
}
