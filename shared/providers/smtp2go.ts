import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { isoMillis } from '../runtime/time.ts';
import { type Failure, failureBy } from '../status/causes.ts';
import { draftsFor, unrelatedBy } from './parsing/event-meanings.ts';
import { isForm } from './parsing/forms.ts';
import { attachedIds } from './parsing/metadata.ts';
import { suppressionIn } from './parsing/own-words.ts';
import { formParser, jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { object, text } from './parsing/schemas.ts';
import { causeIn, failureOf, type Label } from './parsing/signals.ts';
import { replyIn } from './parsing/smtp-reply.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyBasicAuth } from './signatures/basic-auth.ts';

/** https://developers.smtp2go.com/docs/webhooks-overview. An event is flat, as a form or as JSON by choice. */
const smtp2goEvent = object({
  event: z.string(),
  id: text,
  email_id: text,
  rcpt: text,
  // UTC.
  time: text,
  subject: text,
  Subject: text,
  bounce: text,
  message: text,
  context: text,
  url: text,
  'user-agent': text,
});

type Smtp2goEvent = z.infer<typeof smtp2goEvent>;

const replyOf = ({ message, context }: Smtp2goEvent) => replyIn(message || context);

const bounces = { hard: 'hard_bounced', soft: 'soft_bounced' } as const satisfies Record<string, Label>;

function bounced(event: Smtp2goEvent): Failure | null {
  const label = ownValue<Label>(bounces, event.bounce);
  if (label !== undefined) return failureOf(replyOf(event), label);
  // Any other bounce takes its cause from the reply, or is a note.
  const cause = causeIn(replyOf(event));
  return cause && failureBy(cause, 'soft_bounced');
}

const events = {
  processed: { statuses: ['enqueued'] },
  delivered: { statuses: ['delivered'] },
  bounce: {
    statuses: ['hard_bounced', 'invalid', 'soft_bounced', 'rejected', null],
    by: "the server's reply in message (code and words), then bounce (hard or soft); a note where neither says",
    decide: bounced,
  },
  reject: { statuses: ['rejected'], causeOf: event => suppressionIn(replyOf(event).text) },
  open: { statuses: ['opened'] },
  click: { statuses: ['link_clicked'] },
  spam: { statuses: ['marked_spam'] },
  unsubscribe: { statuses: [null] },
  resubscribe: { statuses: [null] },
  'sms_*': { statuses: [] },
} as const satisfies Record<string, EventMeaning<Smtp2goEvent>>;

const parseForm = formParser('smtp2go', smtp2goEvent, read);
const parseJson = jsonParser('smtp2go', smtp2goEvent, read, { isUnrelated: unrelatedBy(events, 'event') });

/** SMTP2GO: one event a call, a form or JSON. */
export const smtp2go = {
  name: 'smtp2go',
  authentication: 'HTTP basic authentication; nothing is signed',
  secret: "`user:password`, as in the webhook's URL",
  secretKind: 'basic-auth',
  events,
  batched: false,
  verify: verifyBasicAuth,
  parse: (request, context) => (isForm(request) ? parseForm : parseJson)(request, context),
} as const satisfies Provider;

function read(event: Smtp2goEvent, { metadata }: PieceContext, raw: unknown): ParsedPiece {
  return draftsFor<Smtp2goEvent>(events, event.event, event, status => [
    {
      // The headers chosen in the dashboard stand among its own fields.
      ...attachedIds(raw as Readonly<Record<string, unknown>>, metadata),
      messageId: event.email_id,
      recipient: event.rcpt,
      status,
      occurredAt: isoMillis(event.time),
      providerEvent: event.event,
      eventId: event.id,
      subject: event.subject ?? event.Subject,
      reason: { code: event.bounce, ...replyOf(event) },
      clickUrl: event.url,
      userAgent: event['user-agent'],
    },
  ]);
}

export const guide: Guide = {
  setUp: [
    'Settings → Webhooks → Add webhook: URL `https://user:password@YOUR-API/webhooks/smtp2go`, with the user and password of the secret. The output may be JSON or a form.',
    'Switch on processed, delivered, bounce, reject, open, click, spam and unsubscribe.',
    'Enter `account_id` and `reference` under "Headers to include".',
  ],
  attach:
    'Set the headers `account_id: acme` and `reference: INV-7` on the message. The webhook must include them, and the recipient can read them.',
  register: 'the `email_id` that the send call returns',
  subject: 'always',
  retries: 'Its schedule of retries is not documented.',
  refusedCalls: 'not documented',
  machines: null,
  notes: [],
};
