import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { epochMillis, isoMillis } from '../runtime/time.ts';
import type { Status } from '../status/catalogue.ts';
import { type Failure, failureBy } from '../status/causes.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { evidenceOf } from './parsing/evidence.ts';
import { isRecord } from './parsing/exact-json.ts';
import { attachedIds } from './parsing/metadata.ts';
import { suppressionIn } from './parsing/own-words.ts';
import { jsonParser, type ParsedPiece, type PieceContext, unrelated } from './parsing/pieces.ts';
import { anything, object, text } from './parsing/schemas.ts';
import { causeIn, failureOf, type Label } from './parsing/signals.ts';
import { enhancedCodeIn, replyCodeOf } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyBasicAuth } from './signatures/basic-auth.ts';

/** Numbers and times come as text today, which may change. */
const scalar = z.nullish(z.union([z.string(), z.number(), z.boolean()]));

/** https://developers.sparkpost.com/api/webhooks/ */
const sparkpostEvent = object({
  type: z.string(),
  event_id: scalar,
  // Unix seconds, or ISO-8601.
  timestamp: scalar,
  transmission_id: scalar,
  message_id: scalar,
  rcpt_to: text,
  raw_rcpt_to: text,
  rcpt_meta: anything,
  rcpt_tags: anything,
  subject: text,
  bounce_class: scalar,
  error_code: scalar,
  reason: text,
  raw_reason: text,
  is_prefetched: scalar,
  target_link_url: text,
  user_agent: text,
});

type SparkpostEvent = z.infer<typeof sparkpostEvent>;

/**
 * Labels by bounce class; null changes no status, such as an automatic reply.
 * https://support.sparkpost.com/docs/deliverability/bounce-classification-codes
 */
const bounceClasses = {
  1: 'soft_bounced', // undetermined
  10: 'unknown_user', // invalid recipient
  20: 'soft_bounced', // soft bounce
  21: 'soft_bounced', // DNS failure
  22: 'mailbox_full', // mailbox full
  23: 'too_large', // too large
  24: 'expired', // timeout
  25: 'rejected', // admin failure: SparkPost did not try, whatever reply it repeats
  30: 'hard_bounced', // no recipient
  40: 'soft_bounced', // generic
  50: 'blocked', // mail block
  51: 'blocked', // spam block
  52: 'spam_content', // spam content
  53: 'policy', // prohibited attachment
  54: 'relay_denied', // relaying denied
  60: null, // automatic reply
  70: 'soft_bounced', // transient failure
  80: null, // subscribe
  90: null, // unsubscribe
  100: null, // challenge and response
} as const satisfies Record<number, Label | null>;

const replyOf = ({ raw_reason, reason, error_code }: SparkpostEvent) => {
  const reply = raw_reason || reason;
  return { enhancedCode: enhancedCodeIn(reply), code: replyCodeOf(String(error_code ?? '')), text: reply };
};

const labelOf = ({ bounce_class }: SparkpostEvent) => ownValue<Label | null>(bounceClasses, String(bounce_class ?? ''));

function bounced(event: SparkpostEvent): Failure | Status | null {
  const label = labelOf(event);
  if (label === null) return null;
  if (label === 'rejected') return suppressionIn(replyOf(event).text) ? failureBy('suppressed', label) : label;
  if (label !== undefined) return failureOf(replyOf(event), label);
  // An unknown class takes its cause from the reply, or is a note.
  const cause = causeIn(replyOf(event));
  return cause && failureBy(cause, 'soft_bounced');
}

const bounce = {
  statuses: ['soft_bounced', 'hard_bounced', 'invalid', 'rejected', null],
  by: "the server's reply in raw_reason (code and words), then bounce_class; bounce_class alone for 25, 60, 80, 90 and 100",
  decide: bounced,
} as const satisfies EventMeaning<SparkpostEvent>;

const events = {
  injection: { statuses: ['enqueued'] },
  delivery: { statuses: ['delivered'] },
  delay: { statuses: ['deferred'], causeOf: event => causeIn(replyOf(event), labelOf(event)) },
  bounce,
  out_of_band: bounce,
  policy_rejection: { statuses: ['rejected'], causeOf: event => suppressionIn(replyOf(event).text) },
  generation_rejection: { statuses: ['rejected'] },
  generation_failure: { statuses: ['rejected'] },
  spam_complaint: { statuses: ['marked_spam'] },
  // Both come for the first open: two events of one act.
  open: { statuses: ['opened'] },
  initial_open: { statuses: ['opened'] },
  amp_open: { statuses: ['opened'] },
  amp_initial_open: { statuses: ['opened'] },
  click: { statuses: ['link_clicked'] },
  amp_click: { statuses: ['link_clicked'] },
  list_unsubscribe: { statuses: [null] },
  link_unsubscribe: { statuses: [null] },
  'relay_*': { statuses: [] },
  'ab_test_*': { statuses: [] },
  'ingest_*': { statuses: [] },
  'sms_*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<SparkpostEvent>>;

/**
 * The event in `{"msys":{"message_event":{...}}}`; null in `{"msys":{}}`, which comes when somebody makes or tests the
 * webhook.
 */
const wrapped = z.pipe(
  z.transform((piece: unknown) => {
    const msys = isRecord(piece) ? piece.msys : undefined;
    if (typeof msys !== 'object' || msys === null) return undefined;
    const values: readonly unknown[] = Object.values(msys);
    // A future member beside the event must not hide it.
    return (
      values.find(value => typeof (value as { readonly type?: unknown } | null)?.type === 'string') ?? values[0] ?? null
    );
  }),
  z.nullable(sparkpostEvent),
);

/** SparkPost (Bird): batches of events, each within its class. */
export const sparkpost = {
  name: 'sparkpost',
  authentication: 'HTTP basic authentication; nothing is signed',
  secret: '`user:password`, as set for the webhook',
  secretKind: 'basic-auth',
  events,
  batched: true,
  verify: verifyBasicAuth,
  parse: jsonParser('sparkpost', wrapped, read, { batched: true }),
} as const satisfies Provider;

function read(event: SparkpostEvent | null, { metadata }: PieceContext): ParsedPiece {
  if (event === null) return unrelated;
  const { type, rcpt_meta } = event;
  const reply = replyOf(event);
  return draftsFor<SparkpostEvent>(events, type, event, status => [
    {
      ...attachedIds(rcpt_meta, metadata),
      messageId: String(event.transmission_id || event.message_id || ''),
      recipient: event.rcpt_to || event.raw_rcpt_to,
      status,
      occurredAt: millisOf(event.timestamp),
      providerEvent: type,
      eventId: event.event_id ? String(event.event_id) : null,
      // Only newer accounts report it, on opens.
      evidence: status === 'opened' ? evidenceOf(event.is_prefetched) : null,
      subject: event.subject,
      reason: {
        code: event.bounce_class ? `class ${event.bounce_class}` : reply.code,
        enhancedCode: reply.enhancedCode,
        text: reply.text,
      },
      clickUrl: event.target_link_url,
      userAgent: event.user_agent,
      tags: tagsIn(event.rcpt_tags, metadata),
    },
  ]);
}

function millisOf(timestamp: SparkpostEvent['timestamp']): number {
  const unix = Number(timestamp);
  return Number.isNaN(unix) ? isoMillis(String(timestamp)) : epochMillis(unix);
}

export const guide: Guide = {
  setUp: [
    'Configuration → Webhooks → Create webhook: target URL `{url}`.',
    'Authentication "Basic Auth" with the user and password of the secret.',
    'Switch on all message, engagement, generation and unsubscribe events.',
  ],
  attach: 'Set `"metadata": { "account_id": "acme", "reference": "INV-7" }` of the transmission or of a recipient.',
  register: 'the id of the transmission',
  subject: 'always',
  retries: 'SparkPost tries twelve times within 8 hours, with growing gaps. It waits 10 seconds for an answer.',
  refusedCalls: 'sent again',
  machines: '`is_prefetched` on an open is true for a machine, where the account has it.',
  notes: [
    'Engagement more than 60 days after sending comes without the id of the transmission. It is recorded under `message_id`, as an email of no account.',
    "Bird, its newer platform, has another product that signs differently. This page is about events under SparkPost's rules.",
  ],
};
