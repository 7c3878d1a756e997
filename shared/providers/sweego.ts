import * as z from 'zod/mini';
import { isoMillis } from '../runtime/time.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { evidenceOf } from './parsing/evidence.ts';
import { idsInHeaders } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext, unrelated } from './parsing/pieces.ts';
import { anything, numberOrText, object, text } from './parsing/schemas.ts';
import { failureOf } from './parsing/signals.ts';
import { replyCodeOf, replyIn } from './parsing/smtp-reply.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { strictBase64 } from './signatures/encodings.ts';
import { verifyStandardWebhook } from './signatures/standard-webhooks.ts';
import { hour } from './signatures/timestamps.ts';

const visit = z.nullish(object({ proxy: anything, url: text, user_agent: text }));

/** https://learn.sweego.io/docs/webhooks/email_events */
const sweegoEvent = object({
  event_type: z.string(),
  // Without a zone on opens and clicks.
  timestamp: text,
  event_id: text,
  transaction_id: text,
  channel: text,
  recipient: text,
  subject: text,
  headers: anything,
  campaign_tags: anything,
  campaign_tag: anything,
  response_code: numberOrText,
  details: text,
  open: visit,
  click: visit,
});

type SweegoEvent = z.infer<typeof sweegoEvent>;

/** One request has held both "soft-bounce" and "hard_bounce". */
const nameOf = (eventType: string) => eventType.replaceAll('-', '_');

function replyOf({ response_code: code, details }: SweegoEvent) {
  return { ...replyIn(replyAtEnd(details ?? '')), code: replyCodeOf(code) };
}

/** Longer than any useful line of a mail server's log. */
const maxLineLength = 5_000;

/**
 * The server's reply in a line of Sweego's log: `... to=a@example.com (550 5.1.1 unknown user)`. The rest of the line
 * stays private.
 */
function replyAtEnd(details: string): string | undefined {
  const line = details.slice(-maxLineLength).trim();
  if (/^[245]\d\d[ -]/.test(line)) return line;
  if (!line.endsWith(')')) return undefined;
  // The reply may have brackets of its own.
  const opening = [...line.matchAll(/\((?=[245]\d\d[ -])/g)].at(-1)?.index ?? line.lastIndexOf('(');
  return opening < 0 ? undefined : line.slice(opening + 1, -1);
}

const events = {
  email_sent: { statuses: ['sent'] },
  delivered: { statuses: ['delivered'] },
  soft_bounce: {
    statuses: ['soft_bounced', 'hard_bounced', 'invalid', 'rejected'],
    by: 'the reply in brackets at the end of details, if it has one',
    decide: event => failureOf(replyOf(event), 'soft_bounced'),
  },
  hard_bounce: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: 'the reply in brackets at the end of details, and response_code',
    decide: event => failureOf(replyOf(event), 'hard_bounced'),
  },
  complaint: { statuses: ['marked_spam'] },
  email_opened: { statuses: ['opened'] },
  email_clicked: { statuses: ['link_clicked'] },
  list_unsub: { statuses: [null] },
  email_inbound: { statuses: [] },
  'sms_*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<SweegoEvent>>;

/** Sweego: one event a call. */
export const sweego = {
  name: 'sweego',
  authentication: 'HMAC-SHA256 over id, timestamp and body, as Standard Webhooks without a version',
  secret: "the webhook's secret, 64 characters of base64",
  secretKind: 'base64',
  events,
  batched: false,
  verify: (request, secrets) =>
    verifyStandardWebhook(request, secrets, 'webhook', {
      keyOf: secret => strictBase64(secret.trim()),
      // One, in bare base64: https://learn.sweego.io/docs/webhooks/webhook_signature
      signaturesIn: header => [strictBase64(header.trim())],
      // Its retries are not documented. The body is signed, so an old request repeats only itself.
      oldest: 24 * hour,
    }),
  parse: jsonParser('sweego', sweegoEvent, read, { isUnrelated: unrelatedBy(events, 'event_type') }),
} as const satisfies Provider;

function read(event: SweegoEvent, { metadata }: PieceContext): ParsedPiece {
  // SMS have events of the same names.
  if (event.channel?.toLowerCase() === 'sms') return unrelated;
  const headers = headersOf(event);
  const { open, click } = event;
  return draftsFor<SweegoEvent>(events, nameOf(event.event_type), event, status => [
    {
      ...idsInHeaders(headers, metadata),
      messageId: event.transaction_id ?? transactionIn(headers),
      recipient: event.recipient,
      status,
      occurredAt: isoMillis(event.timestamp),
      providerEvent: event.event_type,
      eventId: event.event_id,
      evidence: evidenceOf((open ?? click)?.proxy),
      subject: event.subject,
      reason: replyOf(event),
      clickUrl: click?.url,
      userAgent: (open ?? click)?.user_agent,
      tags: tagsOf(event),
    },
  ]);
}

/** The message's own headers, with names in lower case. */
function headersOf({ headers }: SweegoEvent): readonly (readonly [string, unknown])[] {
  return typeof headers === 'object' && headers !== null ? Object.entries(headers) : [];
}

/** Older events have the id only in this header. */
function transactionIn(headers: ReturnType<typeof headersOf>): string | undefined {
  const id = headers.find(([name]) => name.toLowerCase() === 'x-transaction-id')?.[1];
  return typeof id === 'string' ? id : undefined;
}

/** Null, one text or a list. The vendor's table of formats drops the last letter of the name. */
function tagsOf(event: SweegoEvent): readonly string[] {
  return [event.campaign_tags ?? event.campaign_tag].flat().filter(tag => typeof tag === 'string');
}

export const guide: Guide = {
  setUp: [
    'Webhooks → Add webhook: URL `{url}`, for the domains that you send from.',
    'Switch on every event of emails but inbound.',
    'Copy the secret.',
  ],
  attach:
    'Set the headers `X-Account-Id: acme` and `X-Reference: INV-7` on the message, which takes at most five custom headers. The recipient can read them.',
  register: 'the `transaction_id` that the send call returns',
  subject: 'only on opens and clicks',
  retries: 'Its schedule of retries is not documented. Opens and clicks come up to ten minutes late.',
  refusedCalls: 'not documented',
  machines: '`open.proxy` and `click.proxy` are true for a proxy.',
  notes: [
    'A hyphen and an underscore in the name of an event are the same: "soft-bounce" is `soft_bounce`.',
    'A time without a zone, as on opens and clicks, is UTC.',
    'How its retries are signed is not documented, so a request is good for a day. Its body is signed, and an event counts once.',
    "`details` is a line of its servers' log. Only the reply of the recipient's server is kept of it.",
    '"email_sent" comes when the server took the email, before "delivered".',
  ],
};
