/** The evidence about its address in one email. */

import type { Status } from '../status/catalogue.ts';
import type { Cause } from '../status/causes.ts';
import { noteNames } from './event.ts';
import type { HistoryEvent } from './history.ts';
import type { Email } from './item.ts';
import { type AddressEvidence, isLater, newestTime } from './recipient-verdict.ts';

/**
 * Whether a failure for this cause says something about the address. Failures on the sender's side do not, and neither
 * does a server that asks to wait. A bounce without a stated cause does: the provider called it permanent.
 */
export const isOfAddress = {
  unknown_user: true,
  unknown_domain: true,
  disabled_account: true,
  moved: true,
  not_accepting: true,
  mailbox_full: true,
  too_large: false,
  rate_limited: false,
  greylisted: false,
  system: true,
  network: true,
  expired: true,
  loop: true,
  blocked: false,
  authentication_failed: false,
  sender_rejected: false,
  relay_denied: false,
  reverse_dns: false,
  spam_content: false,
  virus: false,
  policy: false,
  protocol: false,
  // The provider refuses to send. The list may be of another sender, and a caveat says so.
  suppressed: false,
  unspecified: true,
} as const satisfies Record<Cause, boolean>;

const signs: readonly (Status | null)[] = ['opened', 'link_clicked'];

/** The evidence in an email. Machines give none. */
export function addressEvidenceIn({ emailId, sentAt, verdict, cause, events }: Email): AddressEvidence {
  // In order of time. Counted opens and clicks are never the first.
  const told = events.filter(({ evidence }) => evidence !== 'machine');
  const newest = (takes: (event: HistoryEvent) => boolean) =>
    newestTime(told.filter(takes).map(({ occurredAt }) => occurredAt));
  const firstSign = told.find(({ status }) => signs.includes(status));
  const complainedAt = newest(({ status }) => status === 'marked_spam');
  const handledAt = newest(({ status, providerEvent }) => status === null && providerEvent === noteNames.handled);
  const isOutcome = verdict?.status === 'soft_bounced' && isOfAddress[cause ?? 'unspecified'];
  return {
    emailId,
    sentAt,
    // Somebody may open an email long after its address has ceased to be.
    deliveredAt: newest(({ status }) => status === 'delivered') ?? firstSign?.occurredAt ?? null,
    invalidAt: newest(event => event.status === 'invalid' && isOfItsAddress(event)),
    hardBouncedAt: newest(event => event.status === 'hard_bounced' && isOfItsAddress(event)),
    softBouncedAt: isOutcome ? verdict.statusAt : null,
    complainedAt,
    openComplaintAt: isLater(complainedAt, handledAt) ? complainedAt : null,
    suppressedAt: newest(({ reason }) => reason?.cause === 'suppressed'),
  };
}

function isOfItsAddress({ reason }: HistoryEvent): boolean {
  return isOfAddress[reason?.cause ?? 'unspecified'];
}
