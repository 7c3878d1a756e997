import { addressOf } from '../../email/address.ts';
import type { Attribution } from '../../email/event.ts';
import type { Status } from '../../status/catalogue.ts';

/**
 * Attributes an event that lists the recipients of a message and names none of them. It concerns the only recipient, or
 * each of them if it concerns the whole message. Otherwise it is a note on each.
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
