/** What each provider sends about a step of an email's life: one event in that provider's own words. */

import { isoText } from '../../shared/time.ts';
import type { DemoEmail, DemoProvider, Step } from './lives.ts';

export interface Happening {
  readonly email: DemoEmail;
  readonly step: Step;
  /** Epoch milliseconds. */
  readonly at: number;
}

const userAgent = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const payLink = (email: DemoEmail) => `https://pay.example.com/${email.reference}`;

/** Step → what differs between the provider's events; a step that is absent is one the provider has no word for. */
const sendgrid: Partial<Record<Step, object>> = {
  deferred: { event: 'deferred', response: '451 4.3.2 try again later', attempt: '1' },
  delivered: { event: 'delivered', response: '250 OK' },
  soft_bounced: {
    event: 'bounce',
    type: 'blocked',
    bounce_classification: 'Mailbox Unavailable',
    status: '4.2.2',
    reason: '452 4.2.2 mailbox full',
  },
  hard_bounced: {
    event: 'bounce',
    type: 'bounce',
    bounce_classification: 'Unclassified',
    status: '5.1.2',
    reason: '550 5.1.2 host or domain name not found',
  },
  invalid: {
    event: 'bounce',
    type: 'bounce',
    bounce_classification: 'Invalid Address',
    status: '5.1.1',
    reason: '550 5.1.1 no such user',
  },
  rejected: { event: 'dropped', reason: 'Bounced Address' },
  opened: { event: 'open', useragent: userAgent, sg_machine_open: false },
  machine_opened: { event: 'open', useragent: 'Mozilla/5.0', sg_machine_open: true },
  link_clicked: { event: 'click', useragent: userAgent },
  marked_spam: { event: 'spamreport' },
};

const mailgun: Partial<Record<Step, object>> = {
  deferred: {
    event: 'failed',
    severity: 'temporary',
    reason: 'generic',
    'delivery-status': { code: 451, message: '4.3.2 try again later' },
  },
  delivered: { event: 'delivered', 'delivery-status': { code: 250, message: 'OK' } },
  soft_bounced: {
    event: 'failed',
    severity: 'permanent',
    reason: 'old',
    'delivery-status': { code: 499, message: 'could not connect' },
  },
  hard_bounced: {
    event: 'failed',
    severity: 'permanent',
    reason: 'generic',
    'delivery-status': { code: 498, message: 'No MX for example.com' },
  },
  invalid: {
    event: 'failed',
    severity: 'permanent',
    reason: 'bounce',
    'delivery-status': { code: 550, message: '5.1.1 no such user' },
  },
  rejected: {
    event: 'failed',
    severity: 'permanent',
    reason: 'suppress-bounce',
    'delivery-status': { code: 605, message: 'Not delivering to previously bounced address' },
  },
  opened: { event: 'opened', 'client-info': { 'user-agent': userAgent, bot: '' } },
  machine_opened: { event: 'opened', 'client-info': { 'user-agent': 'Mozilla/5.0', bot: 'apple' } },
  link_clicked: { event: 'clicked', 'client-info': { 'user-agent': userAgent, bot: '' } },
  marked_spam: { event: 'complained' },
};

/** Postmark does not tell machines from people: there, nobody has opened when a machine has. */
const postmark: Partial<Record<Step, object>> = {
  deferred: { RecordType: 'Bounce', Type: 'Transient', Details: 'smtp;451 4.3.2 try again later' },
  delivered: { RecordType: 'Delivery', Details: '250 OK' },
  soft_bounced: { RecordType: 'Bounce', Type: 'SoftBounce', Details: 'smtp;452 4.2.2 mailbox full' },
  hard_bounced: { RecordType: 'Bounce', Type: 'HardBounce', Details: 'smtp;550 5.1.2 host or domain name not found' },
  invalid: { RecordType: 'Bounce', Type: 'BadEmailAddress', Details: 'smtp;550 5.1.1 no such user' },
  rejected: { RecordType: 'Bounce', Type: 'Blocked', Details: 'smtp;550 5.7.1 refused by policy' },
  opened: { RecordType: 'Open', UserAgent: userAgent },
  link_clicked: { RecordType: 'Click', UserAgent: userAgent },
  marked_spam: { RecordType: 'SpamComplaint', Type: 'SpamComplaint' },
};

const postmarkTimes: Record<string, string> = {
  Delivery: 'DeliveredAt',
  Bounce: 'BouncedAt',
  SpamComplaint: 'BouncedAt',
  Open: 'ReceivedAt',
  Click: 'ReceivedAt',
};

/** The piece of a request that tells of a happening, as the provider would; null where it has no word for it. */
export const pieces = {
  sendgrid({ email, step, at }) {
    const said = sendgrid[step];
    return (
      said && {
        ...said,
        ...(step === 'link_clicked' && { url: payLink(email) }),
        email: email.recipient,
        timestamp: at / 1000,
        sg_event_id: `${email.messageId}-${step}`,
        sg_message_id: `${email.messageId}.recvd-5f9d-1-ABC.0`,
        account_id: email.accountId,
        reference: email.reference,
      }
    );
  },
  mailgun({ email, step, at }) {
    const said = mailgun[step];
    return (
      said && {
        ...said,
        ...(step === 'link_clicked' && { url: payLink(email) }),
        id: `${email.messageId}-${step}`.replace('@', '-'),
        timestamp: at / 1000,
        recipient: email.recipient,
        message: { headers: { 'message-id': email.messageId, subject: email.subject } },
        'user-variables': { account_id: email.accountId, reference: email.reference },
      }
    );
  },
  postmark({ email, step, at }) {
    const said = postmark[step] as { RecordType: string } | undefined;
    if (said === undefined) return undefined;
    const bounce = said.RecordType === 'Bounce' || said.RecordType === 'SpamComplaint';
    return {
      ...said,
      MessageID: email.messageId,
      MessageStream: 'outbound',
      [postmarkTimes[said.RecordType]!]: isoText(at),
      ...(bounce ? { ID: at / 1000, Email: email.recipient, Subject: email.subject } : { Recipient: email.recipient }),
      ...(step === 'link_clicked' && { OriginalLink: payLink(email) }),
      Metadata: { account_id: email.accountId, reference: email.reference },
    };
  },
  app({ email, step, at }) {
    if (step === 'machine_opened') return undefined;
    return {
      type: `email.${step}`,
      timestamp: isoText(at),
      data: {
        provider: email.provider,
        messageId: email.messageId,
        recipient: email.recipient,
        accountId: email.accountId,
        subject: email.subject,
        reference: email.reference,
      },
    };
  },
} as const satisfies Record<DemoProvider, (happening: Happening) => object | undefined>;
