/** The canonical event: what any provider's event becomes before anything else sees it. */

import { shortHash } from '../runtime/hash.ts';
import { boundedText, isPlainText } from '../runtime/text.ts';
import type { Status } from '../status/catalogue.ts';
import type { Cause } from '../status/causes.ts';
import { messageIdOfEvent } from '../status/caveats.ts';
import type { DecidingEvent, Evidence } from '../status/precedence.ts';
import { addressOf, isAddress } from './address.ts';

export interface Reason {
  /** The provider's own code or label, such as an SMTP reply code or a bounce class. */
  readonly code?: string | undefined;
  /** RFC 3463 enhanced status code, e.g. `5.1.1`. */
  readonly enhancedCode?: string | undefined;
  readonly text?: string | undefined;
  /** Why a delivery failed, or was put off. */
  readonly cause?: Cause | undefined;
}

/**
 * Where it is not plain whose email an event is about: `ambiguous`, it names nobody of a message's several recipients and
 * is a note on each; `not_addressed`, it names an address to which the message was not sent.
 */
export type Attribution = 'ambiguous' | 'not_addressed';

/** What an event adds to an email besides its status; the first event that names one of them sets it. */
export interface EmailFacts {
  readonly accountId?: string | undefined;
  readonly subject?: string | undefined;
  /** The sender's own id or document, e.g. an invoice number. */
  readonly reference?: string | undefined;
  /** Under what the sender filed the message: tags or categories, as they were attached on send. */
  readonly tags?: readonly string[] | undefined;
}

export interface CanonicalEvent extends DecidingEvent, EmailFacts {
  readonly provider: string;
  readonly messageId: string;
  /** The address, in the one form of all its spellings. */
  readonly recipient: string;
  /** The provider's own name for what happened. */
  readonly providerEvent: string;
  readonly reason?: Reason | undefined;
  readonly clickUrl?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Absent where it is plain whose email it is. */
  readonly attribution?: Attribution | undefined;
  /** What the provider said, where that was too far in the future to be believed. Epoch milliseconds. */
  readonly providerTime?: number | undefined;
  /** The account whose own secret proved the event: it is recorded with emails of that account alone. */
  readonly provenFor?: string | undefined;
}

/** With null for what is not there, as providers write it. */
export type OrNull<Type> = { readonly [Member in keyof Type]: Type[Member] | null | undefined };

/** What an adapter reads out of a provider's event; every text still as it came. */
export interface EventDraft extends OrNull<EmailFacts> {
  /** The provider of the email, where it is not the one that sent the request. */
  readonly provider?: string | null | undefined;
  readonly messageId: string | null | undefined;
  readonly recipient: string | null | undefined;
  readonly status: Status | null;
  /** Epoch milliseconds. */
  readonly occurredAt: number;
  readonly providerEvent: string;
  readonly evidence?: Evidence | null | undefined;
  /** The provider's own event id, where it has one. */
  readonly eventId?: string | null | undefined;
  readonly reason?: OrNull<Omit<Reason, 'cause'>> | null | undefined;
  readonly cause?: Cause | null | undefined;
  readonly clickUrl?: string | null | undefined;
  readonly userAgent?: string | null | undefined;
  readonly attribution?: Attribution | null | undefined;
}

/** Why a genuine event cannot be recorded as it is. It goes to the quarantine, whole, with this word. */
export type Defect =
  | 'missing_message_id'
  | 'missing_recipient'
  | 'unusable_recipient'
  | 'unusable_account_id'
  | 'unusable_reference'
  | 'unreadable_time';

/** In UTF-8 bytes. Together at most some 2 KB an event, so that a full history of 100 stays below 400 KB. */
export const limits = {
  eventId: 100,
  messageId: 500,
  recipient: 320,
  providerEvent: 64,
  accountId: 128,
  reference: 256,
  subject: 300,
  code: 64,
  enhancedCode: 16,
  text: 500,
  clickUrl: 500,
  userAgent: 250,
  tag: 128,
} as const;

/** Tags that are kept of an email. */
const maxTags = 10;

/** An event dated further ahead than this is taken at the time of arrival, so that it cannot freeze a status. */
const maxAheadMs = 10 * 60_000;

/** No provider's event is older than email providers are; what claims to be has a broken clock or unit. */
const minTime = Date.UTC(2000, 0, 1);

/** The last time that has an ISO-8601 text in JavaScript. */
const maxTime = 8.64e15;

const printableAscii = /^[\x21-\x7e]+$/;

/**
 * The canonical form of a draft, or why it has none.
 *
 * @param receivedAt epoch milliseconds of the request's arrival
 * @param sender the provider that sent the request
 */
export function canonicalEvent(draft: EventDraft, receivedAt: number, sender: string): CanonicalEvent | Defect {
  const recipient = addressOf(draft.recipient ?? '');
  const messageId =
    boundedMessageId(sameGuid(draft.messageId?.trim() ?? '')) || (recipient === '' ? '' : substituteMessageId(draft));
  if (messageId === '') return 'missing_message_id';
  if (recipient === '') return 'missing_recipient';
  if (!isRecipient(recipient)) return 'unusable_recipient';
  // An identifier that was cut could be somebody else's: it is kept whole or not at all.
  if (draft.accountId && !isAccountId(draft.accountId)) return 'unusable_account_id';
  if (draft.reference && !isPlainText(draft.reference, limits.reference)) return 'unusable_reference';
  if (!(draft.occurredAt >= minTime)) return 'unreadable_time';

  const tooFarAhead = draft.occurredAt > receivedAt + maxAheadMs;
  const { providerEvent, status } = draft;
  const event: Writable<CanonicalEvent> = {
    eventId: eventIdOf(draft),
    provider: draft.provider ?? sender,
    messageId,
    recipient,
    status,
    occurredAt: tooFarAhead ? receivedAt : Math.floor(draft.occurredAt),
    evidence: draft.evidence ?? 'unknown',
    providerEvent: boundedText(providerEvent, limits.providerEvent),
  };
  // Member by member, absent where there is nothing: several times as fast as spreading, over thousands of events.
  const reason = draft.reason && boundedTexts(draft.reason, reasonTexts);
  if (draft.cause) event.reason = { ...reason, cause: draft.cause };
  else if (reason) event.reason = reason;
  const tags = draft.tags && boundedTags(draft.tags);
  if (tags) event.tags = tags;
  Object.assign(event, boundedTexts(draft, texts));
  if (draft.attribution) event.attribution = draft.attribution;
  if (tooFarAhead) event.providerTime = Math.floor(Math.min(draft.occurredAt, maxTime));
  return event;
}

/** Failures and complaints, which somebody has to hear of even where their message is not known. */
const failuresAndComplaints: readonly (Status | null)[] = [
  'soft_bounced',
  'hard_bounced',
  'invalid',
  'rejected',
  'marked_spam',
];

/** The message id of a failure or complaint whose report names an address and no message; empty for any other event. */
function substituteMessageId({ status, eventId }: EventDraft): string {
  return eventId && isEventId(eventId) && failuresAndComplaints.includes(status) ? messageIdOfEvent(eventId) : '';
}

/**
 * The provider's own id of an event. Where it has none, or one that cannot be kept: what happened and when, and the link,
 * which tell it from every other event of its email; and nowhere else do ids meet.
 */
function eventIdOf({ eventId, providerEvent, occurredAt, clickUrl }: EventDraft): string {
  if (eventId && isEventId(eventId)) return eventId;
  const link = clickUrl ? `-${shortHash(clickUrl)}` : '';
  const id = `${providerEvent}@${occurredAt}${link}`;
  return eventId || !isEventId(id) ? shortHash(providerEvent, occurredAt, eventId ?? '', clickUrl ?? '') : id;
}

function isEventId(text: string): boolean {
  return text.length <= limits.eventId && printableAscii.test(text);
}

type Writable<Type> = { -readonly [Member in keyof Type]: Type[Member] };

const texts = ['clickUrl', 'userAgent', 'accountId', 'subject', 'reference'] as const;
const reasonTexts = ['code', 'enhancedCode', 'text'] as const;

/** The named texts, each within its limit; undefined where there is none. */
function boundedTexts<Name extends keyof typeof limits>(
  from: { readonly [N in Name]?: string | null | undefined },
  names: readonly Name[],
): { [N in Name]?: string } | undefined {
  let bounded: { [N in Name]?: string } | undefined;
  for (const name of names) {
    const text = from[name];
    const inert = text ? boundedText(text, limits[name]) : '';
    if (inert !== '') {
      bounded ??= {};
      bounded[name] = inert;
    }
  }
  return bounded;
}

/** The first distinct tags, each within its limit; undefined where there is none. */
function boundedTags(tags: readonly string[]): readonly string[] | undefined {
  const distinct: string[] = [];
  for (const tag of tags) {
    const inert = boundedText(tag, limits.tag);
    if (inert !== '' && !distinct.includes(inert)) distinct.push(inert);
    if (distinct.length === maxTags) break;
  }
  return distinct.length === 0 ? undefined : distinct;
}

const guid = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

/** A GUID is the same in whatever letter case: APIs and events of one provider have been seen to differ in it. */
function sameGuid(messageId: string): string {
  return messageId.length === 36 && guid.test(messageId) ? messageId.toLowerCase() : messageId;
}

/** A message id as it is; one too long or too strange to be kept, cut but still unlike every other. */
function boundedMessageId(messageId: string): string {
  if (messageId === '' || isPlainText(messageId, limits.messageId)) return messageId;
  return `${boundedText(messageId, limits.messageId - 23)}~${shortHash(messageId)}`;
}

/** Whether a mailbox, in its one form, can be the recipient of an email that is kept. */
export function isRecipient(text: string): boolean {
  return isPlainText(text, limits.recipient) && isAddress(text);
}

/**
 * No account id changes its meaning in a path: API Gateway decodes paths before it routes, and clients fold `.` and `..`
 * away, so that `/accounts/../erasures` would be `/erasures`.
 */
export const accountIdShape = new RegExp(`^(?!\\.{1,2}$)[A-Za-z0-9._~:@=+-]{1,${limits.accountId}}$`);

/** Whether a text names an account. */
export function isAccountId(text: string): boolean {
  return accountIdShape.test(text);
}

/** What {@link emailIdOf} gives. */
export const emailIdShape = /^[\w-]{22}$/;

/** The key of the email that an event belongs to: one message to one recipient. */
export function emailIdOf(email: Pick<CanonicalEvent, 'provider' | 'messageId' | 'recipient'>): string {
  return shortHash(email.provider, email.messageId, email.recipient);
}

/** Whether an account's own secret proved an event that names another account, or none. */
export function isForeign({ provenFor, accountId }: CanonicalEvent): boolean {
  return provenFor !== undefined && accountId !== provenFor;
}
