import { addressOf } from '../../email/address.ts';
import type { Attribution } from '../../email/event.ts';
import type { Status } from '../../status/catalogue.ts';

/**
 * Whose email an event is about that lists a message's recipients and does not say which of them it concerns: the only
 * one's; each one's, where it is true of the whole message; else nobody's in particular, a note on each.
 */
export function ofOneOf(
  recipients: readonly string[],
  ofWholeMessage: boolean,
  status: Status | null,
): readonly { readonly recipient: string; readonly status: Status | null; readonly attribution?: Attribution }[] {
  const distinct = [...new Set(recipients.map(addressOf))];
  if (distinct.length < 2 || ofWholeMessage) return distinct.map(recipient => ({ recipient, status }));
  return distinct.map(recipient => ({ recipient, status: null, attribution: 'ambiguous' }));
}
