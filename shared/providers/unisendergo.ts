import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { isoMillis } from '../runtime/time.ts';
import { type Failure, failureBy } from '../status/causes.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { isRecord } from './parsing/exact-json.ts';
import { attachedIds } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, object, orEmptyList, text } from './parsing/schemas.ts';
import { causeIn, failureOf, type Label } from './parsing/signals.ts';
import { replyIn } from './parsing/smtp-reply.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { isOneOf } from './signatures/constant-time.ts';
import { genuine, usable } from './signatures/verification.ts';

/** https://godocs.unisender.ru/web-api-ref#callback-format */
const eventData = object({
  job_id: text,
  email: text,
  status: text,
  // UTC, without a zone.
  event_time: text,
  url: text,
  metadata: anything,
  delivery_info: orEmptyList(object({ delivery_status: text, destination_response: text, user_agent: text })),
});
const unisenderEvent = object({ event_name: z.string(), event_data: z.nullish(eventData) });

type EventData = z.infer<typeof eventData>;

const codes = {
  err_user_unknown: 'unknown_user',
  err_mailbox_full: 'mailbox_full',
  err_too_large: 'too_large',
  err_unreachable: 'network',
  err_lost: 'soft_bounced',
  err_user_inactive: 'disabled_account',
  err_domain_inactive: 'unknown_domain',
  err_destination_misconfigured: 'hard_bounced',
  err_mailbox_discarded: 'disabled_account',
  err_delivery_failed: 'hard_bounced',
  err_spam_rejected: 'spam_content',
  err_spam_skipped: 'rejected',
  err_blacklisted: 'rejected',
  // Unisender Go did not try.
  err_unsubscribed: 'suppressed',
  err_skip_letter: 'suppressed',
} as const satisfies Record<string, Label>;

const replyOf = ({ delivery_info }: EventData) => replyIn(delivery_info?.destination_response);

/** The code says more than the status, which also stands for emails that are tried again. */
function failed(word: 'deferred' | 'hard_bounced'): (event: EventData) => Failure | 'deferred' {
  return event => {
    const label = ownValue<Label>(codes, event.delivery_info?.delivery_status) ?? word;
    if (label === 'suppressed') return failureBy(label, 'rejected');
    const reply = replyOf(event);
    if (label !== 'deferred') return failureOf(reply, label);
    // It tries again, or does not say. Only a permanent code decides otherwise.
    return reply.enhancedCode?.startsWith('5.') ? failureOf(reply, 'soft_bounced') : label;
  };
}

const events = {
  sent: { statuses: ['sent'] },
  delivered: { statuses: ['delivered'] },
  opened: { statuses: ['opened'] },
  clicked: { statuses: ['link_clicked'] },
  spam: { statuses: ['marked_spam'] },
  soft_bounced: {
    statuses: ['deferred', 'soft_bounced', 'hard_bounced', 'invalid', 'rejected'],
    by: "the server's reply in destination_response (code and words), then delivery_status; deferred where it will try again or does not say",
    decide: failed('deferred'),
    causeOf: event => causeIn(replyOf(event)),
  },
  hard_bounced: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: "the server's reply in destination_response (code and words), then delivery_status",
    decide: failed('hard_bounced'),
  },
  unsubscribed: { statuses: [null] },
  subscribed: { statuses: [null] },
  // Any other kind of event concerns the account.
  'transactional_*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<EventData>>;

/** Unisender Go: up to 100 events a call, or one. */
export const unisendergo = {
  name: 'unisendergo',
  authentication: 'MD5 of the body with the API key in the place of the signature',
  secret: 'the API key of the user or of the project',
  secretKind: 'text',
  events,
  batched: true,
  // Unisender Go calls the URL so when somebody activates it.
  probes: { GET: () => ({ statusCode: 200 }) },

  verify({ body }, secrets) {
    const keys = usable(secrets);
    if (keys.length === 0) return 'no_secret_configured';
    // As latin1, so that bytes that are no UTF-8 stay as they were signed.
    const raw = body.toString('latin1');
    const auth = authIn.exec(raw);
    if (auth === null) return 'missing_signature';
    // With MD5 anybody can append to the signed text, but only after padding bytes, which JSON does not have.
    if (raw.includes('\0')) return 'malformed_signature';
    const [before, after] = [raw.slice(0, auth.index), raw.slice(auth.index + auth[0].length)];
    const expected = keys.map(key =>
      createHash('md5').update(before, 'latin1').update(key).update(after, 'latin1').digest('hex'),
    );
    return isOneOf(auth[0], expected) ? genuine : 'wrong_signature';
  },

  parse: jsonParser('unisendergo', unisenderEvent, read, { piecesOf }),
} as const satisfies Provider;

/** The value of the first "auth", before any event. */
const authIn = /(?<="auth"\s*:\s*")[0-9a-f]{32}(?=")/;

function piecesOf(envelope: unknown): readonly unknown[] | null {
  if (!isRecord(envelope)) return null;
  const { events_by_user, auth: _, ...single } = envelope;
  // With "single event" on, there is no list, and the data may stand beside the name.
  if (events_by_user === undefined) {
    return single.event_name === undefined ? null : [{ event_data: single, ...single }];
  }
  if (!Array.isArray(events_by_user)) return null;
  const lists = events_by_user.map(user => user?.events);
  return lists.every(Array.isArray) ? lists.flat() : null;
}

function read(
  { event_name, event_data: data }: z.infer<typeof unisenderEvent>,
  { metadata }: PieceContext,
): ParsedPiece {
  const name = event_name === 'transactional_email_status' ? (data?.status ?? '') : event_name;
  return draftsFor<EventData>(events, name, data ?? {}, status => [
    {
      ...attachedIds(data?.metadata, metadata),
      messageId: data?.job_id,
      recipient: data?.email,
      status,
      occurredAt: isoMillis(data?.event_time),
      providerEvent: name,
      reason: { code: data?.delivery_info?.delivery_status, ...replyOf(data ?? {}) },
      clickUrl: data?.url,
      userAgent: data?.delivery_info?.user_agent,
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Settings → Webhooks → Add: URL `{url}`, format JSON, "single event" on or off, compression off. Unisender Go calls the URL with GET when you activate it.',
    'Switch on every status of emails. Spam blocks concern the account: they are counted and not kept.',
  ],
  attach: 'Set `"metadata": { "account_id": "acme", "reference": "INV-7" }` (or `global_metadata`) in the send call.',
  register: 'the `job_id` that the send call returns; it covers all recipients of the call',
  subject: 'never',
  retries:
    'A page of its sister product says: every 10 minutes for 24 hours. For Go itself it is not documented. It waits 3 seconds for an answer.',
  refusedCalls: 'sent again',
  machines: null,
  notes: [
    'Unisender Go gives its events no id. Ours is made of message, recipient, event, time and link.',
    'Recipients that the send call refuses have no event.',
    'MD5 is weak: keep the API key long and secret.',
  ],
};
