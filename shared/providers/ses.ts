import * as z from 'zod/mini';
import { addressOf } from '../email/address.ts';
import { ownValue } from '../runtime/own-property.ts';
import { firstTime } from '../runtime/time.ts';
import type { Status } from '../status/catalogue.ts';
import { type Cause, type Failure, failureBy } from '../status/causes.ts';
import type { Evidence } from '../status/precedence.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { exactJson } from './parsing/exact-json.ts';
import { withoutBrackets } from './parsing/message-id.ts';
import { idsAmong } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext, unrelated, wholeBody } from './parsing/pieces.ts';
import { object, text, textOrNone } from './parsing/schemas.ts';
import { sesBounce } from './parsing/ses-bounce.ts';
import { causeIn } from './parsing/signals.ts';
import { enhancedCodeAmong } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, HttpGet, Provider, ProviderRequest } from './provider.ts';
import { snsEndpointOf, snsEnvelopeIn, verifySns } from './signatures/sns.ts';
import { genuine } from './signatures/verification.ts';

const time = object({ timestamp: text });

/** A recipient for whom something failed. */
const failedRecipient = object({ emailAddress: z.string(), status: text, diagnosticCode: text });

/**
 * An event as a configuration set publishes it (`eventType`), and the older notifications of an identity (`notificationType`).
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
const sesEvent = object({
  eventType: text,
  notificationType: text,
  mail: object({
    messageId: z.string(),
    timestamp: text,
    destination: z.nullish(z.array(z.string())),
    tags: z.nullish(z.record(z.string(), z.unknown())),
    commonHeaders: z.nullish(object({ subject: text })),
  }),
  bounce: z.nullish(
    z.extend(time, { bounceType: text, bounceSubType: text, bouncedRecipients: z.nullish(z.array(failedRecipient)) }),
  ),
  complaint: z.nullish(
    z.extend(time, {
      complaintSubType: text,
      complaintFeedbackType: text,
      userAgent: text,
      complainedRecipients: z.nullish(z.array(object({ emailAddress: z.string() }))),
    }),
  ),
  delivery: z.nullish(z.extend(time, { smtpResponse: text, recipients: z.nullish(z.array(z.string())) })),
  deliveryDelay: z.nullish(z.extend(time, { delayType: text, delayedRecipients: z.nullish(z.array(failedRecipient)) })),
  open: z.nullish(z.extend(time, { userAgent: text, isBotEvent: textOrNone })),
  click: z.nullish(z.extend(time, { userAgent: text, link: text, isBotEvent: textOrNone })),
  subscription: z.nullish(time),
  reject: z.nullish(object({ reason: text })),
  failure: z.nullish(object({ errorMessage: text, templateName: text })),
});

type SesEvent = z.infer<typeof sesEvent>;

/** An SES event with the id and time of its envelope. */
const delivered = object({ id: text, at: text, event: sesEvent });

type Delivered = z.infer<typeof delivered>;

/** One recipient of an event, with the reply of that recipient's server after a failure. */
export interface Concerned {
  readonly event: SesEvent;
  readonly address: string;
  readonly status?: string | null | undefined;
  readonly diagnosticCode?: string | null | undefined;
}

const replyOf = ({ status, diagnosticCode }: Concerned) => ({
  enhancedCode: enhancedCodeAmong(status, diagnosticCode),
  text: diagnosticCode,
});

function bounced(concerned: Concerned): Failure {
  const { bounce } = concerned.event;
  return sesBounce(bounce?.bounceType ?? '', bounce?.bounceSubType ?? '', replyOf(concerned));
}

/** The values of `delayType` that name a cause. */
const delayTypes = {
  MailboxFull: 'mailbox_full',
  SpamDetected: 'blocked',
  RecipientServerError: 'system',
  IPFailure: 'blocked',
  TransientCommunicationFailure: 'network',
  BYOIPHostNameLookupUnavailable: 'reverse_dns',
} as const satisfies Record<string, Cause>;

function delayed(concerned: Concerned): Cause | null {
  const { deliveryDelay } = concerned.event;
  return causeIn(replyOf(concerned), ownValue<Cause>(delayTypes, deliveryDelay?.delayType));
}

const suppressionLists: readonly unknown[] = ['OnAccountSuppressionList', 'OnTenantSuppressionList'];

function complained({ event: { complaint } }: Concerned): Failure | Status | null {
  // Nobody complained. SES did not send the email, because the recipient had complained before.
  if (suppressionLists.includes(complaint?.complaintSubType)) return failureBy('suppressed', 'rejected');
  return complaint?.complaintFeedbackType === 'not-spam' ? null : 'marked_spam';
}

const events = {
  Send: { statuses: ['sent'] },
  DeliveryDelay: { statuses: ['deferred'], causeOf: delayed },
  Delivery: { statuses: ['delivered'] },
  Bounce: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: "suppression by bounceSubType; the recipient's status and diagnosticCode (code and words), then bounceSubType and bounceType",
    decide: bounced,
  },
  Complaint: {
    statuses: ['marked_spam', 'rejected', null],
    by: 'Rejected for a complaintSubType OnAccountSuppressionList or OnTenantSuppressionList; a note for a complaintFeedbackType not-spam',
    decide: complained,
  },
  // Its only reason is "Bad content": a virus.
  Reject: { statuses: ['rejected'], cause: 'virus' },
  'Rendering Failure': { statuses: ['rejected'] },
  Open: { statuses: ['opened'] },
  Click: { statuses: ['link_clicked'] },
  Subscription: { statuses: [null] },
} as const satisfies Record<string, EventMeaning<Concerned>>;

/** EventBridge's names of the same. https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html */
const detailTypes: Readonly<Record<string, keyof typeof events>> = {
  'Email Sent': 'Send',
  'Email Delivery Delayed': 'DeliveryDelay',
  'Email Delivered': 'Delivery',
  'Email Bounced': 'Bounce',
  'Email Complaint Received': 'Complaint',
  'Email Rejected': 'Reject',
  'Email Rendering Failed': 'Rendering Failure',
  'Email Opened': 'Open',
  'Email Clicked': 'Click',
  'Email Subscribed': 'Subscription',
};

/** An SES event out of its envelope; null for a message about no email. */
const wrapped = z.pipe(
  z.transform((body: unknown) => unwrapped(body)),
  z.nullable(delivered),
);

const parseJson = jsonParser('ses', wrapped, read);

/** Amazon SES: through SNS in its envelope over HTTPS or SQS, raw over SQS, or through EventBridge. */
export const ses = {
  name: 'ses',
  authentication: 'RSA signature of Amazon SNS (versions 1 and 2), and an allow-list of topics',
  secret: 'the ARN of a topic to believe',
  secretKind: 'sns-topic',
  events,
  batched: false,
  // To SNS every 4xx is a receipt: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
  retryStatus: 503,
  messageIdOf,
  handshake: confirmSubscription,
  verify: verifySns,
  parse(request, context) {
    // Somebody ended the subscription: a person has to see it and subscribe again.
    if (snsEnvelopeIn(request.body)?.Type === 'UnsubscribeConfirmation') return wholeBody('confirm_by_hand');
    return parseJson(request, context);
  },
} as const satisfies Provider;

/** Confirms the subscription of one of our topics by an API call. The SubscribeURL in the message is never called. */
async function confirmSubscription(request: ProviderRequest, topics: readonly string[], get: HttpGet) {
  const envelope = snsEnvelopeIn(request.body);
  if (envelope?.Type !== 'SubscriptionConfirmation') return null;
  if ((await verifySns(request, topics, get)) !== genuine) return null;
  const parameters = new URLSearchParams({
    Action: 'ConfirmSubscription',
    Version: '2010-03-31',
    TopicArn: envelope.TopicArn,
    Token: envelope.Token ?? '',
  });
  const confirmed = await get(`${snsEndpointOf(envelope.TopicArn)}/?${parameters}`);
  if (confirmed === null) throw new Error('the confirmation was refused');
  return { statusCode: 200 } as const;
}

/**
 * SES builds the header Message-ID from its id: `<0102-abc@eu-west-1.amazonses.com>`, or
 * `<0100-abc@email.amazonses.com>` in us-east-1.
 */
function messageIdOf(messageId: string): string {
  return withoutBrackets(messageId).replace(/@(?:[\w-]{1,40}\.)?amazonses\.com$/i, '');
}

/** SES publishes this text when somebody sets event publishing up. */
const topicTest = /^Successfully validated SNS topic/;

function unwrapped(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return undefined;
  const { Type, MessageId, Message, Timestamp, source, id, time, detail, ...raw } = body as Record<string, unknown>;
  if (Type === 'Notification' && typeof Message === 'string') {
    if (topicTest.test(Message)) return null;
    const inner = unwrapped(exactJson(Message));
    return typeof inner === 'object' && inner !== null ? { ...inner, id: MessageId, at: Timestamp } : inner;
  }
  if (source === 'aws.ses' && typeof detail === 'object') {
    const type = raw['detail-type'];
    const eventType = typeof type === 'string' ? ownValue(detailTypes, type) : undefined;
    return { id, at: time, event: { eventType, ...detail } };
  }
  // It comes when somebody chooses a topic for notifications.
  if (raw.notificationType === 'AmazonSnsSubscriptionSucceeded') return null;
  return { event: body };
}

/** The prefix of the tags that SES adds to the sender's. */
const ownPrefix = 'ses:';

/** The tenant for whom SES sent the message. */
const tenantName = `${ownPrefix}tenant-name`;

function read(delivered: Delivered | null, { metadata }: PieceContext): ParsedPiece {
  if (delivered === null) return unrelated;
  const { id, at, event } = delivered;
  const name = event.eventType ?? event.notificationType ?? '';
  const { mail, bounce, complaint, delivery, deliveryDelay, open, click, subscription, reject, failure } = event;
  const own = bounce ?? complaint ?? delivery ?? deliveryDelay ?? open ?? click ?? subscription;
  // `mail.timestamp` is the time of sending, so it is the last choice.
  const occurredAt = firstTime(own?.timestamp, at, mail.timestamp);
  const given = Object.entries(mail.tags ?? {}).flatMap(([name, values]) =>
    [values].flat().map(value => [name, value] as const),
  );
  const { accountId, reference } = idsAmong(given, metadata);
  const namesAccount = given.some(([name]) => name === metadata.accountId);
  const tags = tagsIn(
    given.map(([name, value]) => (name.startsWith(ownPrefix) ? null : { name, value })),
    metadata,
  );
  const seen = open ?? click;
  const evidence = seen && ownValue<Evidence>(doneBy, seen.isBotEvent);
  const concerned = recipientsOf(event);
  if (concerned.length === 0) return draftsFor<Concerned>(events, name, { event, address: '' }, () => []);
  const read = concerned.map(recipient =>
    draftsFor<Concerned>(events, name, recipient, status => [
      {
        accountId: namesAccount ? accountId : idsAmong(given, { ...metadata, accountId: tenantName }).accountId,
        reference,
        messageId: messageIdOf(mail.messageId),
        recipient: recipient.address,
        status: recipient.attribution === 'ambiguous' ? null : status,
        occurredAt,
        providerEvent: name,
        eventId: id,
        evidence,
        attribution: recipient.attribution,
        subject: mail.commonHeaders?.subject,
        reason: {
          code:
            [bounce?.bounceType, bounce?.bounceSubType].filter(part => part).join('/') ||
            (complaint?.complaintSubType ?? complaint?.complaintFeedbackType ?? deliveryDelay?.delayType),
          enhancedCode: enhancedCodeAmong(recipient.status, recipient.diagnosticCode),
          text: recipient.diagnosticCode ?? delivery?.smtpResponse ?? reject?.reason ?? failure?.errorMessage,
        },
        clickUrl: click?.link,
        userAgent: (open ?? click ?? complaint)?.userAgent,
        tags,
      },
    ]),
  );
  return (
    read.find(outcome => typeof outcome === 'string') ??
    read.flatMap(outcome => (Array.isArray(outcome) ? outcome : []))
  );
}

/** The values of `isBotEvent`, since August 2026. Both are strings, so neither is false. */
const doneBy = { Likely: 'machine', Unlikely: 'human' } as const satisfies Record<string, Evidence>;

/** The recipients of an event, each with a mark if the event does not surely concern it. */
function recipientsOf(
  event: SesEvent,
): (Concerned & { readonly attribution?: 'ambiguous' | 'not_addressed' | undefined })[] {
  const { mail, bounce, complaint, delivery, deliveryDelay, open, click } = event;
  const destination = mail.destination ?? [];
  const listed = new Set(destination.map(addressOf));
  const failed = bounce?.bouncedRecipients ?? deliveryDelay?.delayedRecipients;
  const named =
    failed ?? complaint?.complainedRecipients ?? delivery?.recipients?.map(emailAddress => ({ emailAddress }));
  if (named !== undefined && named !== null) {
    // If a complaint lists several recipients, SES guesses: it lists everybody at the complaining host.
    const guessed = complaint && named.length > 1 && !suppressionLists.includes(complaint.complaintSubType);
    return named.map(({ emailAddress, ...reply }) => ({
      event,
      address: emailAddress,
      ...reply,
      attribution: guessed
        ? 'ambiguous'
        : listed.size > 0 && !listed.has(addressOf(emailAddress))
          ? 'not_addressed'
          : undefined,
    }));
  }
  // An open or click of a message to several people concerns one of them. Any other event concerns all.
  const unnamed = (open || click) && destination.length > 1;
  return destination.map(address => ({ event, address, attribution: unnamed ? 'ambiguous' : undefined }));
}

export const guide: Guide = {
  setUp: [
    'In the account and region of the stack: SES → Configuration sets → your set → Event destinations → Add destination.',
    'Choose all event types, and the topic in the output `SesTopicArn`. Send with this configuration set.',
    'That is all. A queue subscribes to the topic, nothing of it is public, and SNS tries for 23 days to deliver an event.',
    'You have a topic already: deploy with `-c sesTopicArn=arn:aws:sns:...`, and the queue subscribes to it. Mailtrail believes whoever may publish there. A topic of another account must allow the deploying account to subscribe (`sns:Subscribe`).',
    'The topic is elsewhere: put its ARN into the webhook secrets, `"ses": ["arn:aws:sns:eu-west-1:123456789012:mail-events"]`. Then SNS → the topic → Create subscription: protocol HTTPS, endpoint `{url}`, raw message delivery off. Mailtrail confirms the subscription by itself.',
  ],
  attach:
    'Set `EmailTags: [{ Name: "account_id", Value: "acme" }, { Name: "reference", Value: "INV-7" }]` (API v2), or the header `X-SES-MESSAGE-TAGS: account_id=acme, reference=INV-7`. Tags take letters, digits, hyphen and underscore only. Identity notifications do not return them. An event without an account belongs to the tenant for whom SES sent the message.',
  register: 'the `MessageId` that the send call returns, or the header `Message-ID` (`<...@eu-west-1.amazonses.com>`)',
  subject: 'always',
  retries:
    'From the queue, Mailtrail tries an event every minute for about eight hours. Then the event waits for a replay in a dead-letter queue, 14 days in all. Over HTTPS, SNS tries four times within a minute, or for an hour with a delivery policy. Then it drops the message, unless the subscription has a dead-letter queue: set both. To SNS every 4xx is a receipt, so we answer 503.',
  refusedCalls: 'lost',
  machines: '`isBotEvent` on an open or a click is `Likely` or `Unlikely`: a guess of SES, since August 2026.',
  notes: [
    'A message to several people is several emails. Opens and clicks do not say which of them they concern: they are a note on each. So are complaints that list several, which is a guess of SES.',
    'A bounce of an address that the message was not sent to (forwarding) is kept under that address and marked.',
    '"Send" says that SES took the email and will try: Sent.',
    'Event publishing and identity notifications together report everything twice: two lines in the timeline, one status.',
    'Identity notifications bring the subject only if you include the original headers.',
    'If somebody unsubscribes a topic, the notice is quarantined.',
  ],
};
