import * as z from 'zod/mini';
import { ownValue } from '../runtime/own-property.ts';
import { utf8Text } from '../runtime/text.ts';
import { isoMillis } from '../runtime/time.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { idsInText } from './parsing/metadata.ts';
import { formParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { object, text } from './parsing/schemas.ts';
import { failureOf, type Label } from './parsing/signals.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider, ProviderRequest } from './provider.ts';
import { queryOf, verifyUrlSecret } from './signatures/url-secret.ts';

/** https://help.elasticemail.com/en/articles/2376855-how-to-manage-http-web-notifications-webhooks */
const elasticEvent = object({
  status: z.string(),
  transaction: text,
  messageid: text,
  to: text,
  date: text,
  subject: text,
  category: text,
  target: text,
  // The sender's own word, or the vendor's word for a way to send. `category` belongs to the error.
  channel: text,
  postback: text,
});

type ElasticEvent = z.infer<typeof elasticEvent>;

const waysToSend: readonly unknown[] = ['HTTP API', 'SMTP API', 'Web UI'];

/** The categories of an Error, which comes without a reply. */
const categories = {
  NoMailbox: 'unknown_user',
  GreyListed: 'greylisted',
  Throttled: 'rate_limited',
  Timeout: 'network',
  ConnectionProblem: 'network',
  ConnectionTerminated: 'network',
  NotDelivered: 'soft_bounced',
  Unknown: 'soft_bounced',
  DNSProblem: 'unknown_domain',
  Spam: 'spam_content',
  BlackListed: 'blocked',
  SPFProblem: 'authentication_failed',
  AccountProblem: 'rejected',
  WhitelistingProblem: 'policy',
  ContentFilter: 'spam_content',
  CodeError: 'rejected',
  ManualCancel: 'rejected',
  Ignore: 'rejected',
} as const satisfies Record<string, Label>;

const events = {
  Sent: { statuses: ['sent'] },
  Opened: { statuses: ['opened'] },
  Clicked: { statuses: ['link_clicked'] },
  AbuseReport: { statuses: ['marked_spam'] },
  Unsubscribed: { statuses: [null] },
  Error: {
    statuses: ['invalid', 'soft_bounced', 'hard_bounced', 'rejected'],
    by: 'category',
    decide(event) {
      const label = ownValue<Label>(categories, event.category);
      return label === undefined ? null : failureOf({}, label);
    },
  },
} as const satisfies Record<string, EventMeaning<ElasticEvent>>;

/** Elastic Email: one event a call, in the fields of a form or of a GET's query. */
export const elasticemail = {
  name: 'elasticemail',
  authentication: "a secret in the webhook's URL; nothing is signed",
  secret: 'long random letters and digits: `?secret=...` in the URL',
  secretKind: 'text',
  events,
  batched: false,
  methods: ['POST', 'GET'],
  // Elastic Email calls the URL without an event when somebody saves it.
  handshake: request =>
    request.method === 'GET' && !queryOf(request.url).has('status') ? ({ statusCode: 200 } as const) : null,
  verify: verifyUrlSecret,
  parse: formParser('elasticemail', elasticEvent, read, { textOf: formOf }),
} as const satisfies Provider;

function formOf({ method, url, body }: ProviderRequest): string | null {
  if (method !== 'GET' && body.length > 0) return utf8Text(body);
  const query = queryOf(url);
  // An unreadable query is quarantined as it came, without the secret.
  query.delete('secret');
  return query.toString();
}

function read(event: ElasticEvent, { metadata }: PieceContext): ParsedPiece {
  const { status: name, category, transaction, messageid } = event;
  if (name === 'Error' && !Object.hasOwn(categories, category ?? '')) return 'unknown_event';
  return draftsFor<ElasticEvent>(events, name, event, status => [
    {
      ...idsInText(event.postback, metadata),
      messageId: messageid || transaction,
      recipient: event.to,
      status,
      occurredAt: americanMillis(event.date ?? ''),
      providerEvent: name,
      subject: event.subject,
      reason: name === 'Error' ? { code: category } : null,
      clickUrl: event.target,
      tags: waysToSend.includes(event.channel) ? null : tagsIn(event.channel, metadata),
    },
  ]);
}

/** Epoch milliseconds of `1/2/2026 12:00:00 PM`, UTC; NaN for anything else. */
function americanMillis(date: string): number {
  const [, month, day, year, hour, minute, second, half] =
    /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) ([AP])M$/i.exec(date.trim()) ?? [];
  if (half === undefined) return Number.NaN;
  const hours = (Number(hour) % 12) + (half.toUpperCase() === 'P' ? 12 : 0);
  const two = (part: string | number = '') => String(part).padStart(2, '0');
  // By way of ISO-8601, which refuses the 30th of February and a day in front of the month.
  return Number(hour) > 12
    ? Number.NaN
    : isoMillis(`${year}-${two(month)}-${two(day)}T${two(hours)}:${minute}:${second}Z`);
}

export const guide: Guide = {
  setUp: [
    'Settings → Notifications → Create webhook: notification URL `{url}?secret=THE-SECRET`.',
    'Switch on Sent, Opened, Clicked, Unsubscribed, Complaints and Bounce/Error.',
  ],
  attach: 'Set the header `X-ElasticEmail-Postback: account_id:acme|reference:INV-7` on the message. It may hold JSON.',
  register: 'the `MessageID` that the send call returns',
  subject: 'always',
  retries: 'Its schedule of retries is not documented. 1,000 failures switch the webhook off.',
  refusedCalls: 'not documented',
  machines: null,
  notes: [
    'Elastic Email gives its events no id. Ours is made of message, recipient, event, time and link.',
    'Whether its "Sent" means that the receiving server took the message is not documented. It counts as Sent, not as Delivered.',
    'Keep the URL to yourself: it holds the secret.',
  ],
};
