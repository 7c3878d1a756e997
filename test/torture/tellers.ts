/**
 * Lists the meaning of fixtures by hand, and not through the adapters under test. If an adapter reads a fixture in
 * another way, the email ends with a wrong status.
 */

import type { LivingEmail, Step } from '../../infra/tools/simulate/lives.ts';
import { numbered, type Sample, type Told, toldBy } from '../../infra/tools/simulate/samples.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import type { ProviderName } from '../../shared/providers/registry.ts';
import type { Evidence } from '../../shared/status/precedence.ts';
import { fixture } from '../fixtures/fixtures.ts';
import { linkName } from './notes.ts';

/** The stored values that a test expects of an event, without its id and reason. */
export type ExpectedEvent = Pick<
  CanonicalEvent,
  | 'provider'
  | 'messageId'
  | 'recipient'
  | 'status'
  | 'occurredAt'
  | 'evidence'
  | 'providerEvent'
  | 'accountId'
  | 'subject'
  | 'reference'
  | 'relatedEmailId'
>;

/** The provider's name for a step, the time in the fixture in milliseconds after noon, and the evidence. */
interface Says {
  readonly as: string;
  readonly after?: number;
  readonly evidence?: Evidence;
}

interface Teller {
  /** The id of the message in all of its fixtures. */
  readonly messageId: string;
  /** One fixture of a single event for each step, with its meaning. */
  readonly steps: Readonly<Partial<Record<Step, readonly [fixture: string, says: Says]>>>;
}

const app = (status: string) => [`email.${status}`, { as: `app.${status}` }] as const;
const sesAfter = 500;
const postmarkAfter = 123;
const mailgunAfter = 500;

/** Fixtures with clear replies. Other tests cover ambiguous replies. */
export const tellers = {
  sendgrid: {
    messageId: '14c5d75ce93',
    steps: {
      enqueued: ['processed', { as: 'processed' }],
      deferred: ['deferred', { as: 'deferred' }],
      delivered: ['delivered', { as: 'delivered' }],
      soft_bounced: ['bounce.blocked-mailbox', { as: 'bounce' }],
      hard_bounced: ['bounce.no-such-domain', { as: 'bounce' }],
      invalid: ['bounce.invalid-address', { as: 'bounce' }],
      rejected: ['dropped.unsubscribed', { as: 'dropped' }],
      opened: ['open.person', { as: 'open', evidence: 'human' }],
      machine_opened: ['open.machine', { as: 'open', evidence: 'machine' }],
      link_clicked: ['click', { as: 'click' }],
      marked_spam: ['spamreport', { as: 'spamreport' }],
    },
  },
  brevo: {
    messageId: '202601021200.12345670007@smtp-relay.mailin.fr',
    steps: {
      enqueued: ['request', { as: 'request' }],
      deferred: ['deferred', { as: 'deferred' }],
      delivered: ['delivered', { as: 'delivered' }],
      soft_bounced: ['softBounce', { as: 'softBounce' }],
      hard_bounced: ['hardBounce', { as: 'hardBounce' }],
      invalid: ['hard_bounce.unknown-user', { as: 'hard_bounce' }],
      rejected: ['blocked', { as: 'blocked' }],
      opened: ['opened', { as: 'opened' }],
      machine_opened: ['proxyOpen', { as: 'proxyOpen', evidence: 'machine' }],
      link_clicked: ['click', { as: 'click' }],
      marked_spam: ['spam', { as: 'spam' }],
    },
  },
  app: {
    messageId: '14c5d75ce93',
    steps: {
      enqueued: app('enqueued'),
      sent: app('sent'),
      deferred: app('deferred'),
      delivered: app('delivered'),
      soft_bounced: app('soft_bounced'),
      hard_bounced: app('hard_bounced'),
      invalid: app('invalid'),
      rejected: app('rejected'),
      opened: app('opened'),
      machine_opened: ['machine-open', { as: 'app.opened', evidence: 'machine' }],
      link_clicked: app('link_clicked'),
      marked_spam: app('marked_spam'),
    },
  },
  ses: {
    messageId: '0102019b7e3f2a10-5d1c7f0e-3b2a-4c1d-9e8f-000000000007-000000',
    steps: {
      sent: ['Send', { as: 'Send' }],
      deferred: ['DeliveryDelay', { as: 'DeliveryDelay', after: sesAfter }],
      delivered: ['Delivery', { as: 'Delivery', after: sesAfter }],
      soft_bounced: ['Bounce.Transient.MailboxFull', { as: 'Bounce', after: sesAfter }],
      hard_bounced: ['Bounce.Permanent.General', { as: 'Bounce', after: sesAfter }],
      // The old form does not return the sender's values.
      invalid: ['notification.Bounce', { as: 'Bounce', after: sesAfter }],
      rejected: ['Reject', { as: 'Reject' }],
      opened: ['Open', { as: 'Open', after: sesAfter }],
      link_clicked: ['Click', { as: 'Click', after: sesAfter }],
      marked_spam: ['Complaint', { as: 'Complaint', after: sesAfter }],
    },
  },
  mailgun: {
    messageId: '20260102120000.1.ABCDEF@mg.example.com',
    steps: {
      enqueued: ['accepted', { as: 'accepted', after: mailgunAfter }],
      deferred: ['failed.temporary', { as: 'failed', after: mailgunAfter }],
      delivered: ['delivered', { as: 'delivered', after: mailgunAfter }],
      soft_bounced: ['failed.old', { as: 'failed', after: mailgunAfter }],
      hard_bounced: ['failed.no-mx', { as: 'failed', after: mailgunAfter }],
      invalid: ['failed.invalid', { as: 'failed', after: mailgunAfter }],
      rejected: ['rejected', { as: 'rejected', after: mailgunAfter }],
      opened: ['opened.person', { as: 'opened', after: mailgunAfter, evidence: 'human' }],
      machine_opened: ['opened.apple', { as: 'opened', after: mailgunAfter, evidence: 'machine' }],
      link_clicked: ['clicked.person', { as: 'clicked', after: mailgunAfter, evidence: 'human' }],
      marked_spam: ['complained', { as: 'complained', after: mailgunAfter }],
    },
  },
  postmark: {
    messageId: '00000000-0000-4000-8000-000000000001',
    steps: {
      deferred: ['Bounce.Transient', { as: 'Bounce', after: postmarkAfter }],
      delivered: ['Delivery', { as: 'Delivery' }],
      soft_bounced: ['Bounce.SoftBounce', { as: 'Bounce', after: postmarkAfter }],
      hard_bounced: ['Bounce.huge-id', { as: 'Bounce', after: postmarkAfter }],
      invalid: ['Bounce.HardBounce.unknown-user', { as: 'Bounce', after: postmarkAfter }],
      rejected: ['Bounce.Blocked', { as: 'Bounce', after: postmarkAfter }],
      opened: ['Open', { as: 'Open', after: postmarkAfter }],
      link_clicked: ['Click', { as: 'Click' }],
      marked_spam: ['SpamComplaint', { as: 'SpamComplaint' }],
    },
  },
} as const satisfies Partial<Record<ProviderName, Teller>>;

export type TellerName = keyof typeof tellers;

/** An email of one of these senders. */
export interface ToldEmail extends LivingEmail {
  readonly provider: TellerName;
}

/** The sample of one report, and the stored values that it must lead to, in the adapter's order. */
export interface Tale {
  readonly teller: TellerName;
  readonly said: Told;
  readonly expected: readonly ExpectedEvent[];
}

interface Known {
  readonly sample: Sample;
  readonly says: Says;
  /** Which of the sender's values the fixture has. */
  readonly names: Readonly<Record<'accountId' | 'subject' | 'reference', boolean>>;
}

const known = new Map<string, Known>();

function knownOf(teller: TellerName, step: Step): Known | undefined {
  const key = `${teller} ${step}`;
  const found = known.get(key);
  const { messageId, steps }: Teller = tellers[teller];
  const row = steps[step];
  if (found !== undefined || row === undefined) return found;
  const [name, says] = row;
  const text = fixture(teller, name).toString();
  // A link may contain the reference without reporting it.
  const own = text.replaceAll(/https?:[^"]*/g, '');
  const names = {
    accountId: own.includes('acme'),
    subject: own.includes('Invoice 7'),
    reference: own.includes('INV-7'),
  };
  const made = { sample: { name, type: 'json' as const, messageId }, says, names };
  known.set(key, made);
  return made;
}

/**
 * Returns a provider's sample for a step in an email's life, or undefined if the provider has no such event.
 *
 * @param teller the email's provider, or `app`
 * @param at the time in epoch milliseconds, in whole seconds
 */
export function taleOf(teller: TellerName, email: ToldEmail, step: Step, at: number): Tale | undefined {
  const told = knownOf(teller, step);
  if (told === undefined) return undefined;
  const { sample, says, names } = told;
  const { provider, recipient, accountId, subject, reference } = email;
  const messageId = numbered(tellers[provider].messageId, email.number);
  return {
    teller,
    said: toldBy(teller, sample, { email, messageId, step, at }),
    expected: [
      {
        provider,
        messageId,
        recipient,
        status: step === 'machine_opened' ? 'opened' : step,
        occurredAt: at + (says.after ?? 0),
        evidence: says.evidence ?? 'unknown',
        providerEvent: says.as,
        ...(names.accountId && { accountId }),
        ...(names.subject && { subject }),
        ...(names.reference && { reference }),
      },
    ],
  };
}

/** A message to one recipient, as a registration names it. */
export type Message = Pick<ExpectedEvent, 'provider' | 'messageId' | 'recipient'>;

/** The message of an email. */
export function messageOf({ provider, number, recipient }: ToldEmail): Message {
  return { provider, messageId: numbered(tellers[provider].messageId, number), recipient };
}

/** Adds to a registration by the application that its email sends another one again. */
export function asResend({ teller, said, expected }: Tale, predecessor: Message, by: 'message' | 'id'): Tale {
  const [registration] = expected as [ExpectedEvent];
  const { provider, messageId, recipient, occurredAt, accountId } = registration;
  const predecessorId = emailIdOf(predecessor);
  const report = JSON.parse(said.body.toString());
  report.data.resendOf = by === 'id' ? predecessorId : predecessor;
  const common = { status: null, occurredAt, evidence: 'unknown' as const, accountId };
  const resend = { ...common, provider, messageId, recipient, providerEvent: linkName.resend };
  const resent = { ...common, ...predecessor, providerEvent: linkName.resent };
  return {
    teller,
    said: { ...said, body: Buffer.from(JSON.stringify(report)) },
    expected: [
      registration,
      { ...resend, relatedEmailId: predecessorId },
      ...(by === 'message' ? [{ ...resent, relatedEmailId: emailIdOf(registration) }] : []),
    ],
  };
}
