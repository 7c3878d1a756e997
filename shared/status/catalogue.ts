/** The eleven statuses of an email and their meaning. This module imports nothing. */

/** Whether somebody must act: `yes` now, `when_old` once no report came for too long, `no` never. */
export type Attention = 'no' | 'when_old' | 'yes';

/** How a status looks to people: still open, arrived, failed for now, or failed for good. */
export type Tone = 'waiting' | 'good' | 'warning' | 'bad';

/**
 * Whether sending the same email again makes sense: never, after somebody has fixed address, settings or mailbox, or
 * unchanged. A waiting email is sent again only once it is old.
 */
export type Resend = 'no' | 'after_fix' | 'yes';

/** Kinds of alerts to support: one alert per email and kind, ever. */
export type AlertKind = 'hard_bounce' | 'spam';

export interface StatusFacts {
  readonly label: string;
  readonly meaning: string;
  /** The recommended action, for the sender's support and engineers; null if there is nothing to do. */
  readonly resolution: string | null;
  /** Whether and by whom the email is sent again; null if the question does not arise. */
  readonly sentAgain: string | null;
  /** The conclusion that the report behind this status does not allow. */
  readonly doesNotProve: string;
  readonly tone: Tone;
  /** Whether no later attempt to deliver this email is to be expected. */
  readonly final: boolean;
  readonly resend: Resend;
  readonly attention: Attention;
  readonly alert: AlertKind | null;
}

/** The catalogue, in the order of an email's life. `GET /statuses` serves it, so that no UI needs its own. */
export const statuses = {
  enqueued: {
    label: 'Enqueued',
    meaning: 'The email is queued at the mail server and has not been sent yet.',
    resolution: 'If it is not sent within a reasonable time, check the mail server, then resend it.',
    sentAgain: null,
    doesNotProve: "That the email was handed to the recipient's server, or will be.",
    tone: 'waiting',
    final: false,
    resend: 'yes',
    attention: 'when_old',
    alert: null,
  },
  sent: {
    label: 'Sent',
    meaning: "The email was sent. The recipient's server has not answered yet; the status changes when it does.",
    resolution: null,
    sentAgain: null,
    doesNotProve: "That the recipient's server accepted the email.",
    tone: 'waiting',
    final: false,
    resend: 'no',
    attention: 'when_old',
    alert: null,
  },
  deferred: {
    label: 'Deferred',
    meaning:
      "The recipient's server could not accept the email yet, for example because of a technical problem there. The status changes only when that server reports again, so some emails stay deferred and some become delivered.",
    resolution: null,
    sentAgain: 'The provider keeps trying.',
    doesNotProve: 'That the email is lost: a later attempt may succeed.',
    tone: 'waiting',
    final: false,
    resend: 'no',
    attention: 'when_old',
    alert: null,
  },
  delivered: {
    label: 'Delivered',
    meaning: "The email was received by the recipient's server. There is nothing to do.",
    resolution: null,
    sentAgain: null,
    doesNotProve: 'That the email reached the inbox or that anybody saw it: the server may still filter or delete it.',
    tone: 'good',
    final: true,
    resend: 'no',
    attention: 'no',
    alert: null,
  },
  soft_bounced: {
    label: 'Soft Bounced',
    meaning: 'Delivery failed for a temporary reason, for example a full inbox or a file that is too large.',
    resolution:
      'Reach the recipient another way and ask them to check their inbox and its settings, such as free space and size limits.',
    sentAgain: 'Usually, within a few days.',
    doesNotProve: 'That the address is wrong: a later email may arrive.',
    tone: 'warning',
    final: false,
    resend: 'yes',
    attention: 'yes',
    alert: null,
  },
  hard_bounced: {
    label: 'Hard Bounced',
    meaning:
      'Delivery failed for a permanent reason, for example because the domain does not exist or its server takes no mail.',
    resolution: 'Reach the recipient another way and verify the email address and its domain.',
    sentAgain: 'Not automatically.',
    doesNotProve:
      'That the recipient cannot be reached by email: the server may have its own reasons, or a forwarding address bounced.',
    tone: 'bad',
    final: true,
    resend: 'after_fix',
    attention: 'yes',
    alert: 'hard_bounce',
  },
  invalid: {
    label: 'Invalid',
    meaning: "The recipient's mail server answered that the email address does not exist.",
    resolution: 'Contact the recipient another way and verify the email address.',
    sentAgain: 'Not automatically.',
    doesNotProve: 'That the address never existed: it may be closed, or the server may be wrong.',
    tone: 'bad',
    final: true,
    resend: 'after_fix',
    attention: 'yes',
    alert: 'hard_bounce',
  },
  rejected: {
    label: 'Rejected',
    meaning:
      'The mail server or the email service refused the email. Typical causes are wrong settings, an earlier bounce or complaint, a policy, or the network.',
    resolution: 'Check the authentication of the SMTP server and the settings of the email service, then resend it.',
    sentAgain: 'By hand, once the cause is fixed.',
    doesNotProve: "That the address is wrong: the recipient's server may never have been contacted.",
    tone: 'bad',
    final: true,
    resend: 'after_fix',
    attention: 'yes',
    alert: null,
  },
  opened: {
    label: 'Opened',
    meaning: 'The recipient opened the email.',
    resolution: null,
    sentAgain: null,
    doesNotProve: 'That a person read it: programs load images too and cannot always be recognized.',
    tone: 'good',
    final: true,
    resend: 'no',
    attention: 'no',
    alert: null,
  },
  link_clicked: {
    label: 'Link Clicked',
    meaning: 'The recipient clicked a link in the email, for example to view an invoice or to pay it.',
    resolution: null,
    sentAgain: null,
    doesNotProve:
      'That the recipient clicked, or paid: a security program may have followed the link, or somebody who received the email from them.',
    tone: 'good',
    final: true,
    resend: 'no',
    attention: 'no',
    alert: null,
  },
  marked_spam: {
    label: 'Marked Spam',
    meaning: 'The recipient marked the email as spam.',
    resolution: 'Stop sending to this address. Ask the recipient another way how they want to hear from you.',
    sentAgain: 'No.',
    doesNotProve: 'That they never want your invoices: some people click "spam" instead of "delete".',
    tone: 'bad',
    final: true,
    resend: 'no',
    attention: 'yes',
    alert: 'spam',
  },
} as const satisfies Record<string, StatusFacts>;

export type Status = keyof typeof statuses;

export const statusIds = Object.keys(statuses) as readonly Status[];
