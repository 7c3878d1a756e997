import * as z from 'zod/mini';
import { isoMillis } from '../runtime/time.ts';
import type { Failure } from '../status/causes.ts';
import { ofOneOf } from './parsing/attribution.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { idsAmong } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, object, text, textOrList } from './parsing/schemas.ts';
import { retoldBounce, retoldReason } from './parsing/ses-bounce.ts';
import { failureOf } from './parsing/signals.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyStandardWebhook } from './signatures/standard-webhooks.ts';

/** https://resend.com/docs/dashboard/webhooks/event-types */
const resendEvent = object({
  type: z.string(),
  // The time of the event. `data.created_at` is the time of the message.
  created_at: text,
  data: z.nullish(
    object({
      email_id: text,
      to: textOrList,
      subject: text,
      // An object of names and values; in the send call, a list.
      tags: anything,
      bounce: z.nullish(
        object({
          type: text,
          subType: text,
          message: text,
          diagnosticCode: textOrList,
        }),
      ),
      suppressed: z.nullish(object({ type: text, reason: text, message: text })),
      failed: z.nullish(object({ reason: text })),
      click: z.nullish(object({ link: text, userAgent: text })),
      open: z.nullish(object({ userAgent: text })),
    }),
  ),
});

type ResendEvent = z.infer<typeof resendEvent>;

function bounced({ data }: ResendEvent): Failure {
  // The oldest events have no details. The vendor calls the event a permanent rejection.
  return data?.bounce ? retoldBounce(data.bounce) : failureOf({}, 'hard_bounced');
}

const events = {
  'email.scheduled': { statuses: ['enqueued'] },
  'email.sent': { statuses: ['sent'] },
  'email.delivered': { statuses: ['delivered'] },
  'email.delivery_delayed': { statuses: ['deferred'] },
  'email.bounced': {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: "suppression by bounce.subType; the server's reply in bounce.diagnosticCode (code and words), then bounce.subType and bounce.type; without a type bounce.message",
    decide: bounced,
  },
  'email.suppressed': { statuses: ['rejected'], cause: 'suppressed' },
  'email.failed': { statuses: ['rejected'] },
  'email.complained': { statuses: ['marked_spam'] },
  'email.opened': { statuses: ['opened'] },
  'email.clicked': { statuses: ['link_clicked'] },
  // Incoming mail.
  'email.received': { statuses: [] },
  'contact.*': { statuses: [] },
  'domain.*': { statuses: [] },
  'suppression.*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<ResendEvent>>;

/** Events that concern all recipients of a message. */
const ofWholeMessage: readonly string[] = ['email.scheduled', 'email.sent', 'email.failed'];

/** Resend: one event a call, through Svix. */
export const resend = {
  name: 'resend',
  authentication: 'Standard Webhooks (Svix): HMAC-SHA256 over id, timestamp and body',
  secret: 'the signing secret, `whsec_...`',
  secretKind: 'standard-webhooks',
  events,
  batched: false,
  verify: (request, secrets) => verifyStandardWebhook(request, secrets, 'svix'),
  parse: jsonParser('resend', resendEvent, read, { isUnrelated: unrelatedBy(events, 'type') }),
} as const satisfies Provider;

function read(event: ResendEvent, { headers, metadata }: PieceContext): ParsedPiece {
  const { data } = event;
  const recipients = [data?.to ?? []].flat();
  const reason = retoldReason(data?.bounce);
  const tags = tagsOf(data?.tags);
  return draftsFor<ResendEvent>(events, event.type, event, status =>
    ofOneOf(recipients, ofWholeMessage.includes(event.type), status).map(whose => ({
      ...whose,
      ...idsAmong(tags, metadata),
      messageId: data?.email_id,
      occurredAt: isoMillis(event.created_at),
      providerEvent: event.type,
      // The same in all tries of a message.
      eventId: headers['svix-id'],
      subject: data?.subject,
      reason: {
        code:
          [data?.bounce?.type, data?.bounce?.subType].filter(part => part).join('/') ||
          [data?.suppressed?.type, data?.suppressed?.reason].filter(part => part).join('/'),
        enhancedCode: reason.enhancedCode,
        text: reason.text || data?.suppressed?.message || data?.failed?.reason,
      },
      clickUrl: data?.click?.link,
      userAgent: (data?.click ?? data?.open)?.userAgent,
      tags: tagsIn(data?.tags, metadata),
    })),
  );
}

/** Tags come back as an object. A list, as the send call takes it, is read as well. */
function tagsOf(tags: unknown): readonly (readonly [name: string, value: unknown])[] {
  if (Array.isArray(tags))
    return tags.flatMap(tag => (typeof tag?.name === 'string' ? [[tag.name, tag.value] as const] : []));
  return Object.entries(tags ?? {});
}

export const guide: Guide = {
  setUp: [
    'Webhooks → Add webhook: endpoint URL `{url}`.',
    'Switch on every `email.*` event but `email.received`.',
    'Copy the signing secret.',
  ],
  attach:
    'Set `tags: [{ name: "account_id", value: "acme" }, { name: "reference", value: "INV-7" }]` in the send call. Tags take ASCII letters, digits, hyphen and underscore only.',
  register: 'the `id` that the send call returns',
  subject: 'always',
  retries:
    'Resend tries eight times within about 27.6 hours: after 5 seconds, 5 and 30 minutes, 2, 5, 10 and 10 hours. It switches an endpoint off that fails for days, and mails its owner.',
  refusedCalls: 'sent again',
  machines: null,
  notes: [
    'An event of a message to several people does not say which of them it concerns. Opens, clicks, deliveries and bounces are then a note on each. Send one message a recipient.',
    '"email.sent" says that Resend took the email and will try: Sent.',
  ],
};
