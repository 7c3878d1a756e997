/** Which emails ask somebody to act: by their status, or by waiting too long for news. */

import { statuses } from './catalogue.ts';
import type { Verdict } from './precedence.ts';

/** Past these ages (milliseconds) a status that still waits for news is "old" and needs attention. */
export type OldAfter = Readonly<Record<'enqueued' | 'sent' | 'deferred', number>>;

const minute = 60_000;
export const defaultOldAfter: OldAfter = { enqueued: 15 * minute, sent: 24 * 60 * minute, deferred: 72 * 60 * minute };

/** Whether a status that waits for news has waited too long. */
export function isOld({ status, statusAt }: Verdict, now: number, oldAfter: OldAfter): boolean {
  return statuses[status].attention === 'when_old' && now - statusAt > oldAfter[status as keyof OldAfter];
}

/** Whether a status asks somebody to act, however old it is. */
export function isActionable({ status }: Verdict): boolean {
  return statuses[status].attention === 'yes';
}

/** Whether somebody must act on an email now: its status asks for it, or it has waited too long for news. */
export function isActionableNow(verdict: Verdict | null, now: number, oldAfter: OldAfter): boolean {
  return verdict !== null && (isActionable(verdict) || isOld(verdict, now, oldAfter));
}
