/** Whether an email waits for its provider's first word. */

import { isOwnNote, ofApplication } from '../email/event.ts';
import type { HistoryEvent } from '../email/history.ts';

/** The provider that reported an event: the application's own reports are those of `app`. */
export function reporterOf(provider: string, { providerEvent }: Pick<HistoryEvent, 'providerEvent'>): string {
  return providerEvent.startsWith(ofApplication) ? 'app' : provider;
}

/** How an email counts in the share of emails without news. */
export interface Awaiting {
  /** It was registered, or its provider has Sent it: news of it is to be expected. */
  readonly awaited: boolean;
  /** News of it has come. */
  readonly answered: boolean;
}

const notAwaited: Awaiting = { awaited: false, answered: false };

/**
 * Of a registered email, each report of its provider is news. Of an email that its provider alone has reported, Sent is
 * not news yet: it is the report that makes it known.
 */
export function awaitingOf(events: readonly Pick<HistoryEvent, 'providerEvent' | 'status'>[]): Awaiting {
  const reports = events.filter(event => !isOwnNote(event));
  const ofProvider = reports.filter(({ providerEvent }) => !providerEvent.startsWith(ofApplication));
  const isRegistered = ofProvider.length < reports.length;
  if (isRegistered) return { awaited: true, answered: ofProvider.length > 0 };
  const announcing = ofProvider.filter(({ status }) => status === 'enqueued' || status === 'sent');
  if (announcing.length === 0) return notAwaited;
  return { awaited: true, answered: announcing.length < ofProvider.length };
}
