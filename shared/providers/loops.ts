import * as z from 'zod/mini';
import { epochMillis } from '../runtime/time.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { numberOrText, object, text } from './parsing/schemas.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyStandardWebhook } from './signatures/standard-webhooks.ts';

/** https://loops.so/docs/webhooks */
const loopsEvent = object({
  eventName: z.string(),
  // Unix seconds.
  eventTime: numberOrText,
  email: z.nullish(object({ id: text, subject: text })),
  contactIdentity: z.nullish(object({ email: text })),
});

type LoopsEvent = z.infer<typeof loopsEvent>;

const events = {
  'transactional.email.sent': { statuses: ['sent'] },
  'loop.email.sent': { statuses: ['sent'] },
  'campaign.email.sent': { statuses: ['sent'] },
  'email.delivered': { statuses: ['delivered'] },
  'email.softBounced': { statuses: ['soft_bounced'], cause: 'unspecified' },
  'email.hardBounced': { statuses: ['hard_bounced'], cause: 'unspecified' },
  'email.opened': { statuses: ['opened'] },
  'email.clicked': { statuses: ['link_clicked'] },
  'email.spamReported': { statuses: ['marked_spam'] },
  'email.unsubscribed': { statuses: [null] },
  'email.resubscribed': { statuses: [null] },
  'contact.*': { statuses: [] },
  'testing.*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<LoopsEvent>>;

/** Loops: one event a call. */
export const loops = {
  name: 'loops',
  authentication: 'Standard Webhooks: HMAC-SHA256 over id, timestamp and body',
  secret: 'the signing secret, `whsec_...`',
  secretKind: 'standard-webhooks',
  events,
  batched: false,
  verify: (request, secrets) => verifyStandardWebhook(request, secrets),
  parse: jsonParser('loops', loopsEvent, read, { isUnrelated: unrelatedBy(events, 'eventName') }),
} as const satisfies Provider;

function read(event: LoopsEvent, { headers }: PieceContext): ParsedPiece {
  return draftsFor<LoopsEvent>(events, event.eventName, event, status => [
    {
      messageId: event.email?.id,
      recipient: event.contactIdentity?.email,
      status,
      occurredAt: epochMillis(Number(event.eventTime)),
      providerEvent: event.eventName,
      eventId: headers['webhook-id'],
      subject: event.email?.subject,
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Settings → Webhooks: endpoint URL `{url}`. An account has one endpoint.',
    'Switch on every `email.*` event, and the `*.email.sent` events of the ways in which you send.',
    'Copy the signing secret.',
  ],
  attach: 'Loops returns nothing of yours with its events.',
  register: null,
  subject: 'always',
  retries: 'Its schedule of retries is not documented.',
  refusedCalls: 'not documented',
  machines: null,
  notes: [
    'The message id here is `email.id` of its events.',
    'Support alone sees its emails, unless its secret is bound to an account.',
    'A hard bounce comes without a reason. So an address that does not exist cannot be told from other causes.',
  ],
};
