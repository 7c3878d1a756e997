import * as z from 'zod/mini';
import { type EventDraft, emailIdFor, emailIdShape, noteNames, ofApplication } from '../email/event.ts';
import { isoMillis } from '../runtime/time.ts';
import { type Status, statusIds } from '../status/catalogue.ts';
import { draftsFor } from './parsing/event-meanings.ts';
import { nearestName } from './parsing/nearest-name.ts';
import { jsonParser, type ParsedPiece, type PieceContext } from './parsing/pieces.ts';
import { numberOrText, object, textOrList } from './parsing/schemas.ts';
import { causeIn } from './parsing/signals.ts';
import { enhancedCodeIn } from './parsing/smtp-reply.ts';
import { tagsIn } from './parsing/tags.ts';
import type { EventMeaning, Guide, Provider } from './provider.ts';
import { verifyStandardWebhook } from './signatures/standard-webhooks.ts';

/**
 * A report of the sending application, in a schema of our own. A registration says that it has queued or sent an email,
 * with its account, subject and reference. A sender without an adapter reports every other status likewise. A report
 * may come before or after the provider's first event.
 */
const appEvent = object({
  /** `email.` and a status, e.g. `email.enqueued`. */
  type: z.string(),
  /** When it happened: ISO-8601. */
  timestamp: z.string(),
  data: object({
    /** The provider of the email, by the name in its webhook URL; the application itself if absent. */
    provider: z._default(z.string(), 'app'),
    /** As the provider's send call returned it. */
    messageId: z.string(),
    /** An address, or several: each is an email of its own. */
    recipient: z.union([z.string(), z.array(z.string()).check(z.minLength(1))]),
    accountId: numberOrText,
    subject: numberOrText,
    reference: numberOrText,
    /** Who opened or clicked, where the application can tell. */
    evidence: z.nullish(z.enum(['human', 'machine', 'unknown'])),
    reason: z.nullish(object({ code: numberOrText, enhancedCode: numberOrText, text: numberOrText })),
    clickUrl: numberOrText,
    userAgent: numberOrText,
    /** The names under which the sender files the email. */
    tags: textOrList,
    /** The email that this one sends again: its id here, or its message. By default it went to the same recipient. */
    resendOf: z.nullish(
      z.union([
        z.string().check(z.regex(emailIdShape)),
        object({ provider: z._default(z.string(), 'app'), messageId: z.string(), recipient: z.nullish(z.string()) }),
      ]),
    ),
  }),
});

type AppEvent = z.infer<typeof appEvent>;

/** Statuses of emails that did not get through: the reason may name the cause. */
const untold: readonly Status[] = ['deferred', 'soft_bounced', 'hard_bounced', 'invalid', 'rejected'];

const events: Readonly<Record<string, EventMeaning<AppEvent>>> = Object.fromEntries(
  statusIds.map(status => [
    `email.${status}`,
    {
      statuses: [status],
      ...(untold.includes(status) && { causeOf: ({ data }: AppEvent) => causeIn(reasonOf(data.reason) ?? {}) }),
    },
  ]),
);

/** The sending application: it registers emails, and reports for senders without an adapter. */
export const app = {
  name: 'app',
  authentication: 'Standard Webhooks: HMAC-SHA256 over id, timestamp and body',
  secret: '`whsec_` and base64 of 24 to 64 random bytes',
  secretKind: 'standard-webhooks',
  events,
  batched: true,
  verify: (request, secrets) => verifyStandardWebhook(request, secrets),
  parse: jsonParser('app', appEvent, read, { batched: 'optional' }),
} as const satisfies Provider;

function read(event: AppEvent, context: PieceContext): ParsedPiece {
  const { type, timestamp, data } = event;
  const { provider, evidence, resendOf } = data;
  const { metadata, messageIdOf, senders } = context;
  // No event would ever join it: its email would stay Enqueued for good.
  const named = [
    { field: 'data.provider', name: provider },
    ...(resendOf && typeof resendOf === 'object' ? [{ field: 'data.resendOf.provider', name: resendOf.provider }] : []),
  ];
  const unknown = named.find(({ name }) => !senders.includes(name));
  if (unknown !== undefined) {
    return { reason: 'unknown_provider', field: unknown.field, nearest: nearestName(unknown.name, senders) };
  }
  const notes = resendOf ? resendNotes(event, resendOf, context) : [];
  if (notes === null) return { reason: 'unusable_resend_of', field: 'data.resendOf' };
  const reports = draftsFor(events, type, event, status =>
    [data.recipient].flat().map(recipient => ({
      provider,
      messageId: messageIdOf(provider, data.messageId),
      recipient,
      status,
      occurredAt: isoMillis(timestamp),
      providerEvent: `${ofApplication}${status}`,
      evidence,
      accountId: textOf(data.accountId),
      subject: textOf(data.subject),
      reference: textOf(data.reference),
      reason: reasonOf(data.reason),
      clickUrl: textOf(data.clickUrl),
      userAgent: textOf(data.userAgent),
      tags: tagsIn(data.tags, metadata),
    })),
  );
  return Array.isArray(reports) ? [...reports, ...notes] : reports;
}

/**
 * The notes that join each email of a registration to the one that it sends again. A predecessor that is named by its
 * message gets its note at once, because its first event may still be to come. `changes` tells any other.
 *
 * @returns null if a predecessor cannot be an email, or is the email itself
 */
function resendNotes(
  { timestamp, data }: AppEvent,
  resendOf: NonNullable<AppEvent['data']['resendOf']>,
  { messageIdOf }: PieceContext,
): readonly EventDraft[] | null {
  const common = { status: null, occurredAt: isoMillis(timestamp), accountId: textOf(data.accountId) };
  const own = { provider: data.provider, messageId: messageIdOf(data.provider, data.messageId) };
  const notes: EventDraft[] = [];
  for (const recipient of [data.recipient].flat()) {
    const successorId = emailIdFor(own.provider, own.messageId, recipient);
    // The report itself says what is wrong with it.
    if (successorId === null) continue;
    const predecessor = typeof resendOf === 'object' && {
      provider: resendOf.provider,
      messageId: messageIdOf(resendOf.provider, resendOf.messageId),
      recipient: resendOf.recipient ?? recipient,
    };
    const predecessorId = predecessor
      ? emailIdFor(predecessor.provider, predecessor.messageId, predecessor.recipient)
      : (resendOf as string);
    if (predecessorId === null || predecessorId === successorId) return null;
    notes.push({
      ...common,
      ...own,
      recipient,
      providerEvent: noteNames.resend,
      eventId: `${noteNames.resend}@${predecessorId}`,
      relatedEmailId: predecessorId,
    });
    if (predecessor) notes.push({ ...common, ...predecessor, ...resentNote(successorId) });
  }
  return notes;
}

function resentNote(successorId: string) {
  return {
    providerEvent: noteNames.resent,
    eventId: `${noteNames.resent}@${successorId}`,
    relatedEmailId: successorId,
  };
}

function reasonOf(reason: AppEvent['data']['reason']): EventDraft['reason'] {
  if (!reason) return undefined;
  const text = textOf(reason.text);
  return { code: textOf(reason.code), enhancedCode: textOf(reason.enhancedCode) ?? enhancedCodeIn(text), text };
}

function textOf(value: string | number | null | undefined): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

export const guide: Guide = {
  setUp: [
    'Make a secret: `whsec_` and the base64 of 32 random bytes.',
    'Post to `{url}`, signed with a library of [Standard Webhooks](https://www.standardwebhooks.com). The [API page](../api.md#register-an-email) has an example.',
  ],
  attach: 'The event itself has `data.accountId`, `data.reference`, `data.subject` and `data.tags` (a text or a list).',
  register:
    'your own id of the message, the same in all its events; for the email of a provider, the value that its page names',
  subject: 'always',
  retries: 'You decide: send the same request with a new timestamp until the answer is 200.',
  refusedCalls: 'sent again',
  machines: '`data.evidence` is `human`, `machine` or `unknown`.',
  notes: [
    'This provider also registers the emails of every other provider, before or after its first event. Name that provider in `data.provider`.',
    'Any other name in `data.provider` is quarantined (`unknown_provider`). The answer names the nearest known provider (`didYouMean`). The setting `senderNames` takes the names of your own senders.',
    'An email that is sent again names the earlier one in `data.resendOf`: its id, or `{ provider, messageId, recipient }`. See [Resent](../api.md#resent).',
  ],
};
