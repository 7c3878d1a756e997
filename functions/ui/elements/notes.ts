/** Notes in a timeline that no provider reported. */

import type { EnglishOfEmail } from './messages/en-email.ts';
import type { TimelineEvent } from './timeline.ts';

/** The message that says each note. */
export const noteKeys = {
  'mailtrail.handled': 'handledBy',
  'mailtrail.successor_delivered': 'successorDelivered',
  'app.resent': 'sentAgainAs',
  'app.resend': 'sendsAgain',
} as const satisfies Record<string, keyof EnglishOfEmail>;

type NoteName = keyof typeof noteKeys;

/** The characters of somebody's own words that the API takes. */
export const maxNote = 500;

/** The message that says such a note; null for an event that was reported. */
export function noteKeyOf({
  status,
  providerEvent,
}: Pick<TimelineEvent, 'status' | 'providerEvent'>): (typeof noteKeys)[NoteName] | null {
  return status === null && Object.hasOwn(noteKeys, providerEvent) ? noteKeys[providerEvent as NoteName] : null;
}
