import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { isoMillis } from '../runtime/time.ts';
import type { Status } from '../status/catalogue.ts';
import { type Failure, failureBy } from '../status/causes.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { idsAmong } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { numberOrText, object, text } from './parsing/schemas.ts';
import { causeIn, failureOf, type Label } from './parsing/signals.ts';
import { enhancedCodeAmong } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, MetadataNames, Provider } from './provider.ts';
import { verifyBasicAuth } from './signatures/basic-auth.ts';

/** https://postmarkapp.com/developer/webhooks/webhooks-overview */
const postmarkEvent = object({
  RecordType: z.string(),
  MessageID: text,
  // A 64-bit number.
  ID: numberOrText,
  Type: text,
  // The kind of record decides which of these members hold the recipient and the time.
  Recipient: text,
  Email: text,
  DeliveredAt: text,
  BouncedAt: text,
  ReceivedAt: text,
  ChangedAt: text,
  Details: text,
  Description: text,
  Subject: text,
  OriginalLink: text,
  UserAgent: text,
  Tag: text,
  Metadata: z.nullish(z.record(z.string(), z.unknown())),
});

type PostmarkEvent = z.infer<typeof postmarkEvent>;

/**
 * Labels by the text `Type`, because the vendor's pages disagree about the numbers in `TypeCode`. null changes no
 * status.
 * https://postmarkapp.com/developer/api/bounce-api#bounce-types
 */
const bounceTypes = {
  HardBounce: 'hard_bounced',
  BadEmailAddress: 'unknown_user',
  SoftBounce: 'soft_bounced',
  Transient: 'deferred',
  DnsError: 'deferred',
  Unknown: 'soft_bounced',
  Blocked: 'blocked',
  DMARCPolicy: 'authentication_failed',
  // Postmark's own decisions: it did not try, whatever reply it repeats.
  ManuallyDeactivated: 'suppressed',
  Unconfirmed: 'rejected',
  SMTPApiError: 'rejected',
  TemplateRenderingFailed: 'rejected',
  VirusNotification: 'virus',
  // A receiving server judged it to be spam. No person complained.
  SpamNotification: 'spam_content',
  AutoResponder: null,
  AddressChange: null,
  ChallengeVerification: null,
  OpenRelayTest: null,
  Subscribe: null,
  Unsubscribe: null,
  InboundError: null,
} as const satisfies Record<string, Label | 'deferred' | null>;

function labelOf({ Type }: PostmarkEvent): Label | 'deferred' | null {
  return ownValue<Label | 'deferred' | null>(bounceTypes, Type) ?? null;
}

function bounce(event: PostmarkEvent): Status | Failure | null {
  const label = labelOf(event);
  if (label === null || label === 'rejected') return label;
  if (label === 'suppressed') return failureBy(label, 'rejected');
  const reply = replyOf(event);
  if (label !== 'deferred') return failureOf(reply, label);
  // Postmark is still trying: only a permanent code says otherwise.
  return reply.enhancedCode?.startsWith('5.') ? failureOf(reply, 'hard_bounced') : label;
}

const events = {
  Delivery: { statuses: ['delivered'] },
  Open: { statuses: ['opened'] },
  Click: { statuses: ['link_clicked'] },
  SpamComplaint: { statuses: ['marked_spam'] },
  Bounce: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected', 'deferred', null],
    by: "the server's reply in Details (code and words), then Type; Type alone where Postmark did not try",
    decide: bounce,
    causeOf: event => (labelOf(event) === 'deferred' ? causeIn(replyOf(event)) : null),
  },
  // The bounce or complaint that caused it comes separately.
  SubscriptionChange: { statuses: [null] },
} as const satisfies Record<string, EventMeaning<PostmarkEvent>>;

/** Postmark (ActiveCampaign): one event a call, nothing signed. */
export const postmark = {
  name: 'postmark',
  authentication: 'HTTP basic authentication; nothing is signed',
  secret: '`user:password`, as set for the webhook',
  secretKind: 'basic-auth',
  events,
  batched: false,
  verify: verifyBasicAuth,
  parse: jsonParser('postmark', postmarkEvent, read),
} as const satisfies Provider;

function read(event: PostmarkEvent, { metadata }: PieceContext): ParsedPiece {
  if (event.RecordType === 'Bounce' && !Object.hasOwn(bounceTypes, event.Type ?? '')) return 'unknown_event';
  return draftsFor<PostmarkEvent>(events, event.RecordType, event, status => [
    {
      ...idsInAnyCase(event.Metadata, metadata),
      messageId: event.MessageID,
      recipient: event.Recipient ?? event.Email,
      status,
      occurredAt: isoMillis(event.DeliveredAt ?? event.BouncedAt ?? event.ReceivedAt ?? event.ChangedAt),
      providerEvent: event.RecordType,
      eventId: event.ID ? `${event.RecordType}-${event.ID}` : null,
      subject: event.Subject,
      reason: {
        code: event.Type,
        enhancedCode: event.RecordType === 'Bounce' ? replyOf(event).enhancedCode : null,
        text: event.Details || event.Description,
      },
      clickUrl: event.OriginalLink,
      userAgent: event.UserAgent,
      tags: tagsIn(event.Tag, metadata),
    },
  ]);
}

function replyOf({ Details, Description }: PostmarkEvent) {
  // The description is Postmark's own, the same for every bounce of a type. Its words are no server's.
  return { enhancedCode: enhancedCodeAmong(Details, Description), text: Details };
}

/** The two ids in the metadata. Postmark has changed the letter case of keys. */
function idsInAnyCase(data: PostmarkEvent['Metadata'], { accountId, reference }: MetadataNames) {
  const values = Object.entries(data ?? {}).map(([key, value]) => [key.toLowerCase(), value] as const);
  return idsAmong(values, { accountId: accountId.toLowerCase(), reference: reference.toLowerCase() });
}

export const guide: Guide = {
  setUp: [
    'Servers → your server → the message stream → Webhooks → Add webhook: URL `{url}`.',
    'Enter the user and password of the secret under "Basic auth credentials".',
    'Switch on Open ("post only on first open" off), Click, Delivery, Bounce and Spam Complaint.',
  ],
  attach:
    'Set `"Metadata": { "account_id": "acme", "reference": "INV-7" }`, or the headers `X-PM-Metadata-account_id` and `X-PM-Metadata-reference`.',
  register: 'the `MessageID` that the send call returns',
  subject: 'on bounces and complaints',
  retries:
    'Postmark tries ten more times within about 10.5 hours. The gaps are 1, 5, 10, 10, 10, 15 and 30 minutes, then 1, 2 and 6 hours.',
  refusedCalls: 'sent again',
  machines: null,
  notes: ['Postmark has no event for queued or sent. Register the email to see it before it is delivered.'],
};
