/** The canonical event, into which every provider's event is translated. */

import { shortHash } from '../runtime/hash.ts';
import { boundedText, isPlainText } from '../runtime/text.ts';
import type { Status } from '../status/catalogue.ts';
import type { Cause } from '../status/causes.ts';
import { messageIdOfEvent } from '../status/caveats.ts';
import type { DecidingEvent, Evidence } from '../status/precedence.ts';
import { addressOf, isAddress } from './address.ts';

export interface Reason {
  /** The provider's own code or label, e.g. an SMTP reply code or a bounce class. */
  readonly code?: string | undefined;
  /** RFC 3463 enhanced status code, e.g. `5.1.1`. */
  readonly enhancedCode?: string | undefined;
  readonly text?: string | undefined;
  /** Why a delivery failed or was deferred. */
  readonly cause?: Cause | undefined;
}

/**
 * Doubt about the email that an event belongs to. `ambiguous`: it names none of a message's several recipients and
 * becomes a note on each. `not_addressed`: it names an address to which the message was not sent.
 */
export type Attribution = 'ambiguous' | 'not_addressed';

/** Facts that an event adds to an email besides its status. The first event that names a fact sets it. */
export interface EmailFacts {
  readonly accountId?: string | undefined;
  readonly subject?: string | undefined;
  /** The sender's own id or document number, e.g. an invoice number. */
  readonly reference?: string | undefined;
  /** The tags or categories that the sender attached to the message. */
  readonly tags?: readonly string[] | undefined;
}

/** Begins the name of each event that the sending application itself reported. */
export const ofApplication = 'app.';

/** Begins the name of each event that Mailtrail itself records. No provider's event has such a name. */
export const ofMailtrail = 'mailtrail.';

/** Notes that join an email to another one, or say that nobody needs to act any more. None changes a status. */
export const noteNames = {
  /** On the successor: this email sends another one again, which `relatedEmailId` names. */
  resend: `${ofApplication}resend`,
  /** On the predecessor: `relatedEmailId` sends this email again. */
  resent: `${ofApplication}resent`,
  /** Somebody handled it: `actor` says who, and the reason's text is their note. */
  handled: `${ofMailtrail}handled`,
  /** On the predecessor: `relatedEmailId` was delivered. */
  successorDelivered: `${ofMailtrail}successor_delivered`,
} as const;

export interface CanonicalEvent extends DecidingEvent, EmailFacts {
  readonly provider: string;
  readonly messageId: string;
  /** The address in its canonical form. */
  readonly recipient: string;
  /** The provider's own name of the event. */
  readonly providerEvent: string;
  readonly reason?: Reason | undefined;
  readonly clickUrl?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Absent if the event names its recipient beyond doubt. */
  readonly attribution?: Attribution | undefined;
  /** The provider's time, if it was too far in the future to be believed; epoch milliseconds. */
  readonly providerTime?: number | undefined;
  /** The other email that a note joins to this one. */
  readonly relatedEmailId?: string | undefined;
  /** Who did it: the subject of their token. */
  readonly actor?: string | undefined;
  /** The account whose own secret proved the event, which is recorded only with emails of that account. */
  readonly provenFor?: string | undefined;
}

/** The type with null allowed for absent members, as providers write them. */
export type OrNull<Type> = { readonly [Member in keyof Type]: Type[Member] | null | undefined };

/** An adapter's reading of one event, its texts still unchecked. */
export interface EventDraft extends OrNull<EmailFacts> {
  /** The provider of the email, if not the one that sent the request. */
  readonly provider?: string | null | undefined;
  readonly messageId: string | null | undefined;
  readonly recipient: string | null | undefined;
  readonly status: Status | null;
  /** Epoch milliseconds. */
  readonly occurredAt: number;
  readonly providerEvent: string;
  readonly evidence?: Evidence | null | undefined;
  /** The provider's own event id, if it has one. */
  readonly eventId?: string | null | undefined;
  readonly reason?: OrNull<Omit<Reason, 'cause'>> | null | undefined;
  readonly cause?: Cause | null | undefined;
  readonly clickUrl?: string | null | undefined;
  readonly userAgent?: string | null | undefined;
  readonly attribution?: Attribution | null | undefined;
  /** The other email that a note joins to this one. */
  readonly relatedEmailId?: string | undefined;
}

/** Why a genuine event cannot be recorded. The event is quarantined whole with this reason. */
export type Defect =
  | 'missing_message_id'
  | 'missing_recipient'
  | 'unusable_recipient'
  | 'unusable_account_id'
  | 'unusable_reference'
  | 'unreadable_time';

/** Limits in UTF-8 bytes. An event takes at most some 2 KB, so that a full history of 100 events stays below 400 KB. */
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
  actor: 250,
  tag: 128,
} as const;

/** Tags kept per email. */
const maxTags = 10;

/** An event dated further ahead gets its arrival time instead, so that it cannot freeze a status. */
const maxAheadMs = 10 * 60_000;

/** Earlier times come from a broken clock or a wrong unit: email providers are younger. */
const minTime = Date.UTC(2000, 0, 1);

/** The last time that JavaScript can write as ISO-8601. */
const maxTime = 8.64e15;

const printableAscii = /^[\x21-\x7e]+$/;

/**
 * The canonical form of a draft, or the reason why it has none.
 *
 * @param receivedAt arrival of the request, in epoch milliseconds
 * @param sender the provider that sent the request
 */
export function canonicalEvent(draft: EventDraft, receivedAt: number, sender: string): CanonicalEvent | Defect {
  const recipient = addressOf(draft.recipient ?? '');
  const messageId = canonicalMessageId(draft.messageId ?? '') || (recipient === '' ? '' : substituteMessageId(draft));
  if (messageId === '') return 'missing_message_id';
  if (recipient === '') return 'missing_recipient';
  if (!isRecipient(recipient)) return 'unusable_recipient';
  // A shortened identifier could be somebody else's: an identifier is kept whole or the event is quarantined.
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
  // Assigning each member is several times as fast as spreading, over thousands of events.
  const reason = draft.reason && boundedTexts(draft.reason, reasonTexts);
  if (draft.cause) event.reason = { ...reason, cause: draft.cause };
  else if (reason) event.reason = reason;
  const tags = draft.tags && boundedTags(draft.tags);
  if (tags) event.tags = tags;
  Object.assign(event, boundedTexts(draft, texts));
  if (draft.attribution) event.attribution = draft.attribution;
  if (draft.relatedEmailId) event.relatedEmailId = draft.relatedEmailId;
  if (tooFarAhead) event.providerTime = Math.floor(Math.min(draft.occurredAt, maxTime));
  return event;
}

/** Failures and complaints, which are recorded even if the report names no message. */
const failuresAndComplaints: readonly (Status | null)[] = [
  'soft_bounced',
  'hard_bounced',
  'invalid',
  'rejected',
  'marked_spam',
];

/** The message id of a failure or complaint that names an address and no message; empty for any other event. */
function substituteMessageId({ status, eventId }: EventDraft): string {
  return eventId && isEventId(eventId) && failuresAndComplaints.includes(status) ? messageIdOfEvent(eventId) : '';
}

/**
 * The provider's event id. If it is missing or unusable, the event's name, time and link identify it among the events
 * of its email.
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

/** The named texts, each cut to its limit; undefined if there is none. */
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

/** The first distinct tags, each cut to its limit; undefined if there is none. */
function boundedTags(tags: readonly string[]): readonly string[] | undefined {
  const distinct: string[] = [];
  for (const tag of tags) {
    const inert = boundedText(tag, limits.tag);
    if (inert !== '' && !distinct.includes(inert)) distinct.push(inert);
    if (distinct.length === maxTags) break;
  }
  return distinct.length === 0 ? undefined : distinct;
}

/** In a text of 36 characters. */
const guid = /[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/i;

/** Lower-cases a GUID: the API and the events of one provider were seen to differ in its letter case. */
function sameGuid(messageId: string): string {
  return messageId.length === 36 && guid.test(messageId) ? messageId.toLowerCase() : messageId;
}

/** The message id, or a shortened one with a hash if it is too long or has control characters. */
function boundedMessageId(messageId: string): string {
  if (messageId === '' || isPlainText(messageId, limits.messageId)) return messageId;
  return `${boundedText(messageId, limits.messageId - 23)}~${shortHash(messageId)}`;
}

function canonicalMessageId(messageId: string): string {
  return boundedMessageId(sameGuid(messageId.trim()));
}

/** The key of a message to one recipient, both as a provider writes them; null if no email can be recorded for them. */
export function emailIdFor(provider: string, messageId: string, recipient: string): string | null {
  const known = { provider, messageId: canonicalMessageId(messageId), recipient: addressOf(recipient) };
  return known.messageId === '' || !isRecipient(known.recipient) ? null : emailIdOf(known);
}

/** Whether an event is a note that joins two emails, or that says that nobody needs to act any more. */
export function isOwnNote({ status, providerEvent }: Pick<CanonicalEvent, 'status' | 'providerEvent'>): boolean {
  return status === null && ownNotes.has(providerEvent);
}

const ownNotes: ReadonlySet<string> = new Set(Object.values(noteNames));

/** Whether a canonical mailbox can be the recipient of a recorded email. */
export function isRecipient(text: string): boolean {
  return isPlainText(text, limits.recipient) && isAddress(text);
}

/**
 * The shape of an account id, which must not change its meaning in a path. API Gateway decodes paths before it routes;
 * clients resolve `.` and `..`, so that `/accounts/../erasures` would be `/erasures`.
 */
export const accountIdShape = new RegExp(`^(?!\\.{1,2}$)[A-Za-z0-9._~:@=+-]{1,${limits.accountId}}$`);

/** Whether the text is an account id. */
export function isAccountId(text: string): boolean {
  return accountIdShape.test(text);
}

/** The shape of an id from {@link emailIdOf}. */
export const emailIdShape = /^[\w-]{22}$/;

/** The key of the email that an event belongs to: one message to one recipient. */
export function emailIdOf(email: Pick<CanonicalEvent, 'provider' | 'messageId' | 'recipient'>): string {
  return shortHash(email.provider, email.messageId, email.recipient);
}

/**
 * The account of the test events by which Mailtrail watches itself. Only its own key proves them, and its emails are in no
 * list, count or alert.
 */
export const canaryAccountId = 'mailtrail-canary';

/** The ids of the canary's messages and calls begin with it. It proves nothing. */
export const canaryIdPrefix = 'canary-';

/**
 * Whether an account's own secret proved an event that names another account or none, or whether the event names the
 * canary's account without its key.
 */
export function isForeign({ provenFor, accountId }: CanonicalEvent): boolean {
  if (accountId === canaryAccountId) return provenFor !== canaryAccountId;
  return provenFor !== undefined && accountId !== provenFor;
}
