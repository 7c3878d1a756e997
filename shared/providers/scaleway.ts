import * as z from 'zod/mini';
import { isoMillis } from '../runtime/time.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { exactJson } from './parsing/exact-json.ts';
import { idsInHeaders } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { numberOrText, object, text } from './parsing/schemas.ts';
import { causeIn, failureOf } from './parsing/signals.ts';
import { enhancedCodeIn, replyCodeOf } from './parsing/smtp-reply.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyUrlSecret } from './signatures/url-secret.ts';

/** https://www.scaleway.com/en/docs/transactional-email/reference-content/webhook-events-payloads/ */
const scalewayEvent = object({
  type: z.string(),
  id: text,
  created_at: text,
  email_id: text,
  email_to: text,
  email_subject: text,
  email_headers: z.nullish(z.array(object({ key: text, value: text }))),
  email_response_code: numberOrText,
  email_response_message: text,
});

type ScalewayEvent = z.infer<typeof scalewayEvent>;

const replyOf = ({ email_response_message: reply, email_response_code: code }: ScalewayEvent) => ({
  enhancedCode: enhancedCodeIn(reply),
  code: replyCodeOf(code),
  text: reply,
});

const events = {
  email_queued: { statuses: ['enqueued'] },
  email_deferred: { statuses: ['deferred'], causeOf: event => causeIn(replyOf(event)) },
  email_delivered: { statuses: ['delivered'] },
  email_dropped: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: "the server's reply in email_response_message (code and words), then the event's name",
    decide: event => failureOf(replyOf(event), 'hard_bounced'),
  },
  email_mailbox_not_found: {
    statuses: ['invalid', 'hard_bounced', 'soft_bounced', 'rejected'],
    by: "the server's reply in email_response_message (code and words), and the event's name",
    decide: event => failureOf(replyOf(event), 'unknown_user'),
  },
  // The receiving server judged it to be spam. No person complained.
  email_spam: { statuses: ['rejected'], cause: 'spam_content' },
  // Scaleway's own list blocks addresses that bounced before.
  email_blocklisted: { statuses: ['rejected'], cause: 'suppressed' },
  blocklist_created: { statuses: [] },
  unknown_type: { statuses: [] },
} as const satisfies Record<string, EventMeaning<ScalewayEvent>>;

/** Messages of its topics that are no events: a person has to look at them. */
const ofTopic: readonly unknown[] = ['SubscriptionConfirmation', 'UnsubscribeConfirmation'];

/** An event out of the envelope of a topic, or by itself. */
const wrapped = z.pipe(
  z.transform((body: unknown) => {
    if (typeof body !== 'object' || body === null) return undefined;
    const { Type, Message } = body as Record<string, unknown>;
    if (ofTopic.includes(Type)) return { type: Type };
    return Type === 'Notification' && typeof Message === 'string' ? exactJson(Message) : body;
  }),
  scalewayEvent,
);

/** Scaleway Transactional Email, through its Topics and Events, which look like Amazon SNS. */
export const scaleway = {
  name: 'scaleway',
  authentication: "a secret in the webhook's URL; the signature of its topics is not documented",
  secret: 'long random letters and digits: `?secret=...` in the URL',
  secretKind: 'text',
  events,
  batched: false,
  // Like Amazon SNS, its topics may take every 4xx for a receipt.
  retryStatus: 503,
  verify: verifyUrlSecret,
  parse: jsonParser('scaleway', wrapped, read),
} as const satisfies Provider;

function read(event: ScalewayEvent, { metadata }: PieceContext): ParsedPiece {
  // Mailtrail never calls a URL from a message: a person opens it.
  if (ofTopic.includes(event.type)) return 'confirm_by_hand';
  return draftsFor<ScalewayEvent>(events, event.type, event, status => [
    {
      ...idsInHeaders(
        (event.email_headers ?? []).map(({ key, value }) => [key ?? '', value]),
        metadata,
      ),
      messageId: event.email_id,
      recipient: event.email_to,
      status,
      occurredAt: isoMillis(event.created_at),
      providerEvent: event.type,
      eventId: event.id,
      subject: event.email_subject,
      reason: replyOf(event),
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Topics and Events: create a topic.',
    'Transactional Email → your domain → Webhooks → Create webhook: that topic, all events.',
    'Topics and Events → the topic → Create subscription: protocol HTTPS, endpoint `{url}?secret=THE-SECRET`.',
    'The request to confirm the subscription is quarantined (reason `confirm_by_hand`). Open its SubscribeURL yourself, once: Mailtrail never calls a URL that it finds in a message.',
  ],
  attach: 'Set the headers `X-Account-Id: acme` and `X-Reference: INV-7` on the message. The recipient can read them.',
  register: 'the `id` of that recipient among the `emails` that the send call returns',
  subject: 'always',
  retries: 'Its schedule of retries is not documented.',
  refusedCalls: 'not documented',
  machines: null,
  notes: [
    'Its "email_spam" is the judgement of the receiving server: Rejected, not Marked Spam.',
    'How its topics sign is not documented. The secret in the URL is the whole proof of a request.',
  ],
};
