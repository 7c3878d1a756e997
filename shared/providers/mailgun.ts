import { isUtf8 } from 'node:buffer';
import * as z from 'zod/mini';
import { addressesIn } from '../email/address.ts';
import { shortHash } from '../runtime/hash.ts';
import { ownValue } from '../runtime/own-property.ts';
import { epochMillis, isoText } from '../runtime/time.ts';
import { type Cause, type Failure, failureBy } from '../status/causes.ts';
import { ofOneOf } from './parsing/attribution.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { evidenceOf } from './parsing/evidence.ts';
import { bodyJson, bodyValue, exactJson, isRecord } from './parsing/exact-json.ts';
import { bodyFields, type FormFields, fieldsIn, isForm } from './parsing/forms.ts';
import { withoutBrackets } from './parsing/message-id.ts';
import { attachedIds, unambiguous } from './parsing/metadata.ts';
import { formParser, jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, numberOrText, object, text } from './parsing/schemas.ts';
import { causeIn, failureOf } from './parsing/signals.ts';
import { enhancedCodeAmong } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider, ProviderRequest, Refusal } from './provider.ts';
import { hexSha256 } from './signatures/encodings.ts';
import { isHmacOf } from './signatures/hmac.ts';
import { hour, timeliness } from './signatures/timestamps.ts';
import { usable } from './signatures/verification.ts';

/** https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks */
const triple = object({
  timestamp: z.string(),
  // Hex in practice. It becomes a key of the table of nonces.
  token: z.string().check(z.regex(/^[!-~]{1,100}$/)),
  signature: z.string(),
});

type Triple = z.infer<typeof triple>;

/** Mailgun signs events of a sub-account with the parent's key too. */
const signed = object({ signature: triple, 'parent-signature': z.nullish(triple) });

/** https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads */
const mailgunEvent = object({
  'event-data': object({
    event: z.string(),
    timestamp: z.union([z.number(), z.string()]),
    id: text,
    recipient: text,
    severity: text,
    reason: text,
    url: text,
    reject: z.nullish(object({ reason: text, description: text })),
    'delivery-status': z.nullish(
      object({ code: numberOrText, message: text, description: text, 'enhanced-code': text }),
    ),
    'client-info': z.nullish(object({ 'user-agent': text, bot: text })),
    message: z.nullish(object({ headers: z.nullish(object({ 'message-id': text, to: text, subject: text })) })),
    'user-variables': anything,
    tags: anything,
  }),
});

type MailgunEvent = z.infer<typeof mailgunEvent>['event-data'];

/** Before 2018 an event was a flat form. Webhooks from then still send it. */
const mailgunForm = z.pipe(
  z.pipe(
    z.string(),
    z.transform(form => ({ 'event-data': currentShape(fieldsIn(form) ?? []) })),
  ),
  mailgunEvent,
);

/**
 * Fields of the older form in every event. The message id has either name, and each tag comes as a field of its own.
 */
const commonFields = ['event', 'recipient', 'timestamp', 'Message-Id', 'message-id', 'tag', 'X-Mailgun-Tag'] as const;

/**
 * Further fields that are read, by event. In any other event such a name belongs to a variable of the sender.
 * https://github.com/mailgun/documentation/blob/master/source/user_manual.rst
 */
const fieldsByEvent = {
  delivered: ['message-headers'],
  dropped: ['message-headers', 'reason', 'code', 'description'],
  bounced: ['message-headers', 'code', 'error'],
  complained: ['message-headers'],
  opened: ['user-agent'],
  clicked: ['user-agent', 'url'],
  unsubscribed: ['user-agent'],
} as const satisfies Record<string, readonly string[]>;

type LegacyField = (typeof commonFields)[number] | (typeof fieldsByEvent)[keyof typeof fieldsByEvent][number];

function currentShape(fields: FormFields): unknown {
  const event = fields.find(([name]) => name === 'event')?.[1];
  const names = new Set<string>([...commonFields, ...(ownValue<readonly string[]>(fieldsByEvent, event) ?? [])]);
  const own = fields.filter(([name]) => names.has(name));
  // If a variable has a field's name, Mailgun's own value comes first.
  const field = (...either: readonly LegacyField[]) => own.find(([name]) => either.some(known => known === name))?.[1];
  return {
    event,
    // For signed fields, Mailgun's own value comes last.
    timestamp: Number(own.findLast(([name]) => name === 'timestamp')?.[1]),
    recipient: field('recipient'),
    // Only final failures had an event.
    severity: 'permanent',
    reason: field('reason'),
    url: field('url'),
    'delivery-status': { code: field('code'), message: field('error', 'description') },
    'client-info': { 'user-agent': field('user-agent') },
    message: {
      headers: { 'message-id': field('Message-Id', 'message-id'), subject: subjectIn(field('message-headers')) },
    },
    'user-variables': unambiguous(fields.filter(([name]) => !names.has(name))),
    tags: own.filter(([name]) => name === 'tag' || name === 'X-Mailgun-Tag').map(([, tag]) => tag),
  };
}

/** The subject in the message headers, which are JSON text: a list of names and values. */
function subjectIn(headers: string | undefined): string | undefined {
  const pairs = exactJson(headers ?? '');
  if (!Array.isArray(pairs)) return undefined;
  const subject = pairs.find(
    pair => Array.isArray(pair) && typeof pair[0] === 'string' && /^subject$/i.test(pair[0]),
  )?.[1];
  return typeof subject === 'string' ? subject : undefined;
}

/** Mailgun's own reasons and codes for emails that it did not try to deliver. */
const notTried = {
  'suppress-bounce': 'suppressed',
  'suppress-unsubscribe': 'suppressed',
  'suppress-complaint': 'suppressed',
  605: 'suppressed', // bounced before
  606: 'suppressed',
  607: 'suppressed', // complained before
  625: 'suppressed',
} as const satisfies Record<string, Cause>;

/** Mailgun's own reasons and codes that name a cause. */
const undelivered = {
  498: 'unknown_domain', // no MX
  499: 'network', // could not connect
  old: 'expired', // gave up after retries
} as const satisfies Record<string, Cause>;

function ownCause(table: Readonly<Record<string, Cause>>, event: MailgunEvent): Cause | undefined {
  return ownValue(table, event.reason) ?? ownValue(table, String(event['delivery-status']?.code));
}

function failed(event: MailgunEvent): Failure | 'deferred' | null {
  if (event.severity === 'temporary') return 'deferred';
  // The severity decides everything. An event with neither is a note, not a guess.
  if (event.severity !== 'permanent') return null;
  const untried = ownCause(notTried, event);
  if (untried !== undefined) return failureBy(untried, 'rejected');
  return failureOf(replyOf(event), ownCause(undelivered, event) ?? 'hard_bounced');
}

const failures = {
  statuses: ['deferred', 'hard_bounced', 'invalid', 'rejected', 'soft_bounced'],
  by: "severity; suppression by reason or code; the server's reply (code and words), then Mailgun's reason and code",
  decide: failed,
  causeOf: event => causeIn(replyOf(event), ownCause(undelivered, event)),
} as const satisfies EventMeaning<MailgunEvent>;

const events = {
  accepted: { statuses: ['enqueued'] },
  rejected: { statuses: ['rejected'] },
  delivered: { statuses: ['delivered'] },
  failed: failures,
  // The same in the older form.
  dropped: failures,
  bounced: failures,
  opened: { statuses: ['opened'] },
  clicked: { statuses: ['link_clicked'] },
  complained: { statuses: ['marked_spam'] },
  unsubscribed: { statuses: [null] },
  // Incoming mail.
  stored: { statuses: [] },
  'list_*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<MailgunEvent>>;

const parseForm = formParser('mailgun', mailgunForm, read, { pieceOf: withoutProof });
const parseJson = jsonParser('mailgun', mailgunEvent, read, { piecesOf: eventOf });

/** Mailgun (Sinch): one event a call, signed inside the body. */
export const mailgun = {
  name: 'mailgun',
  authentication: 'HMAC-SHA256 over timestamp and token, each token for one event only',
  secret: 'the HTTP webhook signing key (not the API key)',
  secretKind: 'text',
  events,
  batched: false,
  // The send call gives the id in angle brackets, the events without.
  messageIdOf: withoutBrackets,

  verify(request, secrets) {
    const keys = usable(secrets);
    if (keys.length === 0) return 'no_secret_configured';
    const triples = triplesOf(request);
    if (triples.length === 0) return 'missing_signature';
    const refusals = triples.map(one => refusalOf(one, keys, request.receivedAt));
    const proving = triples.filter((_, index) => refusals[index] === null);
    if (proving.length === 0) return refusals[0]!;
    // The signed triple proves any event. So it is good only for the event that it first came with, and that retries
    // repeat.
    const content = shortHash(toldBy(request));
    return proving.map(({ token }) => ({ value: token, content }));
  },

  parse: (request, context) => (isForm(request) ? parseForm : parseJson)(request, context),
} as const satisfies Provider;

/** The content of a request without its proof, as text. */
function toldBy(request: ProviderRequest): string {
  const { body } = request;
  if (isForm(request)) return JSON.stringify(currentShape(told(formIn(body))));
  const json = bodyJson(body);
  // A body that cannot be serialized again counts whole, with its proof.
  return typeof json === 'string' || json.tooDeep ? body.toString('latin1') : JSON.stringify(eventOf(json.value));
}

/**
 * The event without its signature, which would prove any other event. An unreadable event is quarantined in this form.
 */
function eventOf(body: unknown): readonly unknown[] {
  if (!isRecord(body)) return [body];
  const { signature: _, 'parent-signature': __, ...others } = body;
  return 'event-data' in others ? [{ 'event-data': others['event-data'] }] : [others];
}

function refusalOf(
  { timestamp, token, signature }: Triple,
  keys: readonly string[],
  receivedAt: number,
): Refusal | null {
  const given = hexSha256(signature);
  // Exactly ten digits, because nothing separates timestamp and token in the signed text.
  if (given === null || !/^\d{10}$/.test(timestamp)) return 'malformed_signature';
  // Mailgun retries for 8 hours, perhaps with the first try's triple.
  const untimely = timeliness(timestamp, receivedAt, 9 * hour);
  if (untimely !== null) return untimely;
  return isHmacOf(given, 'sha256', keys, timestamp, token) ? null : 'wrong_signature';
}

/** In bytes. */
const maxBodyBytes = 1024 * 1024;

/**
 * The fields of the older form without the proof, which would prove any other event. The timestamp stays: it is also
 * the event's.
 */
const told = (fields: FormFields) => fields.filter(([name]) => name !== 'token' && name !== 'signature');

function withoutProof(form: string): string | null {
  const fields = fieldsIn(form);
  return fields && String(new URLSearchParams(told(fields)));
}

/** The signature is in the body, so verification has to parse some of it. It parses no more than this. */
function triplesOf(request: ProviderRequest): readonly Triple[] {
  const { body } = request;
  // An event has a few kilobytes. A larger body is not parsed for a sender who has proved nothing.
  if (body.length > maxBodyBytes) return [];
  // In a form, Mailgun's own signed value comes last, behind the sender's variables.
  const parsed = z.safeParse(signed, isForm(request) ? { signature: Object.fromEntries(formIn(body)) } : jsonIn(body));
  if (!parsed.success) return [];
  const { signature, 'parent-signature': parent } = parsed.data;
  return parent ? [signature, parent] : [signature];
}

// The check for UTF-8 waits until the body is proved genuine.
const formIn = (body: Buffer) => bodyFields(body) ?? fieldsIn(body.toString()) ?? [];
const jsonIn = (body: Buffer) => (isUtf8(body) ? bodyValue(body) : exactJson(body.toString()));

function read({ 'event-data': event }: z.infer<typeof mailgunEvent>, { metadata }: PieceContext): ParsedPiece {
  const headers = event.message?.headers;
  const occurredAt = epochMillis(Number(event.timestamp));
  const bot = event['client-info']?.bot;
  const seen = event.event === 'opened' || event.event === 'clicked';
  const delivery = event['delivery-status'];
  const tags = tagsIn(event.tags, metadata);
  // A rejected message names no recipient, and may have had several.
  const recipients = event.recipient ? [event.recipient] : addressesIn(headers?.to ?? '');
  const ofWholeMessage = event.event === 'rejected';
  return draftsFor<MailgunEvent>(events, event.event, event, status =>
    ofOneOf(recipients, ofWholeMessage, status).map(whose => ({
      ...whose,
      ...attachedIds(event['user-variables'], metadata),
      messageId: withoutBrackets(headers?.['message-id']),
      occurredAt,
      providerEvent: event.event,
      // Mailgun promises ids that are unique within one day only.
      eventId:
        event.id && occurredAt > 0 && occurredAt < 8e15 ? `${event.id}@${isoText(occurredAt).slice(0, 10)}` : undefined,
      // apple, gmail or generic; empty for a person.
      evidence: seen && typeof bot === 'string' ? evidenceOf(bot !== '') : null,
      subject: headers?.subject,
      reason: {
        code: [event.reason ?? event.reject?.reason, delivery?.code].filter(part => part).join(' '),
        enhancedCode: seen ? null : replyOf(event).enhancedCode,
        text: delivery?.message || delivery?.description || event.reject?.description,
      },
      clickUrl: event.url,
      userAgent: event['client-info']?.['user-agent'],
      tags,
    })),
  );
}

function replyOf({ 'delivery-status': delivery }: MailgunEvent) {
  const words = [delivery?.message, delivery?.description].filter(part => part).join(' ');
  // Mailgun's own codes 498, 499 and from 600 on are no SMTP codes.
  const code = /^[45][0-5]\d$/.exec(String(delivery?.code))?.[0];
  return {
    enhancedCode: enhancedCodeAmong(delivery?.['enhanced-code'], words),
    code,
    text: words,
  };
}

export const guide: Guide = {
  setUp: [
    'Sending → Webhooks → Add webhook, of the domain or of the account: URL `{url}`.',
    'Add one for each event type: accepted, delivered, temporary failure, permanent failure, opened, clicked, complained, unsubscribed.',
    'The secret is under Settings → API Security → HTTP webhook signing key. Events of a sub-account are also signed with the key of the parent account: either will do.',
  ],
  attach:
    'Set `v:account_id=acme` and `v:reference=INV-7` as parameters of the send call, or the header `X-Mailgun-Variables` with JSON. The recipient can read them.',
  register: 'the `id` that the send call returns, with or without angle brackets',
  subject: 'except on opens and clicks',
  retries:
    'Mailgun retries for 8 hours: after 5, 10 and 15 minutes, 1, 2 and 4 hours. By its documentation this may not hold for delivered events.',
  refusedCalls: 'sent again',
  machines: '`client-info.bot` on an open or a click is `apple`, `gmail`, or `generic` for a scanner.',
  notes: [
    'The signature covers a timestamp and a token, and not the event. So a token proves only the event that it first came with.',
    'If the database is down, a replayed Mailgun token is detected only afterwards. The genuine event is still recorded; the replay may leave one extra event.',
    'A quarantined piece holds no token. A whole body that cannot be read does.',
    'The older form of an event is read as well, with its events "dropped" and "bounced". A multipart body is not.',
    "In the older form a variable of yours may have the name of another event's field. An account or reference with two values counts as absent.",
  ],
};
