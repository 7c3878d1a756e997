import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { epochMillis } from '../runtime/time.ts';
import type { Cause } from '../status/causes.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { bodyFields, fieldsByName } from './parsing/forms.ts';
import { attachedIds } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, numberOrText, object, text } from './parsing/schemas.ts';
import { causeIn, failureOf, type Label } from './parsing/signals.ts';
import { replyIn } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider, ProviderRequest, Verification } from './provider.ts';
import { strictBase64 } from './signatures/encodings.ts';
import { isHmacOf } from './signatures/hmac.ts';
import { genuine, usable } from './signatures/verification.ts';

/** https://mailchimp.com/developer/transactional/docs/webhooks/ */
const mandrillEvent = object({
  event: text,
  // Replaces `event` in events about the suppression lists.
  type: text,
  _id: text,
  // Unix seconds. `msg.ts` is when the message was sent.
  ts: numberOrText,
  url: text,
  user_agent: text,
  msg: z.nullish(
    object({
      _id: text,
      email: text,
      subject: text,
      state: text,
      diag: text,
      bounce_description: text,
      smtp_events: z.nullish(z.array(object({ diag: text }))),
      metadata: anything,
      tags: anything,
    }),
  ),
});

type MandrillEvent = z.infer<typeof mandrillEvent>;

/** Descriptions that have been seen. The vendor publishes no whole list. */
const descriptions = {
  bad_mailbox: 'unknown_user',
  invalid_domain: 'unknown_domain',
  mailbox_full: 'mailbox_full',
} as const satisfies Record<string, Cause>;

const replyOf = ({ msg }: MandrillEvent) => replyIn(msg?.diag || msg?.smtp_events?.at(-1)?.diag);

const causeStated = ({ msg }: MandrillEvent) => ownValue<Cause>(descriptions, msg?.bounce_description);

function bounced(event: MandrillEvent, label: Label) {
  return failureOf(replyOf(event), causeStated(event) ?? label);
}

const events = {
  send: { statuses: ['sent'] },
  deferral: { statuses: ['deferred'], causeOf: event => causeIn(replyOf(event), causeStated(event)) },
  delivered: { statuses: ['delivered'] },
  hard_bounce: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: "the server's reply in msg.diag (code and words), then msg.bounce_description, then the event's name",
    decide: event => bounced(event, 'hard_bounced'),
  },
  soft_bounce: {
    statuses: ['soft_bounced', 'hard_bounced', 'invalid', 'rejected'],
    by: "the server's reply in msg.diag (code and words), then msg.bounce_description, then the event's name",
    decide: event => bounced(event, 'soft_bounced'),
  },
  reject: { statuses: ['rejected'] },
  spam: { statuses: ['marked_spam'] },
  open: { statuses: ['opened'] },
  click: { statuses: ['link_clicked'] },
  unsub: { statuses: [null] },
  inbound: { statuses: [] },
  whitelist: { statuses: [] },
  allowlist: { statuses: [] },
  blacklist: { statuses: [] },
  denylist: { statuses: [] },
} as const satisfies Record<string, EventMeaning<MandrillEvent>>;

/** In bytes. */
const maxTestBytes = 1_000;

/** A public key. Mandrill signs the empty batch of a test with it, and it proves nothing else. */
const publicTestKey = 'test-webhook';

/** Mandrill, Mailchimp's Transactional Email: batches of up to 1,000 events in a form. */
export const mandrill = {
  name: 'mandrill',
  authentication: "HMAC-SHA1 over the webhook's URL and the form",
  secret: "the webhook's key; if its URL is not exactly this one, the key, a blank and that URL",
  secretKind: 'text',
  events,
  batched: true,
  handshake(request, secrets) {
    if (request.body.length > maxTestBytes || fieldsByName(bodyFields(request.body))?.mandrill_events !== '[]')
      return null;
    const urls = [request.url, ...usable(secrets).flatMap(secret => keyAndUrl(secret, request).url)];
    const tests = urls.some(url => verified(request, [`${publicTestKey} ${url}`]) === genuine);
    return tests ? ({ statusCode: 200 } as const) : null;
  },
  verify: (request, secrets) =>
    verified(
      request,
      secrets.filter(secret => keyAndUrl(secret, request).key !== publicTestKey),
    ),
  parse: jsonParser('mandrill', mandrillEvent, read, {
    batched: true,
    textOf: ({ body }) => fieldsByName(bodyFields(body))?.mandrill_events ?? null,
    isUnrelated: unrelatedBy(events, 'event', 'type'),
  }),
} as const satisfies Provider;

/** https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/#authenticating-webhook-requests */
function verified(request: ProviderRequest, secrets: readonly string[]): Verification {
  const keys = usable(secrets);
  if (keys.length === 0) return 'no_secret_configured';
  const signature = request.headers['x-mandrill-signature']?.trim();
  if (!signature) return 'missing_signature';
  const bytes = signature.length > 100 ? null : strictBase64(signature);
  if (bytes?.length !== 20) return 'malformed_signature';
  const fields = fieldsByName(bodyFields(request.body));
  if (fields === null) return 'malformed_signature';
  const signed = Object.keys(fields)
    .sort()
    .map(name => name + fields[name])
    .join('');
  const matches = keys.map(secret => {
    const { key, url } = keyAndUrl(secret, request);
    return isHmacOf(bytes, 'sha1', [key], url, signed);
  });
  return matches.includes(true) ? genuine : 'wrong_signature';
}

/** Mandrill signs the URL as it stands in the dashboard, which may differ from the URL that arrives here. */
function keyAndUrl(secret: string, request: ProviderRequest): { readonly key: string; readonly url: string } {
  const [key = '', url = request.url] = secret.trim().split(/\s+/);
  return { key, url };
}

function read(event: MandrillEvent, { metadata }: PieceContext): ParsedPiece {
  const { msg } = event;
  const name = event.event ?? event.type ?? '';
  return draftsFor<MandrillEvent>(events, name, event, status => [
    {
      ...attachedIds(msg?.metadata, metadata),
      messageId: event._id ?? msg?._id,
      recipient: msg?.email,
      status,
      occurredAt: epochMillis(Number(event.ts)),
      providerEvent: name,
      subject: msg?.subject,
      reason: {
        code: msg?.bounce_description ?? (status === 'rejected' ? msg?.state : null),
        ...replyOf(event),
      },
      clickUrl: event.url,
      userAgent: event.user_agent,
      tags: tagsIn(msg?.tags, metadata),
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Settings → Webhooks → Add a webhook: post to URL `{url}`. Mandrill tests the webhook before it saves it.',
    'Switch on Sent, Delayed, Delivered, Bounced, Soft-bounced, Rejected, Opened, Clicked, Marked as Spam and Unsubscribed.',
    'Copy the key.',
    'Mandrill signs the URL too. If yours is not exactly `{url}`, the secret is the key, a blank, and your URL.',
  ],
  attach:
    'Set `"metadata": { "account_id": "acme", "reference": "INV-7" }` in the send call, or the header `X-MC-Metadata` with the same JSON.',
  register: 'the `_id` that the send call returns for that recipient',
  subject: 'always',
  retries:
    'Mandrill retries a failed batch by itself and holds newer events back meanwhile. A person can give a batch up. The schedule is not documented.',
  refusedCalls: 'sent again',
  machines: null,
  notes: [
    'Mandrill gives its events no id. Ours is made of message, recipient, event, time and link.',
    'Its signature holds no time. A request that comes again changes nothing.',
    'Its reason for a rejection is not documented as a field: `msg.state` is kept.',
  ],
};
