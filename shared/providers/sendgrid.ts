import { createVerify, type KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { epochMillis } from '../runtime/time.ts';
import type { Status } from '../status/catalogue.ts';
import { type Cause, type Failure, failureBy } from '../status/causes.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { evidenceOf } from './parsing/evidence.ts';
import { attachedIds } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, object, textOrNone } from './parsing/schemas.ts';
import { causeIn, failureOf, type Label } from './parsing/signals.ts';
import { enhancedCodeAmong } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { strictBase64 } from './signatures/encodings.ts';
import { publicKey } from './signatures/public-keys.ts';
import { hour, timeliness } from './signatures/timestamps.ts';
import { genuine, usable } from './signatures/verification.ts';

/** https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event */
const sendgridEvent = object({
  event: z.string(),
  timestamp: z.union([z.number(), z.string()]),
  // Asynchronous bounces come without a message id, and some without an address.
  email: z.nullish(z.string()),
  sg_event_id: z.nullish(z.string()),
  sg_message_id: z.nullish(z.string()),
  // Custom arguments stand among these members. So a number may be the sender's, where SendGrid has no such member.
  type: textOrNone,
  bounce_classification: textOrNone,
  status: textOrNone,
  reason: textOrNone,
  response: textOrNone,
  url: textOrNone,
  useragent: textOrNone,
  sg_machine_open: z.nullish(z.boolean()),
  category: anything,
});

type SendGridEvent = z.infer<typeof sendgridEvent>;

/** The values of `bounce_classification` that name a cause, in lower case. */
const classifications = {
  'invalid address': 'unknown_user',
  content: 'spam_content',
  reputation: 'blocked',
  'frequency or volume too high': 'rate_limited',
} as const satisfies Record<string, Cause>;

/** The values of `type`. */
const bounceTypes = {
  bounce: 'hard_bounced',
  blocked: 'soft_bounced',
  // SendGrid gave up after 72 hours of retries.
  expired: 'expired',
} as const satisfies Record<string, Label>;

function bounce(event: SendGridEvent): Failure {
  const classification = ownValue<Label>(classifications, event.bounce_classification?.toLowerCase() ?? '');
  const label = classification ?? ownValue<Label>(bounceTypes, event.type) ?? 'hard_bounced';
  return failureOf(replyOf(event), label);
}

/** The reasons for which SendGrid does not try, in lower case, with their causes. */
const dropReasons = {
  invalid: 'unknown_user',
  'unsubscribed address': 'suppressed',
  'bounced address': 'suppressed',
  'spam reporting address': 'suppressed',
  'spam content': 'spam_content',
} as const satisfies Record<string, Cause>;

function dropped({ reason }: SendGridEvent): Failure | Status {
  const cause = ownValue<Cause>(dropReasons, reason?.trim().toLowerCase() ?? '');
  return cause === undefined ? 'rejected' : failureBy(cause, 'rejected');
}

const events = {
  processed: { statuses: ['enqueued'] },
  deferred: { statuses: ['deferred'], causeOf: event => causeIn(replyOf(event)) },
  delivered: { statuses: ['delivered'] },
  // "blocked" is no event of its own: it is a `type` of bounce.
  bounce: {
    statuses: ['hard_bounced', 'invalid', 'rejected', 'soft_bounced'],
    by: "the server's reply (status and reason, code and words), then bounce_classification, then type",
    decide: bounce,
  },
  dropped: {
    statuses: ['rejected', 'invalid'],
    by: 'invalid where the reason is Invalid',
    decide: dropped,
  },
  open: { statuses: ['opened'] },
  click: { statuses: ['link_clicked'] },
  spamreport: { statuses: ['marked_spam'] },
  unsubscribe: { statuses: [null] },
  group_unsubscribe: { statuses: [null] },
  group_resubscribe: { statuses: [null] },
} as const satisfies Record<string, EventMeaning<SendGridEvent>>;

/** Twilio SendGrid: the signed event webhook, batches of flat events. */
export const sendgrid = {
  name: 'sendgrid',
  authentication: 'ECDSA P-256 signature over timestamp and body',
  secret: "the event webhook's verification key: base64 of the public key",
  secretKind: 'ec-p256',
  events,
  batched: true,
  messageIdOf,

  // https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
  verify({ headers, body, receivedAt }, secrets) {
    const keys = usable(secrets).flatMap(secret => p256Key(secret) ?? []);
    if (keys.length === 0) return 'no_secret_configured';
    const signature = headers['x-twilio-email-event-webhook-signature']?.trim();
    const timestamp = headers['x-twilio-email-event-webhook-timestamp']?.trim();
    if (!signature || !timestamp) return 'missing_signature';
    const bytes = signature.length > 200 ? null : strictBase64(signature);
    if (bytes === null) return 'malformed_signature';
    // SendGrid retries for 24 hours, perhaps with the first try's timestamp.
    const untimely = timeliness(timestamp, receivedAt, 25 * hour);
    if (untimely !== null) return untimely;
    const isGenuine = keys.some(key => createVerify('sha256').update(timestamp).update(body).verify(key, bytes));
    return isGenuine ? genuine : 'wrong_signature';
  },

  parse: jsonParser('sendgrid', sendgridEvent, read, { batched: true }),
} as const satisfies Provider;

function read(event: SendGridEvent, { metadata }: PieceContext, raw: unknown): ParsedPiece {
  const failed = event.event === 'bounce' || event.event === 'dropped' || event.event === 'deferred';
  return draftsFor<SendGridEvent>(events, event.event, event, status => [
    {
      // Custom arguments stand among SendGrid's own members.
      ...attachedIds(raw as Record<string, unknown>, metadata),
      messageId: messageIdOf(event.sg_message_id ?? ''),
      recipient: event.email,
      status,
      occurredAt: epochMillis(Number(event.timestamp)),
      providerEvent: event.event,
      eventId: event.sg_event_id,
      // Only Apple Mail's privacy protection is marked. Clicks of scanners look like those of people.
      evidence: event.event === 'open' ? evidenceOf(event.sg_machine_open) : null,
      reason: failed
        ? {
            code: [event.type, event.bounce_classification].filter(part => part).join(': '),
            enhancedCode: replyOf(event).enhancedCode,
            text: event.reason ?? event.response,
          }
        : { text: event.response },
      clickUrl: event.event === 'click' ? event.url : null,
      userAgent: event.useragent,
      tags: tagsIn(event.category, metadata),
    },
  ]);
}

function replyOf({ status, reason, response }: SendGridEvent) {
  const text = reason ?? response;
  return { enhancedCode: enhancedCodeAmong(status, text), text };
}

/**
 * SendGrid adds this to the send call's X-Message-Id, different for each recipient. Until January 2024 it was
 * `.filter`.
 */
const marker = /\.(?:filter|recvd)/;

/** An older X-Message-Id has dots of its own: `14c5d75ce93.dfd.64b469`. */
const olderId = /^[0-9a-f]+\.[0-9a-f]+\.[0-9a-f]+(?=\.|$)/;

/** The send call's X-Message-Id in an id. It ends at the marker, or at the first dot of an unknown addition. */
function messageIdOf(messageId: string): string {
  const id = messageId.trim();
  if (marker.test(id)) return id.split(marker, 1)[0]!;
  return olderId.exec(id)?.[0] ?? id.split('.', 1)[0]!;
}

/** The P-256 public key in a secret, with or without PEM armour; null where there is none. */
function p256Key(secret: string): KeyObject | null {
  const key = publicKey(secret);
  return key?.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : null;
}

export const guide: Guide = {
  setUp: [
    'Settings → Mail Settings → Event Webhooks → Create new webhook: Post URL `{url}`.',
    'Actions to be posted: every delivery event and every engagement event.',
    'Switch on "Signed Event Webhook" and save. Then open the webhook again and copy its verification key.',
  ],
  attach:
    'Set `"custom_args": { "account_id": "acme", "reference": "INV-7" }` (v3 API), or the same in `unique_args` (SMTP API).',
  register: 'the response header `X-Message-Id` of the send call',
  subject: 'never',
  retries: 'SendGrid retries after every answer but 2xx, with growing gaps, for 24 hours after the event.',
  refusedCalls: 'sent again',
  machines:
    '`sg_machine_open` on an open says that Apple Mail fetched it ahead. Clicks of scanners look like those of people.',
  notes: [
    'The test button sends made-up events. They become emails of no account, and support is alerted to their bounces and complaints.',
    'An asynchronous bounce may come without a message id. With an address and an event id it becomes an email of its own, which says that its message is not known. Without one of them it is quarantined.',
    'SendGrid asks for no personal data in `custom_args`: it keeps them and cannot erase them.',
  ],
};
