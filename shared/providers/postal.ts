import { createVerify, type KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import { epochMillis } from '../runtime/time.ts';
import { type Failure, failureBy } from '../status/causes.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { statementIn, suppressionIn } from './parsing/own-words.ts';
import { jsonParser, type ParsedPiece, type PieceContext, unrelated } from './parsing/pieces.ts';
import { numberOrText, object, text } from './parsing/schemas.ts';
import { causeIn, failureOf } from './parsing/signals.ts';
import { enhancedCodeAmong } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { strictBase64 } from './signatures/encodings.ts';
import { publicKey } from './signatures/public-keys.ts';
import { genuine, usable } from './signatures/verification.ts';

const message = object({
  id: numberOrText,
  token: text,
  direction: text,
  to: text,
  subject: text,
  tag: text,
});

/** https://docs.postalserver.io/developer/webhooks */
const postalEvent = object({
  event: z.string(),
  // Unix seconds with a fraction.
  timestamp: numberOrText,
  uuid: text,
  payload: z.nullish(
    object({
      message: z.nullish(message),
      original_message: z.nullish(message),
      status: text,
      details: text,
      output: text,
      url: text,
      user_agent: text,
    }),
  ),
});

type PostalEvent = z.infer<typeof postalEvent>;

const replyOf = ({ payload }: PostalEvent) => ({
  enhancedCode: enhancedCodeAmong(payload?.output, payload?.details),
  // Further sentences report what Postal did, such as adding the recipient to its suppression list.
  text: payload?.output || statementIn(payload?.details),
});

/** An email that is held for an earlier bounce is never sent. For any other reason somebody may still release it. */
function held({ payload }: PostalEvent): Failure | 'enqueued' {
  return suppressionIn(payload?.details) ? failureBy('suppressed', 'rejected') : 'enqueued';
}

const events = {
  MessageSent: { statuses: ['delivered'] },
  MessageDelayed: { statuses: ['deferred'], causeOf: event => causeIn(replyOf(event)) },
  MessageDeliveryFailed: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: "the server's reply in output (code and words), then the event's name",
    decide: event => failureOf(replyOf(event), 'hard_bounced'),
  },
  MessageHeld: {
    statuses: ['enqueued', 'rejected'],
    by: 'rejected where details name the suppression list',
    decide: held,
  },
  MessageBounced: { statuses: ['hard_bounced'], cause: 'unspecified' },
  MessageLoaded: { statuses: ['opened'] },
  MessageLinkClicked: { statuses: ['link_clicked'] },
  'Domain*': { statuses: [] },
  'SendLimit*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<PostalEvent>>;

/** Postal, self-hosted: one event a call. */
export const postal = {
  name: 'postal',
  authentication: 'RSA signature over the body (SHA-256, or SHA-1 of older installations)',
  secret: "the server's public signing key: base64, PEM, or its DKIM record",
  secretKind: 'rsa',
  events,
  batched: false,

  verify({ headers, body }, secrets) {
    const keys = usable(secrets).flatMap(secret => rsaKey(secret) ?? []);
    if (keys.length === 0) return 'no_secret_configured';
    const newer = headers['x-postal-signature-256']?.trim();
    const signature = newer || headers['x-postal-signature']?.trim();
    if (!signature) return 'missing_signature';
    const bytes = signature.length > 2_000 ? null : strictBase64(signature);
    if (bytes === null) return 'malformed_signature';
    const algorithm = newer ? 'RSA-SHA256' : 'RSA-SHA1';
    const isGenuine = keys.some(key => createVerify(algorithm).update(body).verify(key, bytes));
    return isGenuine ? genuine : 'wrong_signature';
  },

  parse: jsonParser('postal', postalEvent, read, { isUnrelated: unrelatedBy(events, 'event') }),
} as const satisfies Provider;

function read(event: PostalEvent, { metadata }: PieceContext): ParsedPiece {
  const { payload } = event;
  const about = payload?.original_message ?? payload?.message;
  // Incoming mail has the same events.
  if (about?.direction === 'incoming') return unrelated;
  return draftsFor<PostalEvent>(events, event.event, event, status => [
    {
      // An id is only unique within its mail server.
      messageId: about?.token || String(about?.id ?? ''),
      recipient: about?.to,
      status,
      occurredAt: epochMillis(Number(event.timestamp)),
      providerEvent: event.event,
      eventId: event.uuid,
      subject: about?.subject,
      // The only text of the sender that comes back.
      reference: about?.tag,
      reason: {
        code: payload?.status,
        enhancedCode: replyOf(event).enhancedCode,
        text: payload?.output || payload?.details,
      },
      clickUrl: payload?.url,
      userAgent: payload?.user_agent,
      tags: tagsIn(about?.tag, metadata),
    },
  ]);
}

/** The RSA public key in a secret; null where there is none. */
function rsaKey(secret: string): KeyObject | null {
  // A long DKIM record comes in several quoted strings.
  const record = secret.replace(/["\s]/g, '');
  const key = publicKey(/;p=([A-Za-z0-9+/=]+)/.exec(record)?.[1] ?? secret);
  return key?.asymmetricKeyType === 'rsa' ? key : null;
}

export const guide: Guide = {
  setUp: [
    "The mail server's page → Webhooks → Add webhook: URL `{url}`, all events.",
    "The secret is the server's signing key: the text behind `p=` in the DKIM record that `postal default-dkim-record` prints.",
    'The key at `/.well-known/jwks.json` of your installation, as PEM, will do as well.',
  ],
  attach: 'Only `tag` comes back: it is the reference. The account comes by registration.',
  register: 'the `token` of that recipient in the answer of the send call',
  subject: 'always',
  retries:
    'Postal tries six times within about 36 minutes: after 2, 3, 6, 10 and 15 minutes. Then it drops the event. It waits 5 seconds for an answer.',
  refusedCalls: 'sent again',
  machines: null,
  notes: [
    'Its "MessageSent" says that the receiving server took the message: Delivered.',
    'Events of incoming mail are counted and not kept.',
    'Postal has no event for a complaint.',
  ],
};
