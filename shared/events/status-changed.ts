/** The event that tells other systems of an email's new status. */

import { canaryAccountId } from '../email/event.ts';
import type { Email } from '../email/item.ts';
import { shortHash } from '../runtime/hash.ts';
import { isoText } from '../runtime/time.ts';
import { statuses } from '../status/catalogue.ts';
import type { Verdict } from '../status/precedence.ts';
import { rankOf } from './rank.ts';
import type { StatusChanged } from './status-changed-schema.ts';

/** The detail-type of the event. */
export const statusChangedType = 'Email Status Changed';

/**
 * The event for a change from one state of an email to the next. It is null if status, time and deciding event stayed, or
 * if there is no email any more. It depends on nothing else, so that a repetition is the same.
 *
 * @throws RangeError if a time is none that a date can hold
 */
export function statusChangeOf(before: Email | null, after: Email | null): StatusChanged | null {
  if (after === null || after.verdict === null || after.accountId === canaryAccountId) return null;
  const { accountId, emailId, provider, messageId, recipient, reference, verdict, cause, tags, updatedAt } = after;
  const { attentionAt } = after;
  const was = before?.verdict ?? null;
  if (was !== null && isSame(was, verdict)) return null;
  return {
    schemaVersion: 1,
    id: shortHash(emailId, verdict.status, verdict.statusEventId, verdict.statusAt),
    accountId: accountId ?? null,
    emailId,
    provider,
    messageId,
    recipient,
    reference: reference ?? null,
    from: was && { status: was.status, since: isoText(was.statusAt) },
    to: verdict.status,
    label: statuses[verdict.status].label,
    since: isoText(verdict.statusAt),
    rank: rankOf(verdict),
    cause: cause ?? null,
    attention: attentionAt === undefined ? null : 'act',
    tags: [...(tags ?? [])],
    at: isoText(updatedAt),
  };
}

function isSame(one: Verdict, other: Verdict): boolean {
  return one.status === other.status && one.statusAt === other.statusAt && one.statusEventId === other.statusEventId;
}
