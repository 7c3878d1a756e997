import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { epochMillis } from '../runtime/time.ts';
import { type Failure, failureBy } from '../status/causes.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { idsAmong, idsInText, pairsInText } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext, unrelated } from './parsing/pieces.ts';
import { numberOrText, object, text } from './parsing/schemas.ts';
import { causeIn, failureOf, type Label } from './parsing/signals.ts';
import { enhancedCodeIn, replyIn } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyBasicAuth } from './signatures/basic-auth.ts';

/** https://dev.mailjet.com/email/guides/webhooks/ */
const mailjetEvent = object({
  event: z.string(),
  // Unix seconds.
  time: numberOrText,
  // Above 2^53, so the digits count.
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
  customcampaign: text,
});

type MailjetEvent = z.infer<typeof mailjetEvent>;

/** The words have been seen in `error` and in `error_related_to`. */
const errors = {
  'user unknown': 'unknown_user',
  'mailbox inactive': 'disabled_account',
  'quota exceeded': 'mailbox_full',
  blacklisted: 'suppressed',
  'spam reporter': 'suppressed',
  'invalid domain': 'unknown_domain',
  'no mail host': 'unknown_domain',
  'relay/access denied': 'relay_denied',
  greylisted: 'greylisted',
  // The domain is a known misspelling.
  typofix: 'unknown_user',
  'bad or empty template': 'rejected',
  'error in template language': 'rejected',
  'sender blocked': 'blocked',
  'content blocked': 'spam_content',
  'policy issue': 'policy',
  'system issue': 'soft_bounced',
  preblocked: 'suppressed',
  'duplicate in campaign': 'rejected',
} as const satisfies Record<string, Label>;

function labelOf({ error, error_related_to }: MailjetEvent): Label | null {
  const words = [error, error_related_to].map(word => word?.trim().toLowerCase() ?? '');
  return words.map(word => ownValue<Label>(errors, word)).find(label => label !== undefined) ?? null;
}

function bounced(event: MailjetEvent): Failure | 'deferred' {
  const label = labelOf(event);
  // Mailjet did not try, whatever reply it repeats.
  if (label === 'suppressed') return failureBy(label, 'rejected');
  const reply = replyIn(event.comment);
  if (label === 'greylisted' && !event.hard_bounce && !reply.enhancedCode?.startsWith('5.')) return 'deferred';
  const failure = failureOf(reply, label ?? (event.hard_bounce ? 'hard_bounced' : 'soft_bounced'));
  // Mailjet calls the failure temporary. It stays so unless the server says otherwise or the address does not exist.
  const isTemporary = event.hard_bounce === false || event.hard_bounce === 0;
  const isOwnWord = failure.cause === label && label !== 'unknown_user' && causeIn(reply) === null;
  return isTemporary && isOwnWord ? { ...failure, status: 'soft_bounced' } : failure;
}

function blocked(event: MailjetEvent): Failure | 'deferred' {
  const label = labelOf(event) ?? 'rejected';
  return label === 'greylisted' ? 'deferred' : failureOf({}, label);
}

const events = {
  // The receiving server took the email: https://dev.mailjet.com/email/guides/webhooks/#sent-event
  sent: { statuses: ['delivered'] },
  bounce: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'deferred', 'rejected'],
    by: "the server's reply in comment (code and words), then error and error_related_to, then hard_bounce; deferred where greylisted and not hard",
    decide: bounced,
    causeOf: event => causeIn(replyIn(event.comment), labelOf(event)),
  },
  blocked: {
    statuses: ['rejected', 'invalid', 'hard_bounced', 'soft_bounced', 'deferred'],
    by: 'error and error_related_to',
    decide: blocked,
    cause: 'greylisted',
  },
  spam: { statuses: ['marked_spam'] },
  open: { statuses: ['opened'] },
  click: { statuses: ['link_clicked'] },
  unsub: { statuses: [null] },
} as const satisfies Record<string, EventMeaning<MailjetEvent>>;

/** Mailjet (Sinch): one event a call, or all events of a second. */
export const mailjet = {
  name: 'mailjet',
  authentication: 'HTTP basic authentication; nothing is signed',
  secret: "`user:password`, as in the webhook's URL",
  secretKind: 'basic-auth',
  events,
  batched: true,
  verify: verifyBasicAuth,
  // Somebody may switch grouping on or off at any time.
  parse: jsonParser('mailjet', mailjetEvent, read, { batched: 'optional' }),
} as const satisfies Provider;

/**
 * Whether an event is the dashboard's test of the URL: it has the members for address and message, and they are empty.
 */
function isTest({ email, MessageID, Message_GUID }: MailjetEvent): boolean {
  const names = [email, MessageID, Message_GUID].filter(name => name !== undefined && name !== null);
  return names.length > 0 && names.every(name => name === '' || Number(name) === 0);
}

function read(event: MailjetEvent, { metadata }: PieceContext): ParsedPiece {
  if (isTest(event)) return unrelated;
  const { error, error_related_to, comment } = event;
  const custom = String(event.CustomID ?? '');
  const pairs = [...pairsInText(event.Payload ?? '', metadata), ...pairsInText(custom, metadata)];
  const ids = idsAmong(pairs, metadata);
  const isNamed = pairs.some(([name]) => name === metadata.reference);
  return draftsFor<MailjetEvent>(events, event.event, event, status => [
    {
      accountId: ids.accountId,
      reference: isNamed ? ids.reference : idsInText(custom, metadata, 'reference').reference,
      messageId: event.MessageID ? String(event.MessageID) : event.Message_GUID,
      recipient: event.email,
      status,
      occurredAt: epochMillis(Number(event.time)),
      providerEvent: event.event,
      reason: {
        code: [error_related_to, error].filter(part => part).join(': ') || event.source,
        enhancedCode: enhancedCodeIn(comment),
        text: comment || event.smtp_reply,
      },
      clickUrl: event.url,
      userAgent: event.agent,
      tags: tagsIn(event.customcampaign, metadata),
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Account settings → Event notifications (webhooks): URL `https://user:password@YOUR-API/webhooks/mailjet`, with the user and password of the secret.',
    'Switch on sent, open, click, bounce, spam, blocked and unsub. "Group events" may be on or off.',
  ],
  attach:
    'Set `"EventPayload": "{\\"account_id\\":\\"acme\\",\\"reference\\":\\"INV-7\\"}"` in the send call. `CustomID` takes the same JSON, or `account_id:acme|reference:INV-7`. Any other `CustomID` is the reference.',
  register:
    'the `MessageID` that the send call returns for that recipient, as text: a JavaScript number would round it',
  subject: 'never',
  retries:
    'Mailjet retries every 30 seconds for 24 hours, until the answer is exactly 200. Then it suspends the webhook until you edit its URL.',
  refusedCalls: 'sent again',
  machines: null,
  notes: [
    '`Message_GUID` is the message id of an event without `MessageID`.',
    'Its "sent" says that the receiving server took the message: Delivered.',
    'Mailjet gives its events no id. Ours is made of message, recipient, event, time and link.',
  ],
};
