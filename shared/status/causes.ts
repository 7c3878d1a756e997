/**
 * The causes of failed deliveries. A cause gives the status of a final failure, words for people, and who can fix it.
 * `providers/signals.ts` turns the words and codes of servers and providers into causes.
 */

import { type Status, statuses } from './catalogue.ts';

/** The statuses in which a failed delivery can end. */
export type FailureStatus = Extract<Status, 'soft_bounced' | 'hard_bounced' | 'invalid' | 'rejected'>;

/** Who can fix it: the recipient or their administrator, the sender, the receiving server's operator, or only time. */
export type Turn = 'recipient' | 'sender' | 'receiving_server' | 'nobody';

export interface CauseFacts {
  /** The status of a final failure; null if a label or the code's class must decide. */
  readonly status: FailureStatus | null;
  readonly label: string;
  /** Describes the failure in one sentence. */
  readonly text: string;
  /** The recommended action, for the sender's support and engineers; null if the status gives it. */
  readonly whatToDo: string | null;
  readonly turn: Turn | null;
}

export const causes = {
  unknown_user: {
    status: 'invalid',
    label: 'Unknown address',
    text: "The recipient's server does not know the address.",
    whatToDo:
      "The recipient's server does not know the address. Ask the recipient another way for the right one, then correct it and resend.",
    turn: 'recipient',
  },
  unknown_domain: {
    status: 'hard_bounced',
    label: 'Unknown domain',
    text: "The domain of the recipient's address does not exist or takes no email.",
    whatToDo:
      'The domain after the @ does not exist or takes no email. Check its spelling, or ask the recipient another way for their address.',
    turn: 'recipient',
  },
  disabled_account: {
    status: 'hard_bounced',
    label: 'Mailbox disabled',
    text: "The recipient's mailbox is disabled or no longer in use.",
    whatToDo:
      'The mailbox is disabled or no longer in use. Ask the recipient another way for an address that they use, then resend.',
    turn: 'recipient',
  },
  moved: {
    status: 'hard_bounced',
    label: 'Address moved',
    text: 'The recipient has moved to another address.',
    whatToDo: 'The recipient has another address now. Ask them another way for it, then correct it and resend.',
    turn: 'recipient',
  },
  not_accepting: {
    status: 'hard_bounced',
    label: 'Takes no email',
    text: "The recipient's server takes no email.",
    whatToDo:
      "The recipient's server takes no email. Ask the recipient another way for an address elsewhere, then correct it and resend.",
    turn: 'recipient',
  },
  mailbox_full: {
    status: 'soft_bounced',
    label: 'Mailbox full',
    text: 'The mailbox is full.',
    whatToDo: 'The mailbox is full. Ask the recipient to make room, or reach them another way.',
    turn: 'recipient',
  },
  too_large: {
    status: 'soft_bounced',
    label: 'Too large',
    text: "The email is larger than the recipient's server allows.",
    whatToDo:
      "The email is too large for the recipient's server. Make it smaller, for example with a link in place of an attachment, then resend.",
    turn: 'sender',
  },
  rate_limited: {
    status: 'soft_bounced',
    label: 'Too many at once',
    text: 'The recipient or their server received too many emails or connections at once.',
    whatToDo: 'Too many emails or connections arrived at once. The address is not the problem: wait, then resend.',
    turn: 'nobody',
  },
  greylisted: {
    status: 'soft_bounced',
    label: 'Asked to try later',
    text: "The recipient's server asked to try again later.",
    whatToDo: "The recipient's server asked to try again later. The address is not the problem: wait, then resend.",
    turn: 'nobody',
  },
  system: {
    status: 'soft_bounced',
    label: 'Server out of order',
    text: "The recipient's server had a technical problem.",
    whatToDo:
      "The recipient's server had a technical problem. Resend later. If it persists, ask the recipient to tell their administrator.",
    turn: 'receiving_server',
  },
  network: {
    status: 'soft_bounced',
    label: 'Connection failed',
    text: "The connection to the recipient's server failed.",
    whatToDo:
      "The connection to the recipient's server failed. Resend later. If it persists, ask the recipient to tell their administrator.",
    turn: 'receiving_server',
  },
  expired: {
    status: 'soft_bounced',
    label: 'Gave up trying',
    text: 'The email could not be delivered in time.',
    whatToDo: 'The email could not be delivered in time. Resend later, or reach the recipient another way.',
    turn: 'receiving_server',
  },
  loop: {
    status: 'hard_bounced',
    label: 'Mail loop',
    text: 'The email looped between servers.',
    whatToDo:
      'The email looped between servers. Reach the recipient another way, and ask them to tell their administrator.',
    turn: 'receiving_server',
  },
  blocked: {
    status: 'rejected',
    label: 'Sender blocked',
    text: "The recipient's server blocks the sending server or domain, for example because of a block list or its reputation.",
    whatToDo:
      "The recipient's server blocks the sending server or domain. Ask your email provider to have the block lifted, then resend.",
    turn: 'sender',
  },
  authentication_failed: {
    status: 'rejected',
    label: 'Sender not confirmed',
    text: "The recipient's server could not confirm that the email comes from its sender.",
    whatToDo: 'The email did not pass the checks of SPF, DKIM or DMARC for your domain. Fix DNS, then resend.',
    turn: 'sender',
  },
  sender_rejected: {
    status: 'rejected',
    label: 'Sender refused',
    text: "The recipient's server refused the sender's address or domain.",
    whatToDo:
      "The recipient's server refused the sender's address or domain. Check that both exist and take email, then resend.",
    turn: 'sender',
  },
  relay_denied: {
    status: 'rejected',
    label: 'Not passed on',
    text: 'A mail server refuses to pass on email from this sender or to this domain.',
    whatToDo:
      'A mail server refuses to relay email from this sender or to this domain. Check the SMTP settings and the spelling of the domain, then resend.',
    turn: 'sender',
  },
  reverse_dns: {
    status: 'rejected',
    label: 'Server name not valid',
    text: "The sending server's public name is missing or not valid.",
    whatToDo:
      "The sending server's name in reverse DNS, or in its greeting, is missing or not valid. Fix its PTR record and HELO name, then resend.",
    turn: 'sender',
  },
  spam_content: {
    status: 'rejected',
    label: 'Taken for spam',
    text: 'A spam filter took the email for spam.',
    whatToDo:
      'A spam filter took the email for spam. Check its links and its text, then resend, or ask the recipient to allow your address.',
    turn: 'sender',
  },
  virus: {
    status: 'rejected',
    label: 'Taken for a virus',
    text: 'A scanner reported a virus in the email.',
    whatToDo:
      'A scanner reported a virus in the email. Check its attachments and links, then resend without harmful ones.',
    turn: 'sender',
  },
  policy: {
    status: 'rejected',
    label: 'Refused by policy',
    text: "The recipient's server refused the email because of its policy.",
    whatToDo:
      "The recipient's server refused the email because of its policy. Fix what the reason names, or ask the recipient to have your address allowed, then resend.",
    turn: 'sender',
  },
  protocol: {
    status: 'rejected',
    label: 'Malformed email',
    text: "The recipient's server refused the format of the email or of a command.",
    whatToDo:
      'A server refused the format of the email or of a command. Have your engineers read the reason and correct it, then resend.',
    turn: 'sender',
  },
  suppressed: {
    status: 'rejected',
    label: 'Stopped by the provider',
    text: 'The email provider did not send the email: it sends nothing to this address any more.',
    whatToDo:
      "The address is on the email provider's suppression list, usually after a bounce, complaint or unsubscribe. Make sure that the address is right and the recipient wants your emails. Take it off the list, then resend.",
    turn: 'sender',
  },
  unspecified: {
    status: null,
    label: 'No cause stated',
    text: 'The report states no cause.',
    whatToDo: null,
    turn: null,
  },
} as const satisfies Record<string, CauseFacts>;

export type Cause = keyof typeof causes;

export const causeIds = Object.keys(causes) as readonly Cause[];

/** The cause that recommends the action for an email; null if its status does. */
export function advisingCause(status: Status, cause?: Cause | null): Cause | null {
  // The provider still retries a deferred email: nobody resends it.
  return cause && status !== 'deferred' && causes[cause].whatToDo !== null ? cause : null;
}

/** The recommended action for an email: the cause's, or else the status's. */
export function whatToDoAbout(status: Status, cause?: Cause | null): string | null {
  const advising = advisingCause(status, cause);
  return advising === null ? statuses[status].resolution : causes[advising].whatToDo;
}

/** Why a delivery failed for good, and its status. */
export interface Failure {
  readonly status: FailureStatus;
  readonly cause: Cause;
}

/** The failure of a cause, with the status `otherwise` if the cause gives none. */
export function failureBy(cause: Cause, otherwise: FailureStatus): Failure {
  return { cause, status: causes[cause].status ?? otherwise };
}

/** The cause of a failure; null if it is unspecified. */
export function statedCause({ cause }: Failure): Cause | null {
  return cause === 'unspecified' ? null : cause;
}
