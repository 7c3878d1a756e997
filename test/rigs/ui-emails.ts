import type { CanonicalEvent, Reason } from '../../shared/email/event.ts';
import type { Status } from '../../shared/status/catalogue.ts';

const minute = 60_000;

/** A step of an email's life: its status, minutes before now, and further facts. */
type Step = readonly [status: Status | null, minutesAgo: number, facts?: Partial<CanonicalEvent>];

const failed = (
  text: string,
  cause: Reason['cause'],
  code = '550',
  enhancedCode = '5.1.1',
): Partial<CanonicalEvent> => ({
  reason: { code, enhancedCode, text, ...(cause && { cause }) },
});

/** One life for each of the eleven statuses: the last step that a person or server reports decides. */
const lives = {
  enqueued: [['enqueued', 5]],
  sent: [
    ['enqueued', 8],
    ['sent', 7],
  ],
  deferred: [
    ['sent', 190],
    ['deferred', 180, failed('451 4.7.1 Greylisted, try again later', 'greylisted', '451', '4.7.1')],
    ['deferred', 60, failed('452 4.2.2 Mailbox is full', 'mailbox_full', '452', '4.2.2')],
  ],
  delivered: [
    ['sent', 62],
    ['delivered', 61],
    ['opened', 60, { evidence: 'machine', userAgent: 'GoogleImageProxy' }],
  ],
  soft_bounced: [
    ['sent', 400],
    ['deferred', 390, failed('452 4.2.2 Mailbox is full', 'mailbox_full', '452', '4.2.2')],
    ['soft_bounced', 120, failed('552 5.2.2 The mailbox is full', 'mailbox_full', '552', '5.2.2')],
  ],
  hard_bounced: [
    ['sent', 3000],
    ['hard_bounced', 2999, failed('550 5.1.2 Host unknown: Domain not found', 'unknown_domain', '550', '5.1.2')],
  ],
  invalid: [
    ['sent', 4500],
    ['invalid', 4499, failed('550 5.1.1 <jane>: user unknown', 'unknown_user')],
  ],
  rejected: [
    ['sent', 6000],
    [
      'rejected',
      5999,
      failed('550 5.7.26 Unauthenticated email is not accepted', 'authentication_failed', '550', '5.7.26'),
    ],
  ],
  opened: [
    ['sent', 7500],
    ['delivered', 7499],
    ['opened', 7400, { evidence: 'human', userAgent: 'Mozilla/5.0' }],
  ],
  link_clicked: [
    ['sent', 9000],
    ['delivered', 8999],
    ['opened', 8990, { evidence: 'unknown' }],
    ['link_clicked', 8980, { evidence: 'human', clickUrl: 'https://pay.example.com/invoices/7' }],
  ],
  marked_spam: [
    ['sent', 12_000],
    ['delivered', 11_999],
    ['marked_spam', 11_000, { evidence: 'human' }],
  ],
} as const satisfies Record<Status, readonly Step[]>;

/** The parts of an email that its events share. */
export interface Facts {
  readonly accountId: string;
  readonly recipient: string;
  readonly subject?: string;
  readonly reference?: string;
}

let number = 0;

/** The events of a new email that ends in a status. */
export function emailWith(status: Status, facts: Facts, now = Date.now()): CanonicalEvent[] {
  number += 1;
  return eventsOf(lives[status], `ui-${number}`, facts, now);
}

/** The events of some steps in the life of an email. */
export function eventsOf(steps: readonly Step[], messageId: string, facts: Facts, now = Date.now()): CanonicalEvent[] {
  return steps.map(([status, minutesAgo, more], index) => ({
    eventId: `${messageId}-${index}`,
    provider: 'sendgrid',
    // Test files share a stack, and each has accounts of its own.
    messageId: `${facts.accountId}-${messageId}`,
    status,
    occurredAt: now - minutesAgo * minute,
    evidence: 'unknown',
    providerEvent: status ?? 'processed',
    ...facts,
    ...more,
  }));
}

/** An email for each status, to people of a company, with invoices as subjects. */
export function elevenEmails(accountId: string, now = Date.now()): CanonicalEvent[] {
  return (Object.keys(lives) as Status[]).flatMap((status, index) =>
    emailWith(
      status,
      {
        accountId,
        recipient: `${status.replace('_', '.')}@example.com`,
        subject: `Invoice ${1041 + index}`,
        reference: `INV-${1041 + index}`,
      },
      now,
    ),
  );
}
