import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { epochMillis } from '../runtime/time.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { exactJson, isRecord } from './parsing/exact-json.ts';
import { attachedIds } from './parsing/metadata.ts';
import { suppressionIn } from './parsing/own-words.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, numberOrText, object, text } from './parsing/schemas.ts';
import { causeIn, failureOf, type Label } from './parsing/signals.ts';
import { enhancedCodeIn, replyCodeOf } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider, ProviderRequest } from './provider.ts';
import { verifyHexHmac } from './signatures/hmac.ts';

/** https://docs.mailtrap.io/email-api-smtp/advanced/webhooks */
const mailtrapEvent = object({
  event: z.string(),
  event_id: text,
  // Unix seconds.
  timestamp: numberOrText,
  message_id: text,
  email: text,
  custom_variables: anything,
  category: text,
  reason: text,
  response: text,
  response_code: numberOrText,
  bounce_category: text,
  url: text,
  user_agent: text,
});

type MailtrapEvent = z.infer<typeof mailtrapEvent>;

/** The vendor's whole list of categories. The cause of each is our own choice. */
const categories = {
  badrecipient: 'unknown_user',
  overquota: 'mailbox_full',
  timeout: 'network',
  transientfail: 'soft_bounced',
  greylisting: 'greylisted',
  dnsFail: 'unknown_domain',
  generalfail: 'hard_bounced',
  serverfail: 'hard_bounced',
  other: 'hard_bounced',
  block: 'blocked',
  content: 'spam_content',
  spam: 'spam_content',
  spam_gmail: 'spam_content',
  serverpolicy: 'policy',
  badsender: 'sender_rejected',
  relayfail: 'relay_denied',
  verifyfail: 'rejected',
} as const satisfies Record<string, Label>;

const replyOf = ({ response, response_code }: MailtrapEvent) => ({
  enhancedCode: enhancedCodeIn(response),
  code: replyCodeOf(response_code),
  text: response,
});

const labelOf = ({ bounce_category }: MailtrapEvent) => ownValue<Label>(categories, bounce_category) ?? 'hard_bounced';

const events = {
  delivery: { statuses: ['delivered'] },
  // Mailtrap tries ten more times.
  'soft bounce': { statuses: ['deferred'], causeOf: event => causeIn(replyOf(event), labelOf(event)) },
  bounce: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: "the server's reply in response (code and words), then bounce_category",
    decide: event => failureOf(replyOf(event), labelOf(event)),
  },
  // The domain is not verified yet, or a limit is reached: Mailtrap looks at the email again.
  suspension: { statuses: ['enqueued'] },
  reject: { statuses: ['rejected'], causeOf: ({ reason }) => suppressionIn(reason) },
  open: { statuses: ['opened'] },
  click: { statuses: ['link_clicked'] },
  spam: { statuses: ['marked_spam'] },
  unsubscribe: { statuses: [null] },
  'activity_log.*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<MailtrapEvent>>;

/** Mailtrap: up to 500 events a call, as JSON or as JSON Lines. */
export const mailtrap = {
  name: 'mailtrap',
  authentication: 'HMAC-SHA256 over the body',
  secret: "the webhook's signature key: its hexadecimal characters, as they are",
  secretKind: 'text',
  events,
  batched: true,
  // The signature holds no time. A request that comes again changes nothing.
  verify: ({ headers, body }, secrets) => verifyHexHmac(headers['mailtrap-signature'], secrets, body),
  parse: jsonParser('mailtrap', mailtrapEvent, read, { isLines, piecesOf, isUnrelated: unrelatedBy(events, 'event') }),
} as const satisfies Provider;

/** The first line decides, if it is a whole event. The content type may be wrong. */
function isLines({ body }: ProviderRequest): boolean {
  const end = body.indexOf('\n');
  const line = body.subarray(0, end < 0 ? body.length : end);
  if (line.length > maxLineLength) return false;
  const first = exactJson(line.toString());
  return isRecord(first) && 'event' in first && !('events' in first);
}

/** Longer than any event, in bytes. */
const maxLineLength = 10_000;

function piecesOf(envelope: unknown): readonly unknown[] | null {
  return isRecord(envelope) && Array.isArray(envelope.events) ? envelope.events : null;
}

function read(event: MailtrapEvent, { metadata }: PieceContext): ParsedPiece {
  const { response, reason, response_code, bounce_category } = event;
  return draftsFor<MailtrapEvent>(events, event.event, event, status => [
    {
      ...attachedIds(event.custom_variables, metadata),
      messageId: event.message_id,
      recipient: event.email,
      status,
      occurredAt: epochMillis(Number(event.timestamp)),
      providerEvent: event.event,
      // The vendor's samples use one id for different events.
      eventId: event.event_id ? `${event.event.replaceAll(' ', '-')}-${event.event_id}` : null,
      reason: {
        code: [bounce_category, response_code].filter(part => part).join(' '),
        enhancedCode: replyOf(event).enhancedCode,
        text: response ?? reason,
      },
      clickUrl: event.url,
      userAgent: event.user_agent,
      tags: tagsIn(event.category, metadata),
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Settings → Webhooks → Create webhook: URL `{url}`, format JSON or JSON Lines, with your stream and domains.',
    'Switch on delivery, soft bounce, bounce, suspension, reject, open, click, spam and unsubscribe.',
    'Copy the signature key.',
  ],
  attach: 'Set `"custom_variables": { "account_id": "acme", "reference": "INV-7" }` in the send call.',
  register: 'the id of that recipient among the `message_ids` that the send call returns',
  subject: 'never',
  retries:
    'Mailtrap retries the whole batch every 5 minutes for 3 hours and 20 minutes, until the answer is 200. Then it pauses the webhook, and you have to resume it by hand.',
  refusedCalls: 'sent again',
  machines: null,
  notes: ['A webhook covers one stream: make one for each.', 'Mailtrap has no event for queued or sent.'],
};
