import * as z from 'zod/mini';
import { isoMillis } from '../runtime/time.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { bodyValue, isRecord } from './parsing/exact-json.ts';
import { idsInTags } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, numberOrText, object, orEmptyList, text } from './parsing/schemas.ts';
import { causeIn, failureOf } from './parsing/signals.ts';
import { enhancedCodeAmong } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider, ProviderRequest } from './provider.ts';
import { verifyHexHmac } from './signatures/hmac.ts';
import { genuine } from './signatures/verification.ts';

const meta = object({
  bounce_reason: text,
  bounce_code: numberOrText,
  bounce_type: text,
  suppression_reason: text,
  reject_reason: text,
  url: text,
  user_agent: text,
});
const morph = object({ reason: text, readable_reason: text, url: text, user_agent: text });

/** Both envelopes: nested (v1, until the end of 2026) and flat (v2). https://developers.mailersend.com/api/v1/webhooks.html */
const mailersendEvent = object({
  type: z.string(),
  created_at: text,
  data: z.nullish(
    object({
      id: numberOrText,
      created_at: text,
      message_id: text,
      subject: text,
      recipient: anything,
      // The whole email in v1; in v2's own sample, the recipient's address.
      email: z.nullish(
        z.union([
          z.string(),
          object({
            subject: text,
            tags: anything,
            message: z.nullish(object({ id: text })),
            recipient: z.nullish(object({ email: text })),
          }),
        ]),
      ),
      tags: anything,
      meta: orEmptyList(meta),
      morph: orEmptyList(morph),
    }),
  ),
});

type MailersendEvent = z.infer<typeof mailersendEvent>;

function replyOf(event: MailersendEvent) {
  const { meta: own, morph: older } = event.data ?? {};
  const reason = own?.bounce_reason ?? older?.reason;
  const code = String(own?.bounce_code ?? '');
  return {
    enhancedCode: enhancedCodeAmong(code, reason),
    code: /^[45]\d\d$/.exec(code)?.[0],
    text: reason,
  };
}

const events = {
  'activity.sent': { statuses: ['sent'] },
  'activity.delivered': { statuses: ['delivered'] },
  'activity.deferred': { statuses: ['deferred'], causeOf: event => causeIn(replyOf(event)) },
  'activity.soft_bounced': {
    statuses: ['soft_bounced', 'hard_bounced', 'invalid', 'rejected'],
    by: "the server's reply in the reason (code and words), then the event's name",
    decide: event => failureOf(replyOf(event), 'soft_bounced'),
  },
  'activity.hard_bounced': {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: "the server's reply in the reason (code and words), then the event's name",
    decide: event => failureOf(replyOf(event), 'hard_bounced'),
  },
  'activity.suppressed': { statuses: ['rejected'], cause: 'suppressed' },
  'activity.rejected': { statuses: ['rejected'] },
  'activity.opened': { statuses: ['opened'] },
  'activity.opened_unique': { statuses: ['opened'] },
  'activity.clicked': { statuses: ['link_clicked'] },
  'activity.clicked_unique': { statuses: ['link_clicked'] },
  'activity.spam_complaint': { statuses: ['marked_spam'] },
  'activity.unsubscribed': { statuses: [null] },
  'activity.survey_*': { statuses: [] },
  'sender_identity.*': { statuses: [] },
  'maintenance.*': { statuses: [] },
  'inbound_*': { statuses: [] },
  'email_*': { statuses: [] },
  'bulk_email.*': { statuses: [] },
  'recipient.*': { statuses: [] },
  'webhook.test': { statuses: [] },
} as const satisfies Record<string, EventMeaning<MailersendEvent>>;

/** A public secret. MailerSend signs the test of a new webhook with it, and it proves nothing else. */
const publicTestSecret = 'test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G';

/** MailerSend: one event a call, in either of two envelopes. */
export const mailersend = {
  name: 'mailersend',
  authentication: 'HMAC-SHA256 over the body',
  secret: "the webhook's signing secret",
  secretKind: 'text',
  events,
  batched: false,
  handshake({ headers, body }: ProviderRequest) {
    if (verifyHexHmac(headers.signature, [publicTestSecret], body) !== genuine) return null;
    const test = bodyValue(body);
    return isRecord(test) && test.type === 'webhook.test' ? ({ statusCode: 200 } as const) : null;
  },
  // The signature holds no time. A request that comes again changes nothing.
  verify({ headers, body }, secrets) {
    const own = secrets.filter(secret => secret.trim() !== publicTestSecret);
    return verifyHexHmac(headers.signature, own, body);
  },
  parse: jsonParser('mailersend', mailersendEvent, read, { isUnrelated: unrelatedBy(events, 'type') }),
} as const satisfies Provider;

function read(event: MailersendEvent, { metadata }: PieceContext): ParsedPiece {
  const { data } = event;
  const older = typeof data?.email === 'object' ? data.email : null;
  const address = [data?.recipient, data?.email].find(value => typeof value === 'string');
  const tags = older?.tags ?? data?.tags;
  const { meta: own, morph: cause } = data ?? {};
  return draftsFor<MailersendEvent>(events, event.type, event, status => [
    {
      ...idsInTags(Array.isArray(tags) ? tags : [], metadata),
      messageId: older?.message?.id ?? data?.message_id,
      recipient: older?.recipient?.email ?? address,
      status,
      // The activity's time. The email's own time is when it was created.
      occurredAt: isoMillis(event.created_at || data?.created_at),
      providerEvent: event.type,
      eventId: data?.id ? String(data.id) : null,
      subject: older?.subject ?? data?.subject,
      reason: {
        code: own?.bounce_type,
        enhancedCode: replyOf(event).enhancedCode,
        text: replyOf(event).text ?? own?.suppression_reason ?? own?.reject_reason ?? cause?.readable_reason,
      },
      clickUrl: own?.url ?? cause?.url,
      userAgent: own?.user_agent ?? cause?.user_agent,
      tags: tagsIn(tags, metadata),
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Domains → your domain → Webhooks → Add webhook: endpoint URL `{url}`. MailerSend tests the webhook before it saves it.',
    'Switch on every `activity.*` event but those of surveys.',
    'Copy the signing secret.',
  ],
  attach: 'Set `"tags": ["account_id:acme", "reference:INV-7"]` in the send call. MailerSend takes only a few tags.',
  register: 'the response header `x-message-id` of the send call',
  subject: 'always',
  retries:
    'MailerSend retries with growing gaps for about three days; its older text says twice. It waits 3 seconds for an answer. After any 4xx but 429 it drops the event. 20 failures in 24 hours pause the webhook.',
  refusedCalls: 'lost',
  machines: null,
  notes: [
    'Both envelopes are read: the nested one (v1) and the flat one (v2).',
    'MailerSend signs its test with a public secret, which is good for that test alone.',
  ],
};
