import * as z from 'zod/mini';
import { isoMillis } from '../runtime/time.ts';
import { ofOneOf } from './parsing/attribution.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { attachedIds } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, object, text, textOrList } from './parsing/schemas.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyHexHmac } from './signatures/hmac.ts';
import { freshWithinMs, timeliness } from './signatures/timestamps.ts';
import { usable } from './signatures/verification.ts';

const email = { id: text, to: textOrList, rcpt_to: textOrList, subject: text, meta: anything };

/** The email, or a click that holds the email: the vendor shows both. */
const emailObject = object({
  ...email,
  email: z.nullish(object(email)),
  timestamp: text,
  link: z.nullish(z.union([z.string(), object({ url: text })])),
  url: text,
  user_agent: text,
});

/** https://emailit.com/docs/webhooks. Older versions have the object only under `data`. */
const emailitEvent = object({
  event_id: text,
  type: z.string(),
  created_at: text,
  object: z.nullish(emailObject),
  data: z.nullish(object({ object: z.nullish(emailObject) })),
});

type EmailitEvent = z.infer<typeof emailitEvent>;

const events = {
  'email.accepted': { statuses: ['enqueued'] },
  'email.scheduled': { statuses: ['enqueued'] },
  'email.held': { statuses: ['enqueued'] },
  'email.attempted': { statuses: ['deferred'] },
  'email.delivered': { statuses: ['delivered'] },
  'email.bounced': { statuses: ['hard_bounced'], cause: 'unspecified' },
  'email.failed': { statuses: ['rejected'] },
  'email.rejected': { statuses: ['rejected'] },
  'email.suppressed': { statuses: ['rejected'], cause: 'suppressed' },
  'email.loaded': { statuses: ['opened'] },
  'email.clicked': { statuses: ['link_clicked'] },
  'email.complained': { statuses: ['marked_spam'] },
  'email.canceled': { statuses: [null] },
  // Incoming mail.
  'email.received': { statuses: [] },
} as const satisfies Record<string, EventMeaning<EmailitEvent>>;

/** Emailit: batches of up to 100 events, oldest first. */
export const emailit = {
  name: 'emailit',
  authentication: 'HMAC-SHA256 over timestamp and body',
  secret: 'the signing secret, whole, with its `whsec_`',
  secretKind: 'text',
  events,
  batched: true,

  verify({ headers, body, receivedAt }, secrets) {
    if (usable(secrets).length === 0) return 'no_secret_configured';
    const timestamp = headers['x-emailit-timestamp']?.trim() ?? '';
    const signature = headers['x-emailit-signature'];
    if (timestamp === '' || !signature?.trim()) return 'missing_signature';
    const untimely = timeliness(timestamp, receivedAt, freshWithinMs, freshWithinMs);
    if (untimely !== null) return untimely;
    // Unlike in Standard Webhooks, the secret is the key itself.
    return verifyHexHmac(signature, secrets, `${timestamp}.`, body);
  },

  parse: jsonParser('emailit', emailitEvent, read, { batched: 'optional', isUnrelated: unrelatedBy(events, 'type') }),
} as const satisfies Provider;

function read(event: EmailitEvent, { metadata }: PieceContext): ParsedPiece {
  const about = event.object ?? event.data?.object;
  const email = about?.email ?? about;
  const link = about?.link;
  return draftsFor<EmailitEvent>(events, event.type, event, status =>
    ofOneOf([email?.to ?? email?.rcpt_to ?? []].flat(), false, status).map(whose => ({
      ...whose,
      ...attachedIds(email?.meta, metadata),
      messageId: email?.id,
      occurredAt: isoMillis(about?.timestamp ?? event.created_at),
      providerEvent: event.type,
      eventId: event.event_id,
      subject: email?.subject,
      clickUrl: (typeof link === 'object' ? link?.url : link) ?? about?.url,
      userAgent: about?.user_agent,
    })),
  );
}

export const guide: Guide = {
  setUp: [
    'Webhooks → Add webhook: URL `{url}`.',
    'Switch on every `email.*` event but `email.received`.',
    'Copy the signing secret, with its `whsec_`.',
  ],
  attach: 'Set `"meta": { "account_id": "acme", "reference": "INV-7" }` in the send call.',
  register: 'the `id` that the send call returns',
  subject: 'always',
  retries:
    'Emailit sends the whole batch eleven times in three days and seven hours. The gaps are 5 and 30 minutes, 2 and 5 hours, then 12 hours each.',
  refusedCalls: 'sent again',
  machines: null,
  notes: ['A bounce comes without a reason. So an address that does not exist cannot be told from other causes.'],
};
