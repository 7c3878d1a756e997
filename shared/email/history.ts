/** An email's history: its events, each encoded as an element of a string set, and the bounds of that set. */

import type { Status } from '../status/catalogue.ts';
import type { Cause } from '../status/causes.ts';
import { type Evidence, supersedes, type Verdict, verdictOf } from '../status/precedence.ts';
import { type Attribution, type CanonicalEvent, ofMailtrail, type Reason } from './event.ts';
import { codeMark, divider, shortened, spelledOut } from './phrases.ts';

/**
 * The part of an event that the history keeps. The item itself holds provider, message, recipient, subject, reference
 * and tags once.
 */
export type HistoryEvent = Omit<
  CanonicalEvent,
  'provider' | 'messageId' | 'recipient' | 'subject' | 'reference' | 'tags' | 'provenFor'
>;

/** A letter for each status, and one for notes. Stored elements hold them: never change one. */
const letters = {
  enqueued: 'E',
  sent: 'S',
  deferred: 'D',
  delivered: 'A',
  soft_bounced: 'B',
  hard_bounced: 'H',
  invalid: 'I',
  rejected: 'R',
  opened: 'O',
  link_clicked: 'L',
  marked_spam: 'M',
} as const satisfies Record<Status, string>;
const letterOfNote = 'N';
const statusByLetter = new Map(
  Object.entries(letters).map(([status, letter]): [string, Status] => [letter, status as Status]),
);

const evidenceLetters = { unknown: 'u', human: 'h', machine: 'm' } as const satisfies Record<Evidence, string>;
const evidenceByLetter = new Map(
  Object.entries(evidenceLetters).map(([evidence, letter]): [string, Evidence] => [letter, evidence as Evidence]),
);

/** Time in base 36, status, evidence, and the fields. */
const shapeOfElement = /^(-?[0-9a-z]+)([A-Z])([a-z])(.*)$/s;

/**
 * Encodes an event as an element of the history set. The element is deterministic, so that adding an event twice adds
 * nothing. It is compact, because an item above 1 KB costs two write units. After codes for status and evidence come the
 * fields in order of frequency, cut after the last present one. Frequent phrases are shortened.
 */
export function encodeHistory(event: HistoryEvent): string {
  const { occurredAt, status, evidence, accountId, reason, clickUrl, userAgent, providerTime, attribution } = event;
  const { relatedEmailId, actor } = event;
  const head = occurredAt.toString(36) + (status === null ? letterOfNote : letters[status]) + evidenceLetters[evidence];
  const fields = [
    shortEventId(event),
    shortProviderEvent(event),
    shortText(accountId),
    shortText(userAgent),
    shortText(clickUrl),
    shortText(reason?.text),
    shortText(reason?.code),
    shortText(reason?.enhancedCode),
    reason?.cause ?? '',
    attribution ?? '',
    providerTime === undefined ? '' : providerTime.toString(36),
    relatedEmailId ?? '',
    shortText(actor),
  ];
  let length = fields.length;
  while (length > 0 && fields[length - 1] === '') length -= 1;
  return head + fields.slice(0, length).join(divider);
}

/**
 * Decodes an element that {@link encodeHistory} wrote, or an earlier version of it.
 *
 * @throws Error if the element has another form
 */
export function decodeHistory(element: string): HistoryEvent {
  // The earlier form was a JSON array.
  if (element.startsWith('[')) return decodeArray(element);
  const [, time, letter, evidence, rest] = shapeOfElement.exec(element) ?? [];
  if (rest === undefined) throw new Error('no element of a history');
  const fields = rest.split(divider);
  const [, , accountId, userAgent, clickUrl, text, code, enhancedCode] = fields.map(field => spelledOut(field));
  const [eventId = '', providerEvent = '', , , , , , , cause, attribution, providerTime, relatedEmailId, actor] =
    fields;
  const status = statusByLetter.get(letter!) ?? null;
  const occurredAt = Number.parseInt(time!, 36);
  const name = longProviderEvent(providerEvent, status);
  return historyEvent({
    occurredAt,
    status,
    eventId: longEventId(eventId, name, occurredAt),
    providerEvent: name,
    evidence: evidenceByLetter.get(evidence!) ?? 'unknown',
    accountId,
    code,
    enhancedCode,
    text,
    cause: cause as Cause | undefined,
    clickUrl,
    userAgent,
    providerTime: providerTime && Number.parseInt(providerTime, 36),
    attribution: attribution as Attribution | undefined,
    relatedEmailId,
    actor: actor && spelledOut(actor),
  });
}

function shortText(text: string | undefined): string {
  return text === undefined ? '' : shortened(text);
}

/** At the end of a provider's name of an event: the status. The name is left out if it is just the status. */
const statusCode = '=';

/** The empty name, which is no provider's. */
const noName = `${codeMark}-`;

function shortProviderEvent({ providerEvent, status }: HistoryEvent): string {
  if (status === null) return shortened(providerEvent);
  if (providerEvent === status) return '';
  if (providerEvent === '') return noName;
  if (!providerEvent.endsWith(status)) return shortened(providerEvent);
  return shortened(providerEvent.slice(0, -status.length)) + codeMark + statusCode;
}

function longProviderEvent(text: string, status: Status | null): string {
  if (status === null) return spelledOut(text);
  if (text === '') return status;
  return text === noName ? '' : spelledOut(text, { [statusCode]: status });
}

/** At the beginning of an event id: the event's name and time, of which Mailtrail makes ids (event.ts). */
const sameAsEvent = `${codeMark}@`;

/** At the beginning of an event id: a UUID in base64. */
const asUuid = `${codeMark}#`;

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

function shortEventId({ eventId, providerEvent, occurredAt }: HistoryEvent): string {
  const made = `${providerEvent}@${occurredAt}`;
  if (eventId.startsWith(made)) return sameAsEvent + shortened(eventId.slice(made.length));
  if (eventId.length !== 36 || !uuid.test(eventId)) return shortened(eventId);
  return asUuid + Buffer.from(eventId.replaceAll('-', ''), 'hex').toString('base64url');
}

function longEventId(text: string, providerEvent: string, occurredAt: number): string {
  if (text.startsWith(sameAsEvent))
    return `${providerEvent}@${occurredAt}${spelledOut(text.slice(sameAsEvent.length))}`;
  if (!text.startsWith(asUuid)) return spelledOut(text);
  const hex = Buffer.from(text.slice(asUuid.length), 'base64url').toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

type OrAbsent<Members> = { readonly [Name in keyof Members]: Members[Name] | 0 | '' | undefined };

/** An event's members, empty or 0 where they are absent. */
type Fields = Pick<HistoryEvent, 'occurredAt' | 'status' | 'eventId' | 'providerEvent' | 'evidence'> &
  OrAbsent<
    Required<Reason> &
      Required<
        Pick<
          HistoryEvent,
          'accountId' | 'clickUrl' | 'userAgent' | 'providerTime' | 'attribution' | 'relatedEmailId' | 'actor'
        >
      >
  >;

function historyEvent(fields: Fields): HistoryEvent {
  const { occurredAt, status, eventId, providerEvent, evidence } = fields;
  const { accountId, code, enhancedCode, text, cause, clickUrl, userAgent, providerTime, attribution } = fields;
  const { relatedEmailId, actor } = fields;
  const reason = {
    ...(code && { code }),
    ...(enhancedCode && { enhancedCode }),
    ...(text && { text }),
    ...(cause && { cause }),
  };
  return {
    occurredAt,
    status,
    eventId,
    providerEvent,
    evidence,
    ...(accountId && { accountId }),
    ...(Object.keys(reason).length > 0 && { reason }),
    ...(clickUrl && { clickUrl }),
    ...(userAgent && { userAgent }),
    ...(providerTime && { providerTime }),
    ...(attribution && { attribution }),
    ...(relatedEmailId && { relatedEmailId }),
    ...(actor && { actor }),
  };
}

const evidenceOfArray = ['unknown', 'human', 'machine'] as const satisfies readonly Evidence[];

/** Decodes the earlier form: a JSON array of fixed positions, with 0 for absent members. */
function decodeArray(element: string): HistoryEvent {
  // biome-ignore lint/suspicious/noExplicitAny: each position has a type of its own
  const positions = JSON.parse(element) as any[];
  const [occurredAt, status, eventId, providerEvent, accountId, evidence = 0, code, enhancedCode, text] = positions;
  const [clickUrl, userAgent, providerTime, attribution, cause] = positions.slice(9);
  return historyEvent({
    occurredAt,
    status: status || null,
    eventId,
    providerEvent,
    evidence: evidenceOfArray[evidence as number]!,
    accountId,
    code,
    enhancedCode,
    text,
    cause,
    clickUrl,
    userAgent,
    providerTime,
    attribution,
    relatedEmailId: undefined,
    actor: undefined,
  });
}

/** Whether the event arrived before its provider's time, which is kept beside that of the arrival. */
export function isFutureDated({ providerTime }: Pick<HistoryEvent, 'providerTime'>): boolean {
  return providerTime !== undefined;
}

/** The order of a timeline: time, event id, then encoding. No two different events are equal in it. */
export function inTime(a: HistoryEvent, b: HistoryEvent): number {
  if (a.occurredAt !== b.occurredAt) return a.occurredAt - b.occurredAt;
  if (a.eventId !== b.eventId) return a.eventId < b.eventId ? -1 : 1;
  const [left, right] = [encodeHistory(a), encodeHistory(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

/**
 * The identity of an event in a history: its id, its provider's time and its attribution. All else is a version's
 * reading of the event, and a later version may read more of the same delivery.
 */
export function identityOf({ eventId, occurredAt, providerTime, attribution }: HistoryEvent): string {
  return JSON.stringify([eventId, providerTime ?? occurredAt, attribution]);
}

/**
 * The events of a history, in order of time, each identity once. Of several readings of one event, the strongest verdict
 * wins, then the first in the order of a timeline. So the reading that decided the status wins.
 */
export function distinctEvents(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const inOrder = events.toSorted(inTime);
  const winners = new Map<string, HistoryEvent>();
  for (const event of inOrder) {
    const identity = identityOf(event);
    const rival = winners.get(identity);
    if (rival === undefined || isStronger(event, rival)) winners.set(identity, event);
  }
  return winners.size === inOrder.length ? inOrder : [...winners.values()].sort(inTime);
}

function isStronger(one: HistoryEvent, other: HistoryEvent): boolean {
  const verdict = verdictOf(one);
  return verdict !== null && supersedes(verdict, verdictOf(other));
}

/** Beyond this many events of one email, repeats of opens, clicks and notes are dropped; all other events are kept. */
export const maxHistoryEvents = 100;

/**
 * Keeps all events up to the bound; beyond it, drops the latest repeats of opens, clicks and notes. The result depends
 * on the set of events alone, not on their order of arrival. The first event of each kind is no repeat, since statuses
 * and caveats rest on it.
 *
 * @param events distinct by their encoding
 */
export function boundedHistory<Event extends HistoryEvent>(events: readonly Event[]): readonly Event[] {
  if (events.length <= maxHistoryEvents) return events;
  const repeats: Event[] = [];
  const kept: Event[] = [];
  const seen = new Set<string | null>();
  for (const event of events.toSorted(inTime)) {
    const kind = repeatedKindOf(event);
    if (kind !== null && seen.has(kind)) repeats.push(event);
    else kept.push(event);
    seen.add(kind);
  }
  return [...kept, ...repeats.slice(0, Math.max(maxHistoryEvents - kept.length, 0))];
}

/**
 * The kind of an event that a recipient can repeat without end: an open, a click or a note. Attribution and evidence
 * are part of the kind. null for all other events.
 */
function repeatedKindOf({ status, providerEvent, attribution, evidence }: HistoryEvent): string | null {
  // The newest of Mailtrail's own notes decides whether somebody must act.
  const isNote = status === null && !providerEvent.startsWith(ofMailtrail);
  const canBeRepeated = isNote || status === 'opened' || status === 'link_clicked';
  return canBeRepeated ? JSON.stringify([status, providerEvent, attribution, evidence]) : null;
}

/**
 * Bytes that a history may take: 4 KB less than DynamoDB's largest item, so that all other attributes fit. 100 events
 * fit in any case. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
 */
export const maxHistoryBytes = (400 - 4) * 1024;

/** Bytes of the history that are reserved for deciding events without their texts. */
export const bytesToDecide = 1024;

/** The bytes that history elements take in an item. */
export function bytesOf(elements: Iterable<string>): number {
  let bytes = 0;
  for (const element of elements) bytes += Buffer.byteLength(element) + 1;
  return bytes;
}

/** The event that decided an email's status, the earliest if several did; null if there is no status. */
export function decidingEventOf(verdict: Verdict | null, events: readonly HistoryEvent[]): HistoryEvent | null {
  const deciding = events
    .filter(
      event =>
        event.eventId === verdict?.statusEventId &&
        event.occurredAt === verdict.statusAt &&
        verdictOf(event)?.status === verdict.status,
    )
    .sort(inTime);
  return deciding[0] ?? null;
}

/** An event without its texts, to fit into a full history. */
export function withoutTexts(event: CanonicalEvent): CanonicalEvent {
  const { reason, clickUrl: _, userAgent: __, ...bare } = event;
  const { text: ___, ...codes } = reason ?? {};
  return { ...bare, ...(Object.keys(codes).length > 0 && { reason: codes }) };
}
