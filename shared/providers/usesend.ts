import * as z from 'zod/mini';
import { isoMillis } from '../runtime/time.ts';
import { ofOneOf } from './parsing/attribution.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { attachedIds } from './parsing/metadata.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { anything, numberOrText, object, text, textOrList } from './parsing/schemas.ts';
import { retoldBounce, retoldReason } from './parsing/ses-bounce.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyHexHmac } from './signatures/hmac.ts';
import { freshWithinMs } from './signatures/timestamps.ts';
import { usable } from './signatures/verification.ts';

/** https://docs.usesend.com/guides/webhooks */
const usesendEvent = object({
  id: text,
  type: z.string(),
  createdAt: text,
  data: z.nullish(
    object({
      id: numberOrText,
      to: textOrList,
      subject: text,
      metadata: anything,
      bounce: z.nullish(object({ type: text, subType: text, message: text, diagnosticCode: text })),
      failed: z.nullish(object({ reason: text })),
      suppression: z.nullish(object({ type: text, reason: text })),
      open: z.nullish(object({ userAgent: text })),
      click: z.nullish(object({ url: text, link: text, userAgent: text })),
    }),
  ),
});

type UsesendEvent = z.infer<typeof usesendEvent>;

const events = {
  'email.queued': { statuses: ['enqueued'] },
  'email.sent': { statuses: ['sent'] },
  'email.delivered': { statuses: ['delivered'] },
  'email.delivery_delayed': { statuses: ['deferred'] },
  'email.bounced': {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'],
    by: "suppression by subType; the server's reply in diagnosticCode (code and words), then Amazon SES's subType and type; without a type the words of message",
    decide: ({ data }) => retoldBounce(data?.bounce ?? {}),
  },
  // Like Amazon SES's Reject.
  'email.rejected': { statuses: ['rejected'], cause: 'virus' },
  'email.rendering_failure': { statuses: ['rejected'] },
  'email.failed': { statuses: ['rejected'] },
  'email.suppressed': { statuses: ['rejected'], cause: 'suppressed' },
  'email.complained': { statuses: ['marked_spam'] },
  'email.opened': { statuses: ['opened'] },
  'email.clicked': { statuses: ['link_clicked'] },
  'email.cancelled': { statuses: [null] },
  'contact.*': { statuses: [] },
  'domain.*': { statuses: [] },
  'webhook.*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<UsesendEvent>>;

/** Events that concern all recipients of a message. */
const ofWholeMessage: readonly string[] = [
  'email.queued',
  'email.sent',
  'email.rejected',
  'email.rendering_failure',
  'email.failed',
  'email.cancelled',
];

/** useSend: one event a call, on top of Amazon SES. */
export const usesend = {
  name: 'usesend',
  authentication: 'HMAC-SHA256 over timestamp and body',
  secret: "the webhook's signing secret",
  secretKind: 'text',
  events,
  batched: false,

  verify({ headers, body, receivedAt }, secrets) {
    if (usable(secrets).length === 0) return 'no_secret_configured';
    const [, signature] = /^v1=(.*)$/.exec(headers['x-usesend-signature']?.trim() ?? '') ?? [];
    const timestamp = headers['x-usesend-timestamp']?.trim() ?? '';
    if (timestamp === '' || !headers['x-usesend-signature']?.trim()) return 'missing_signature';
    if (signature === undefined || !/^[1-9]\d{12}$/.test(timestamp)) return 'malformed_signature';
    if (Math.abs(Number(timestamp) - receivedAt) > freshWithinMs) return 'stale_timestamp';
    return verifyHexHmac(signature, secrets, `${timestamp}.`, body);
  },

  parse: jsonParser('usesend', usesendEvent, read, { isUnrelated: unrelatedBy(events, 'type') }),
} as const satisfies Provider;

function read(event: UsesendEvent, { metadata }: PieceContext): ParsedPiece {
  const { data } = event;
  const recipients = [data?.to ?? []].flat();
  const reason = retoldReason(data?.bounce);
  return draftsFor<UsesendEvent>(events, event.type, event, status =>
    ofOneOf(recipients, ofWholeMessage.includes(event.type), status).map(whose => ({
      ...whose,
      ...attachedIds(data?.metadata, metadata),
      messageId: String(data?.id ?? ''),
      occurredAt: isoMillis(event.createdAt),
      providerEvent: event.type,
      eventId: event.id,
      subject: data?.subject,
      reason: {
        code: [data?.bounce?.type, data?.bounce?.subType].filter(part => part).join('/') || data?.suppression?.type,
        enhancedCode: reason.enhancedCode,
        text: reason.text || data?.failed?.reason || data?.suppression?.reason,
      },
      clickUrl: data?.click?.url ?? data?.click?.link,
      userAgent: (data?.open ?? data?.click)?.userAgent,
    })),
  );
}

export const guide: Guide = {
  setUp: [
    'Settings → Webhooks → Add webhook: URL `{url}`.',
    'Switch on every `email.*` event.',
    'Copy the signing secret.',
  ],
  attach: 'Set `"metadata": { "account_id": "acme", "reference": "INV-7" }` in the send call.',
  register: 'the `emailId` that the send call returns',
  subject: 'always',
  retries:
    'useSend tries six times within about three minutes: after 5, 10, 20, 40 and 80 seconds. 30 failures in a row switch the webhook off.',
  refusedCalls: 'sent again',
  machines: null,
  notes: [
    'An event of a message to several people does not say which of them it concerns. Opens, clicks, deliveries and bounces are then a note on each. Send one message a recipient.',
  ],
};
