import * as z from 'zod/mini';
import { shortHash } from '../runtime/hash.ts';
import { utf8Text } from '../runtime/text.ts';
import { epochMillis, isoMillis } from '../runtime/time.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { bodyValue } from './parsing/exact-json.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, numberOrText, object, text } from './parsing/schemas.ts';
import { causeIn, failureOf } from './parsing/signals.ts';
import { enhancedCodeAmong, replyCodeOf } from './parsing/smtp-reply.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyHexHmac } from './signatures/hmac.ts';
import { hour, timeliness } from './signatures/timestamps.ts';
import { genuine, usable } from './signatures/verification.ts';

/** https://api.mailomat.swiss/docs. Names are in camel case outside the payload, and have hyphens in it. */
const mailomatEvent = object({
  eventType: z.string(),
  occurredAt: text,
  messageUuid: text,
  messageId: text,
  recipient: text,
  payload: z.nullish(
    object({
      timestamp: numberOrText,
      reason: text,
      url: text,
      client: anything,
      message: z.nullish(object({ headers: z.nullish(object({ subject: text })) })),
      'delivery-status': z.nullish(object({ code: numberOrText, 'enhanced-code': text, message: text })),
    }),
  ),
});

type MailomatEvent = z.infer<typeof mailomatEvent>;

function replyOf({ payload }: MailomatEvent) {
  const { code, 'enhanced-code': enhancedCode, message } = payload?.['delivery-status'] ?? {};
  return {
    enhancedCode: enhancedCodeAmong(enhancedCode, message),
    code: replyCodeOf(code),
    text: message,
  };
}

const events = {
  accepted: { statuses: ['enqueued'] },
  // Mailomat refused by itself, e.g. because a sending limit is used up.
  not_accepted: { statuses: ['rejected'] },
  failure_tmp: { statuses: ['deferred'], causeOf: event => causeIn(replyOf(event)) },
  delivered: { statuses: ['delivered'] },
  failure_perm: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: 'delivery-status: its enhanced-code and its message',
    decide: event => failureOf(replyOf(event), 'hard_bounced'),
  },
  opened: { statuses: ['opened'] },
  clicked: { statuses: ['link_clicked'] },
} as const satisfies Record<string, EventMeaning<MailomatEvent>>;

/** Mailomat: one event a call. It signs the headers and not the body. */
export const mailomat = {
  name: 'mailomat',
  authentication: 'HMAC-SHA256 over id, event and timestamp in headers, each id for one body only',
  secret: "the webhook's secret",
  secretKind: 'text',
  events,
  batched: false,

  verify({ headers, body, receivedAt }, secrets) {
    if (usable(secrets).length === 0) return 'no_secret_configured';
    const [id, event, timestamp, signature] = signedNames.map(name => headers[name]?.trim() ?? '') as Signed;
    if (id === '' || event === '' || timestamp === '' || signature === '') return 'missing_signature';
    // Our code chooses the hash, and never the header: CVE-2026-48747.
    const [, hex] = /^sha256=([0-9a-f]{64})$/.exec(signature) ?? [];
    // An event without dots leaves one way to read the signed text. The id becomes a key of the table of nonces.
    if (hex === undefined || !idShape.test(id) || !/^[\w-]{1,64}$/.test(event)) return 'malformed_signature';
    // Its retries are not documented, nor whether they carry the first try's time.
    const untimely = timeliness(timestamp, receivedAt, 24 * hour);
    if (untimely !== null) return untimely;
    const verification = verifyHexHmac(hex, secrets, `${id}.${event}.${timestamp}`);
    if (verification !== genuine) return verification;
    if (!tellsOf(event, body)) return 'wrong_signature';
    // The headers prove any body. So an id is good only for the body that it first came with, and that retries repeat.
    return [{ value: id, content: shortHash(utf8Text(body) ?? body.toString('latin1')) }];
  },

  parse: jsonParser('mailomat', mailomatEvent, read),
} as const satisfies Provider;

const signedNames = [
  'x-mom-webhook-id',
  'x-mom-webhook-event',
  'x-mom-webhook-timestamp',
  'x-mom-webhook-signature',
] as const;

type Signed = [id: string, event: string, timestamp: string, signature: string];

const idShape = /^[!-~]{1,100}$/;

/** Whether a body holds the event that the headers name. A body that names none is quarantined anyway. */
function tellsOf(event: string, body: Buffer): boolean {
  const named = z.safeParse(object({ eventType: z.string() }), bodyValue(body));
  return !named.success || named.data.eventType === event;
}

function read(event: MailomatEvent, { headers }: PieceContext): ParsedPiece {
  const { payload } = event;
  const { enhancedCode, code, text } = replyOf(event);
  const occurredAt = isoMillis(event.occurredAt);
  return draftsFor<MailomatEvent>(events, event.eventType, event, status => [
    {
      messageId: event.messageUuid || event.messageId,
      recipient: event.recipient,
      status,
      occurredAt: Number.isNaN(occurredAt) ? epochMillis(Number(payload?.timestamp)) : occurredAt,
      providerEvent: event.eventType,
      // The id in the body is not signed.
      eventId: headers['x-mom-webhook-id']?.trim(),
      subject: payload?.message?.headers?.subject,
      reason: { code, enhancedCode, text: text || payload?.reason },
      clickUrl: payload?.url,
      userAgent: userAgentOf(payload?.client),
    },
  ]);
}

function userAgentOf(client: unknown): string | undefined {
  const read = z.safeParse(object({ 'user-agent': z.string() }), client);
  return read.success ? read.data['user-agent'] : undefined;
}

export const guide: Guide = {
  setUp: ['Webhooks → Add webhook: URL `{url}`.', 'Switch on every event.', 'Copy the secret.'],
  attach: 'Mailomat returns nothing of yours with its events.',
  register: 'the `messageUuid` that the send call returns',
  subject: 'except on opens and clicks',
  retries: 'Its schedule of retries is not documented.',
  refusedCalls: 'not documented',
  machines: null,
  notes: [
    '**The signature covers the headers alone, and not the body.** Whoever sees one request could send another body with its headers.',
    'So an id proves only the body that it first came with. The header must name the event of the body, and a request is good for a day.',
    'The id in the header identifies an event, because the id in the body is not signed.',
    'No event for a complaint is known.',
  ],
};
