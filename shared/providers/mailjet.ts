import * as z from 'zod/mini';
import { lookUp } from '../look-up.ts';
import type { Status } from '../status.ts';
import { epochMillis } from '../time.ts';
import { verifyBasicAuth } from './basic-auth.ts';
import type { EventMeaning, Guide, Provider, ReadingContext } from './provider.ts';
import { idsAmong, idsInText, interpreted, type PieceReading, pairsInText, readJson } from './reading.ts';
import { numberOrText, object, text } from './shape.ts';
import { enhancedCodeIn, hardBounce, labelledFailure, replyIn } from './smtp-reply.ts';

/** https://dev.mailjet.com/email/guides/webhooks/ */
const mailjetEvent = object({
  event: z.string(),
  // Unix seconds.
  time: numberOrText,
  // Above 2^53: the digits that were sent.
  MessageID: numberOrText,
  Message_GUID: text,
  email: text,
  CustomID: numberOrText,
  Payload: text,
  hard_bounce: z.nullish(z.union([z.boolean(), z.number()])),
  error_related_to: text,
  error: text,
  comment: text,
  smtp_reply: text,
  source: text,
  url: text,
  agent: text,
});

type MailjetEvent = z.infer<typeof mailjetEvent>;

/** Looked up in `error` and in `error_related_to`: the words have been seen in either. */
const errors = {
  'user unknown': 'invalid',
  'mailbox inactive': 'hard_bounced',
  'quota exceeded': 'soft_bounced',
  blacklisted: 'rejected',
  'spam reporter': 'rejected',
  'invalid domain': 'hard_bounced',
  'no mail host': 'hard_bounced',
  'relay/access denied': 'rejected',
  greylisted: 'deferred',
  typofix: 'invalid',
  'bad or empty template': 'rejected',
  'error in template language': 'rejected',
  'sender blocked': 'rejected',
  'content blocked': 'rejected',
  'policy issue': 'rejected',
  'system issue': 'soft_bounced',
  preblocked: 'rejected',
  'duplicate in campaign': 'rejected',
} as const satisfies Record<string, Status>;

function labelOf({ error, error_related_to }: MailjetEvent): Status | null {
  const words = [error, error_related_to].map(word => word?.trim().toLowerCase() ?? '');
  return words.map(word => lookUp<Status>(errors, word)).find(label => label !== undefined) ?? null;
}

function bounced(event: MailjetEvent): Status {
  const reply = replyIn(event.comment);
  const label = labelOf(event);
  if (label === 'deferred' && !event.hard_bounce && !reply.enhancedCode?.startsWith('5.')) return label;
  if (label === null && event.hard_bounce) return hardBounce(reply);
  // What is said not to be for good is not, unless it is the address that does not exist.
  const temporary = event.hard_bounce === false || event.hard_bounce === 0 || label === 'deferred';
  return labelledFailure(reply, temporary && label !== 'invalid' ? 'soft_bounced' : (label ?? 'soft_bounced'));
}

const events = {
  // The receiving server has accepted it: https://dev.mailjet.com/email/guides/webhooks/#sent-event
  sent: { statuses: ['delivered'] },
  bounce: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'deferred', 'rejected'],
    by: 'the enhanced status code in comment; an unknown user; then hard_bounce, and of what is hard error and error_related_to',
    decide: bounced,
  },
  blocked: {
    statuses: ['rejected', 'invalid', 'hard_bounced', 'soft_bounced', 'deferred'],
    by: 'error and error_related_to',
    decide: event => labelOf(event) ?? 'rejected',
  },
  spam: { statuses: ['marked_spam'] },
  open: { statuses: ['opened'] },
  click: { statuses: ['link_clicked'] },
  unsub: { statuses: [null] },
} as const satisfies Record<string, EventMeaning<MailjetEvent>>;

/** Mailjet (Sinch): one event a call, or all of a second. */
export const mailjet = {
  name: 'mailjet',
  title: 'Mailjet',
  authentication: 'HTTP basic authentication; nothing is signed',
  secret: "`user:password`, as in the webhook's URL",
  secretKind: 'basic-auth',
  events,
  batched: true,
  verify: verifyBasicAuth,
  // Whether it groups is a setting that somebody may change at any time.
  parse: (request, context) => readJson(request, mailjetEvent, event => read(event, context), { batched: 'optional' }),
} as const satisfies Provider;

function read(event: MailjetEvent, { metadata }: ReadingContext): PieceReading {
  const { error, error_related_to, comment } = event;
  const custom = String(event.CustomID ?? '');
  const pairs = [...pairsInText(event.Payload ?? '', metadata), ...pairsInText(custom, metadata)];
  const ids = idsAmong(pairs, metadata);
  const isNamed = pairs.some(([name]) => name === metadata.reference);
  return interpreted<MailjetEvent>(events, event.event, event, status => [
    {
      accountId: ids.accountId,
      reference: isNamed ? ids.reference : idsInText(custom, metadata, 'reference').reference,
      provider: 'mailjet',
      messageId: event.MessageID ? String(event.MessageID) : (event.Message_GUID ?? ''),
      recipient: event.email ?? '',
      status,
      occurredAt: epochMillis(Number(event.time ?? Number.NaN)),
      providerEvent: event.event,
      reason: {
        code: [error_related_to, error].filter(part => part).join(': ') || event.source || undefined,
        enhancedCode: enhancedCodeIn(comment),
        text: comment || event.smtp_reply || undefined,
      },
      clickUrl: event.url ?? undefined,
      userAgent: event.agent ?? undefined,
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Account settings → Event notifications (webhooks): URL `https://user:password@YOUR-API/webhooks/mailjet`, that is, `{url}` with the user and password of the secret in it.',
    'Switch on sent, open, click, bounce, spam, blocked and unsub; "group events" may be on or off.',
  ],
  attach:
    '`"EventPayload": "{\\"account_id\\":\\"acme\\",\\"reference\\":\\"INV-7\\"}"` in the send call; or the same JSON, or `account_id:acme|reference:INV-7`, in `CustomID`. A plain `CustomID` is taken for the reference.',
  register:
    'the `MessageID` that the send call returns for that recipient, as text of its digits: as a JavaScript number it would be rounded',
  retries:
    'Every 30 seconds for 24 hours, until it is answered exactly 200; then the webhook is suspended until its URL is edited.',
  refusedCalls: 'sent again',
  machines: null,
  notes: [
    '`Message_GUID` is taken for the id of the message where an event has no `MessageID`.',
    'Its "sent" says that the receiving server has accepted the message: Delivered.',
    'Mailjet gives its events no id: ours is made of message, recipient, event, time and link.',
  ],
};
