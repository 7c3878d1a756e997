import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { isoMillis } from '../runtime/time.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { evidenceOf } from './parsing/evidence.ts';
import { withoutBrackets } from './parsing/message-id.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, numberOrText, object, text } from './parsing/schemas.ts';
import { causeIn, failureOf, type Label } from './parsing/signals.ts';
import { enhancedCodeIn, replyCodeOf } from './parsing/smtp-reply.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyStandardWebhook } from './signatures/standard-webhooks.ts';
import { minute } from './signatures/timestamps.ts';

/** https://ahasend.com/docs/api-reference/webhooks */
const ahasendEvent = object({
  type: z.string(),
  timestamp: text,
  data: z.nullish(
    object({
      message_id_header: text,
      recipient: text,
      subject: text,
      is_bot: anything,
      url: text,
      user_agent: text,
      // Null or absent on a late bounce, which came back as an email.
      delivery_attempt: z.nullish(
        object({ classification: text, smtp_code: numberOrText, enhanced_status_code: text, response: text }),
      ),
    }),
  ),
});

type AhasendEvent = z.infer<typeof ahasendEvent>;

/** Its classes of failure. AhaSend may add others: an unknown class says only that the email bounced. */
const classes = {
  InvalidRecipient: 'unknown_user',
  BadDomain: 'unknown_domain',
  InactiveMailbox: 'disabled_account',
  QuotaIssues: 'mailbox_full',
  NoAnswerFromHost: 'network',
  BadConnection: 'network',
  MessageExpired: 'expired',
  InvalidSender: 'sender_rejected',
  AuthenticationFailed: 'authentication_failed',
  PolicyRelated: 'policy',
  TransientFailure: 'soft_bounced',
  DNSFailure: 'soft_bounced',
  RoutingErrors: 'soft_bounced',
} as const satisfies Record<string, Label>;

const classOf = ({ data }: AhasendEvent) => data?.delivery_attempt?.classification ?? '';

function replyOf({ data }: AhasendEvent) {
  const { enhanced_status_code: enhancedCode, smtp_code: code, response } = data?.delivery_attempt ?? {};
  return {
    enhancedCode: enhancedCodeIn(enhancedCode) ?? enhancedCodeIn(response),
    code: replyCodeOf(code),
    text: response,
  };
}

const events = {
  // Comes for incoming mail too, and does not say so.
  'message.reception': { statuses: ['enqueued'] },
  'message.transient_error': {
    statuses: ['deferred'],
    causeOf: event => causeIn(replyOf(event), ownValue<Label>(classes, classOf(event))),
  },
  'message.delivered': { statuses: ['delivered'] },
  // AhaSend has used up its tries.
  'message.failed': { statuses: ['soft_bounced'], cause: 'expired' },
  'message.bounced': {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: 'delivery_attempt: the reply and its enhanced_status_code, and the classification',
    decide: event => failureOf(replyOf(event), ownValue<Label>(classes, classOf(event)) ?? 'hard_bounced'),
  },
  'message.suppressed': { statuses: ['rejected'], cause: 'suppressed' },
  'message.opened': { statuses: ['opened'] },
  'message.clicked': { statuses: ['link_clicked'] },
  'suppression.*': { statuses: [] },
  'domain.*': { statuses: [] },
  // Incoming mail, and its older name.
  'message.routing': { statuses: [] },
  'route.*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<AhasendEvent>>;

/** AhaSend: one event a call. */
export const ahasend = {
  name: 'ahasend',
  authentication: 'HMAC-SHA256 over id, timestamp and body, as Standard Webhooks with another key',
  secret: "the webhook's secret, whole, with whatever it begins with",
  secretKind: 'text',
  events,
  batched: false,
  // The send call gives the id in angle brackets.
  messageIdOf: withoutBrackets,
  verify: (request, secrets) =>
    verifyStandardWebhook(request, secrets, 'webhook', {
      // Unlike in the standard, the secret is the key itself and is not decoded.
      keyOf: secret => secret,
      // AhaSend tries for about 16 minutes, perhaps with the first try's time.
      oldest: 30 * minute,
    }),
  parse: jsonParser('ahasend', ahasendEvent, read, { isUnrelated: unrelatedBy(events, 'type') }),
} as const satisfies Provider;

/** Events on which `is_bot` means something: on the others it is always false. */
const seen: readonly string[] = ['message.opened', 'message.clicked'];

function read(event: AhasendEvent, { headers }: PieceContext): ParsedPiece {
  const { data } = event;
  const { enhancedCode, code, text } = replyOf(event);
  return draftsFor<AhasendEvent>(events, event.type, event, status => [
    {
      messageId: withoutBrackets(data?.message_id_header),
      recipient: data?.recipient,
      status,
      occurredAt: isoMillis(event.timestamp),
      providerEvent: event.type,
      // `webhook_id` in the body names the webhook: it is the same in every call.
      eventId: headers['webhook-id'],
      evidence: seen.includes(event.type) ? evidenceOf(data?.is_bot) : null,
      subject: data?.subject,
      reason: { code: [classOf(event), code].filter(part => part).join(' '), enhancedCode, text },
      clickUrl: data?.url,
      userAgent: data?.user_agent,
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Webhooks → Add webhook: URL `{url}`.',
    'Switch on every `message.*` event but `message.routing`.',
    'Copy the whole secret. Libraries of Standard Webhooks decode it, AhaSend does not.',
  ],
  attach: 'AhaSend returns nothing of yours with its events.',
  register: 'the `id` that the send call returns, with or without angle brackets: it is the Message-ID',
  subject: 'always',
  retries:
    'AhaSend tries six more times within about 16 minutes, with growing gaps. After 100 failures in a row it switches the webhook off and mails its owner.',
  refusedCalls: 'sent again',
  machines: '`data.is_bot` on an open or a click is true for a machine.',
  notes: [
    '"message.reception" comes for incoming mail too, and does not say so. Such an email has no account and stays Enqueued. Leave the event off if AhaSend receives mail for you.',
    'AhaSend has no event for a complaint.',
  ],
};
