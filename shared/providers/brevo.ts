import * as z from 'zod/mini';
import { epochMillis } from '../runtime/time.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { withoutBrackets } from './parsing/message-id.ts';
import { attachedIds, idsInText } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, numberOrText, object, text, textOrList } from './parsing/schemas.ts';
import { causeIn, failureOf } from './parsing/signals.ts';
import { replyIn } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyBasicAuth } from './signatures/basic-auth.ts';

/** https://developers.brevo.com/docs/transactional-webhooks */
const brevoEvent = object({
  // `id` is the number of the webhook. Events have none.
  event: z.string(),
  // A list if contacts were deleted.
  email: textOrList,
  'message-id': text,
  // Unix seconds, UTC.
  ts_event: numberOrText,
  // Documented as milliseconds, and seen with ten digits.
  ts_epoch: numberOrText,
  // In the account's time zone, so it is the last choice.
  ts: numberOrText,
  subject: text,
  reason: text,
  link: text,
  user_agent: text,
  'X-Mailin-custom': anything,
  // A list, and the same as JSON text.
  tags: anything,
  tag: anything,
});

type BrevoEvent = z.infer<typeof brevoEvent>;

const replyOf = ({ reason }: BrevoEvent) => replyIn(reason);

const softBounce = {
  statuses: ['soft_bounced', 'hard_bounced', 'invalid', 'rejected'],
  by: "the server's reply in reason (code and words), then the event's name",
  decide: event => failureOf(replyOf(event), 'soft_bounced'),
} as const satisfies EventMeaning<BrevoEvent>;

const hardBounced = {
  statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
  by: "the server's reply in reason (code and words), then the event's name",
  decide: event => failureOf(replyOf(event), 'hard_bounced'),
} as const satisfies EventMeaning<BrevoEvent>;

const invalid = { statuses: ['invalid'], cause: 'unknown_user' } as const satisfies EventMeaning<BrevoEvent>;

/** Each event has two names, one of the event and one of the webhook's settings. Brevo has sent either. */
const events = {
  request: { statuses: ['enqueued'] },
  sent: { statuses: ['enqueued'] },
  delivered: { statuses: ['delivered'] },
  deferred: { statuses: ['deferred'], causeOf: event => causeIn(replyOf(event)) },
  soft_bounce: softBounce,
  softBounce,
  hard_bounce: hardBounced,
  hardBounce: hardBounced,
  invalid_email: invalid,
  invalid,
  // Brevo did not try: it blocks the contact after an earlier bounce, complaint or unsubscribe.
  blocked: { statuses: ['rejected'], cause: 'suppressed' },
  error: { statuses: ['rejected'], causeOf: event => causeIn(replyOf(event)) },
  spam: { statuses: ['marked_spam'] },
  complaint: { statuses: ['marked_spam'] },
  opened: { statuses: ['opened'] },
  unique_opened: { statuses: ['opened'] },
  uniqueOpened: { statuses: ['opened'] },
  proxy_open: { statuses: ['opened'] },
  proxyOpen: { statuses: ['opened'] },
  unique_proxy_open: { statuses: ['opened'] },
  uniqueProxyOpen: { statuses: ['opened'] },
  click: { statuses: ['link_clicked'] },
  unsubscribed: { statuses: [null] },
  unsubscribe: { statuses: [null] },
  'list_addition*': { statuses: [] },
  'listAddition*': { statuses: [] },
  'contact_*': { statuses: [] },
  'contactUpdated*': { statuses: [] },
  'contactDeleted*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<BrevoEvent>>;

/** Brevo, formerly Sendinblue: one event a call, or batches of up to 500. */
export const brevo = {
  name: 'brevo',
  authentication: 'HTTP basic authentication; nothing is signed',
  secret: "`user:password`, as set in the webhook's URL or authentication",
  secretKind: 'basic-auth',
  events,
  batched: true,
  messageIdOf: withoutBrackets,
  verify: verifyBasicAuth,
  parse: jsonParser('brevo', brevoEvent, read, { batched: 'optional', isUnrelated: unrelatedBy(events, 'event') }),
} as const satisfies Provider;

function read(event: BrevoEvent, { metadata }: PieceContext): ParsedPiece {
  const { link, 'X-Mailin-custom': custom } = event;
  const times = [event.ts_event, event.ts_epoch, event.ts].map(Number);
  return draftsFor<BrevoEvent>(events, event.event, event, status => [
    {
      ...(typeof custom === 'string' ? idsInText(custom, metadata) : attachedIds(custom, metadata)),
      messageId: withoutBrackets(event['message-id']),
      recipient: typeof event.email === 'string' ? event.email : null,
      status,
      occurredAt: epochMillis(times.find(time => time > 0) ?? Number.NaN),
      providerEvent: event.event,
      // A privacy proxy or a prefetch.
      evidence: /proxy/i.test(event.event) ? 'machine' : null,
      subject: event.subject,
      reason: replyOf(event),
      clickUrl: link,
      userAgent: event.user_agent,
      tags: tagsIn(event.tags ?? event.tag, metadata),
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Transactional → Settings → Webhook → Add a new webhook: URL `{url}`.',
    'Authentication method "Basic" with the user and password of the secret. A URL such as `https://user:password@...` will do as well.',
    'Switch on every transactional event. "Batch" may be on or off.',
  ],
  attach:
    'Set the header `X-Mailin-custom: account_id:acme|reference:INV-7`. It may hold JSON: `{"account_id":"acme","reference":"INV-7"}`. The recipient can read it.',
  register: 'the `messageId` that the send call returns, with or without angle brackets',
  subject: 'always',
  retries:
    'Brevo sends a request five times within about 11 hours: again after 10 minutes, 1, 2 and 8 hours. After any 4xx but 429 it drops the event. Watch the alarm on refused requests while you set the password.',
  refusedCalls: 'lost',
  machines: '`proxy_open` and `unique_proxy_open` are events of their own, for a privacy proxy or a prefetch.',
  notes: [
    'Brevo gives its events no id. Ours is made of message, recipient, event, time and link.',
    'Brevo pauses an address that answers slowly for 10 minutes.',
  ],
};
