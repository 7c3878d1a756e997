/** Decides whether it would change anything if somebody handled an email. */

import { attentionOf, defaultOldAfter } from '../status/attention.ts';
import { addressEvidenceIn } from './address-evidence.ts';
import type { Email } from './item.ts';

/**
 * Whether an email asks somebody to act, or would once it has waited too long. Its spam mark also stops others to the
 * address until somebody handles it, though a delivered successor may have ended attention.
 */
export function canBeHandled(email: Email): boolean {
  const inTheEnd = attentionOf(email, Number.POSITIVE_INFINITY, defaultOldAfter);
  return inTheEnd !== null || addressEvidenceIn(email).openComplaintAt !== null;
}
