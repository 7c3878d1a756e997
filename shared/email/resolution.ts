/**
 * Decides from an email's events whether somebody must still act. A failure asks for it. A resolution ends it: somebody
 * handled the email, or its successor was delivered. A failure later than every resolution asks again.
 */

import { isActionable } from '../status/attention.ts';
import { type Verdict, verdictOf } from '../status/precedence.ts';
import { noteNames } from './event.ts';
import type { HistoryEvent } from './history.ts';

/** Notes after which nobody needs to act on earlier failures. */
const resolutions: readonly string[] = [noteNames.handled, noteNames.successorDelivered];

/** Whether an event is a resolution. */
function isResolution({ status, providerEvent }: Pick<HistoryEvent, 'status' | 'providerEvent'>): boolean {
  return status === null && resolutions.includes(providerEvent);
}

/** The time of the newest resolution in epoch milliseconds; undefined if there is none. */
export function resolvedAtOf(events: Iterable<HistoryEvent>): number | undefined {
  let newest: number | undefined;
  for (const event of events) {
    if (isResolution(event)) newest = Math.max(newest ?? event.occurredAt, event.occurredAt);
  }
  return newest;
}

/** Whether an event asks somebody to act. */
export function isFailureToHandle(event: HistoryEvent): boolean {
  const verdict = verdictOf(event);
  return verdict !== null && isActionable(verdict);
}

/**
 * The time of the earliest failure that no resolution covers, in epoch milliseconds; null if nobody must act. The result
 * depends on the set of events alone.
 *
 * @param verdict the status that the events decide: a full history may lack its event
 */
export function openFailureOf(verdict: Verdict | null, events: Iterable<HistoryEvent>): number | null {
  if (verdict === null || !isActionable(verdict)) return null;
  const all = [...events];
  const resolvedAt = resolvedAtOf(all) ?? Number.NEGATIVE_INFINITY;
  const failures = all.filter(isFailureToHandle).map(({ occurredAt }) => occurredAt);
  const open = [verdict.statusAt, ...failures].filter(at => at > resolvedAt);
  return open.length === 0 ? null : Math.min(...open);
}
