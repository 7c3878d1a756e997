import { createVerify, type KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import { lookUp } from '../look-up.ts';
import { epochMillis } from '../time.ts';
import { hour, publicKey, strictBase64, timeliness, usable } from './authentication.ts';
import type { EventMeaning, Guide, Provider, ReadingContext } from './provider.ts';
import { attachedIds, interpreted, type PieceReading, readJson } from './reading.ts';
import { object } from './shape.ts';
import { enhancedCodeAmong, type FailureStatus, hardBounce, labelledFailure } from './smtp-reply.ts';

/** Custom arguments lie among SendGrid's own fields: where it has none of the name, a number may be the sender's. */
const ownText = z.catch(z.nullish(z.string()), undefined);

/** https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event */
const sendgridEvent = object({
  event: z.string(),
  timestamp: z.union([z.number(), z.string()]),
  // Asynchronous bounces come without an address and without a message id.
  email: z.nullish(z.string()),
  sg_event_id: z.nullish(z.string()),
  sg_message_id: z.nullish(z.string()),
  type: ownText,
  bounce_classification: ownText,
  status: ownText,
  reason: ownText,
  response: ownText,
  url: ownText,
  useragent: ownText,
  sg_machine_open: z.nullish(z.boolean()),
});

type SendGridEvent = z.infer<typeof sendgridEvent>;

const blockedByClassification: Record<string, FailureStatus> = {
  'invalid address': 'invalid',
  content: 'rejected',
  reputation: 'rejected',
  'mailbox unavailable': 'soft_bounced',
  'frequency or volume too high': 'soft_bounced',
  'technical failure': 'soft_bounced',
  technical: 'soft_bounced',
};

function bounce(event: SendGridEvent): FailureStatus {
  const reply = replyOf(event);
  const classification = event.bounce_classification?.toLowerCase() ?? '';
  const label = classification === 'invalid address' ? 'invalid' : null;
  if (event.type === 'expired') {
    // 72 hours of retries are used up: but for an address that does not exist, the last reply says why it was put off.
    return reply.enhancedCode === '5.1.1' ? 'invalid' : (label ?? 'soft_bounced');
  }
  if (event.type === 'blocked') {
    return labelledFailure(reply, lookUp(blockedByClassification, classification) ?? null) ?? 'soft_bounced';
  }
  if (label === null && event.type === 'bounce') return hardBounce(reply);
  return labelledFailure(reply, label) ?? 'hard_bounced';
}

const events = {
  processed: { statuses: ['enqueued'] },
  deferred: { statuses: ['deferred'] },
  delivered: { statuses: ['delivered'] },
  // There is no event called "blocked": it is a `type` of bounce.
  bounce: {
    statuses: ['hard_bounced', 'invalid', 'rejected', 'soft_bounced'],
    by: 'the enhanced status code, then type and bounce_classification',
    decide: bounce,
  },
  dropped: {
    statuses: ['rejected', 'invalid'],
    by: 'invalid where the reason is Invalid',
    decide: event => (event.reason?.trim().toLowerCase() === 'invalid' ? 'invalid' : 'rejected'),
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
  title: 'SendGrid',
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
    // Retries go on for 24 hours, and may carry the first try's timestamp.
    const untimely = timeliness(timestamp, receivedAt, 25 * hour);
    if (untimely !== null) return untimely;
    const genuine = keys.some(key => createVerify('sha256').update(timestamp).update(body).verify(key, bytes));
    return genuine ? null : 'wrong_signature';
  },

  parse: (request, context) =>
    readJson(request, sendgridEvent, (event, raw) => read(event, raw, context), { batched: true }),
} as const satisfies Provider;

function read(event: SendGridEvent, raw: unknown, { metadata }: ReadingContext): PieceReading {
  const failed = event.event === 'bounce' || event.event === 'dropped' || event.event === 'deferred';
  return interpreted<SendGridEvent>(events, event.event, event, status => [
    {
      // Custom arguments lie among SendGrid's own.
      ...attachedIds(raw as Record<string, unknown>, metadata),
      provider: 'sendgrid',
      messageId: messageIdOf(event.sg_message_id ?? ''),
      recipient: event.email ?? '',
      status,
      occurredAt: epochMillis(Number(event.timestamp)),
      providerEvent: event.event,
      eventId: event.sg_event_id ?? undefined,
      // Apple Mail's privacy protection only; scanners that click are not told apart.
      ...(event.event === 'open' &&
        typeof event.sg_machine_open === 'boolean' && {
          evidence: event.sg_machine_open ? 'machine' : 'human',
        }),
      reason: failed
        ? {
            code: [event.type, event.bounce_classification].filter(part => part).join(': '),
            enhancedCode: replyOf(event).enhancedCode,
            text: event.reason ?? event.response ?? undefined,
          }
        : { text: event.response ?? undefined },
      clickUrl: event.event === 'click' ? (event.url ?? undefined) : undefined,
      userAgent: event.useragent ?? undefined,
    },
  ]);
}

function replyOf({ status, reason, response }: SendGridEvent) {
  const text = reason ?? response ?? undefined;
  return { enhancedCode: enhancedCodeAmong(status, text), text };
}

/** What SendGrid puts behind the send call's X-Message-Id, different per recipient; `.filter` until January 2024. */
const marker = /\.(?:filter|recvd)/;

/** An X-Message-Id of the older kind has dots of its own: `14c5d75ce93.dfd.64b469`. */
const olderId = /^[0-9a-f]+\.[0-9a-f]+\.[0-9a-f]+(?=\.|$)/;

/** The send call's X-Message-Id in an id: up to the marker, or to the first dot of whatever may come next. */
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
    'Settings → Mail Settings → Event Webhooks → Create new webhook; Post URL `{url}`.',
    'Actions to be posted: every delivery and every engagement event.',
    'Switch on "Signed Event Webhook" and save; then open the webhook again and copy its verification key.',
  ],
  attach:
    '`custom_args` (v3 API) or `unique_args` (SMTP API): `"custom_args": { "account_id": "acme", "reference": "INV-7" }`.',
  register: 'the response header `X-Message-Id` of the send call',
  retries: 'Every answer but 2xx is tried again, with growing gaps, for 24 hours after the event.',
  refusedCalls: 'sent again',
  machines: '`sg_machine_open` on an open: Apple Mail fetched it ahead. Scanners that click are not told apart.',
  notes: [
    'The test button sends made-up events: they are recorded as emails of no account, and support is told of those that bounce or complain.',
    'Asynchronous bounces may come without address and message id: they are kept in quarantine.',
    'SendGrid asks for no personal data in `custom_args`: it keeps them and cannot erase them.',
  ],
};
