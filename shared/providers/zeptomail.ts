import * as z from 'zod/mini';
import { addressOf } from '../email/address.ts';
import type { EventDraft } from '../email/event.ts';
import { firstTime } from '../runtime/time.ts';
import type { Status } from '../status/catalogue.ts';
import { ofOneOf } from './parsing/attribution.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { isRecord } from './parsing/exact-json.ts';
import { bodyFields, isForm } from './parsing/forms.ts';
import { idsInText } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { numberOrText, object, text } from './parsing/schemas.ts';
import { failureOf } from './parsing/signals.ts';
import { replyIn } from './parsing/smtp-reply.ts';
import type { EventMeaning, Guide, Provider, ProviderRequest } from './provider.ts';
import { maxHeaderLength, strictBase64 } from './signatures/encodings.ts';
import { isHmacOf } from './signatures/hmac.ts';
import { genuine, usable } from './signatures/verification.ts';

const addressees = z.nullish(z.array(object({ email_address: z.nullish(object({ address: text })) })));

const detail = object({
  reason: text,
  diagnostic_message: text,
  bounced_recipient: text,
  time: text,
  modified_time: text,
  clicked_link: text,
  link: text,
  url: text,
  user_agent: text,
});

type Detail = z.infer<typeof detail>;

/**
 * One message of a request, with the event name of all of them.
 * https://www.zoho.com/zeptomail/help/webhooks.html
 */
const zeptoMessage = object({
  event_name: z.union([z.string(), z.array(z.string())]),
  request_id: text,
  email_info: z.nullish(
    object({
      email_reference: text,
      client_reference: numberOrText,
      subject: text,
      processed_time: text,
      to: addressees,
      cc: addressees,
      bcc: addressees,
    }),
  ),
  event_data: z.nullish(z.array(object({ object: text, details: z.nullish(z.array(detail)) }))),
});

type ZeptoMessage = z.infer<typeof zeptoMessage>;

const replyOf = ({ diagnostic_message, reason }: Detail) => replyIn(diagnostic_message || reason);

/** Names have come with blanks and underscores too, so the lookup drops both. */
const events = {
  hardbounce: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: "the server's reply in the diagnostic message (code and words), then the event's name",
    decide: detail => failureOf(replyOf(detail), 'hard_bounced'),
  },
  softbounce: {
    statuses: ['soft_bounced', 'hard_bounced', 'invalid', 'rejected'],
    by: "the server's reply in the diagnostic message (code and words), then the event's name",
    decide: detail => failureOf(replyOf(detail), 'soft_bounced'),
  },
  delivered: { statuses: ['delivered'] },
  open: { statuses: ['opened'] },
  emailopen: { statuses: ['opened'] },
  click: { statuses: ['link_clicked'] },
  emaillinkclick: { statuses: ['link_clicked'] },
  spam: { statuses: ['marked_spam'] },
} as const satisfies Record<string, EventMeaning<Detail>>;

/** ZeptoMail (Zoho): a request may hold several messages. */
export const zeptomail = {
  name: 'zeptomail',
  authentication: 'HMAC-SHA256 over the JSON',
  secret: "the webhook's authentication key",
  secretKind: 'text',
  events,
  batched: true,
  // The dashboard's test is not signed, and must get 200 before the webhook can be saved.
  // It also counts as refused: if real events ever come unsigned, the alarm tells.
  handshake: ({ headers }) =>
    headers['producer-signature']?.trim() ? null : ({ statusCode: 200, refusal: 'missing_signature' } as const),

  verify(request, secrets) {
    const keys = usable(secrets);
    if (keys.length === 0) return 'no_secret_configured';
    const header = request.headers['producer-signature']?.trim();
    if (!header) return 'missing_signature';
    const bytes = header.length > maxHeaderLength ? null : signatureIn(header);
    const signed = isForm(request) ? fieldOf(request) : request.body;
    if (bytes === null || signed === null) return 'malformed_signature';
    // The time is not signed and proves nothing. A request that comes again changes nothing.
    return isHmacOf(bytes, 'sha256', keys, signed) ? genuine : 'wrong_signature';
  },

  parse: jsonParser('zeptomail', zeptoMessage, read, {
    piecesOf,
    textOf: request => (isForm(request) ? fieldOf(request) : undefined),
  }),
} as const satisfies Provider;

/** The one field of a form, which holds the JSON. */
function fieldOf({ body }: ProviderRequest): string | null {
  const fields = bodyFields(body);
  return fields?.length === 1 ? fields[0]![1] : null;
}

/** `ts=1767355200000;s=URL-encoded base64;s-algorithm=HmacSHA256` */
function signatureIn(header: string): Buffer | null {
  const parts = Object.fromEntries(
    header.split(';').map(part => {
      const equals = part.indexOf('=');
      return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
    }),
  );
  try {
    return parts['s-algorithm'] === 'HmacSHA256' ? strictBase64(decodeURIComponent(parts.s ?? '')) : null;
  } catch {
    return null;
  }
}

/** The messages of a request, each with the event name of all of them. */
function piecesOf(envelope: unknown): readonly unknown[] | null {
  if (!isRecord(envelope) || !Array.isArray(envelope.event_message)) return null;
  const { event_name, event_message } = envelope;
  return event_message.map(message => (typeof message === 'object' ? { ...message, event_name } : message));
}

/** Far more than one message has: recipients times details. */
const maxEvents = 1_000;

function read(message: ZeptoMessage, { metadata }: PieceContext): ParsedPiece {
  const info = message.email_info;
  const named = [message.event_name].flat();
  const recipients = [info?.to, info?.cc, info?.bcc]
    .flatMap(list => list ?? [])
    .flatMap(({ email_address }) => email_address?.address ?? []);
  const ids = idsInText(String(info?.client_reference ?? ''), metadata, 'reference');
  const drafts: EventDraft[] = [];
  const happened = message.event_data ?? [];
  for (const { object, details } of happened.length === 0 ? [{ object: null, details: null }] : happened) {
    const name = (named.length > 1 && object ? object : (named[0] ?? '')).toLowerCase().replace(/[ _]/g, '');
    for (const detail of details?.length ? details : [{}]) {
      const outcome = draftsFor<Detail>(events, name, detail, status =>
        whose(detail, recipients, status).map(about => ({
          ...about,
          ...ids,
          messageId: message.request_id || info?.email_reference,
          occurredAt: firstTime(detail.time, detail.modified_time, info?.processed_time),
          providerEvent: name,
          subject: info?.subject,
          reason: { code: detail.reason, ...replyOf(detail) },
          clickUrl: detail.clicked_link ?? detail.link ?? detail.url,
          userAgent: detail.user_agent,
        })),
      );
      if (!Array.isArray(outcome)) return outcome;
      if (drafts.length > maxEvents) return 'too_many';
      drafts.push(...outcome);
    }
  }
  return drafts;
}

/** A bounce names its recipient. Any other event names all recipients of the message. */
function whose({ bounced_recipient }: Detail, recipients: readonly string[], status: Status | null) {
  if (!bounced_recipient) return ofOneOf(recipients, false, status);
  const listed = recipients.length === 0 || recipients.map(addressOf).includes(addressOf(bounced_recipient));
  return [{ recipient: bounced_recipient, status, attribution: listed ? null : ('not_addressed' as const) }];
}

export const guide: Guide = {
  setUp: [
    'Agents → your agent → Webhooks → Add webhook: URL `{url}`, authorization header off.',
    'Switch on every event: soft bounce, hard bounce, open, click, and delivered if it is offered.',
    'Copy the authentication key. The test in the dashboard is not signed: it gets 200 and has no effect.',
  ],
  attach:
    'Set `"client_reference": "account_id:acme|reference:INV-7"` in the send call. It may hold JSON. Any other text is the reference.',
  register: 'the `request_id` that the send call returns',
  subject: 'always',
  retries: 'Its schedule of retries is not documented.',
  refusedCalls: 'not documented',
  machines: null,
  notes: [
    'A request without a signature gets 200 and is not kept, because the test in the dashboard has none. Check that real events are signed.',
    'ZeptoMail reports only the first open of a message.',
    'The id of a request is no id of an event. Ours is made of message, recipient, event, time and link.',
    'Opens and clicks of a message to several people do not say which of them they concern: they are a note on each.',
  ],
};
