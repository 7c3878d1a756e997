/** An email's history: its events, each encoded as an element of a string set, and the bounds of that set. */

import { type Evidence, supersedes, type Verdict, verdictOf } from '../status/precedence.ts';
import type { CanonicalEvent } from './event.ts';

/**
 * The part of an event that the history keeps. The item itself holds provider, message, recipient, subject, reference
 * and tags once.
 */
export type HistoryEvent = Omit<
  CanonicalEvent,
  'provider' | 'messageId' | 'recipient' | 'subject' | 'reference' | 'tags' | 'provenFor'
>;

const evidenceCodes = { unknown: 0, human: 1, machine: 2 } as const satisfies Record<Evidence, number>;
const evidenceByCode = Object.keys(evidenceCodes) as Evidence[];

/**
 * Encodes an event as an element of the history set. The element is a JSON array of fixed positions, 0 for absent
 * members, cut after the last present member. It is deterministic, so that adding an event twice adds nothing. It is
 * compact, because an item above 1 KB costs two write units.
 */
export function encodeHistory(event: HistoryEvent): string {
  const fields: (string | number)[] = [
    event.occurredAt,
    event.status ?? 0,
    event.eventId,
    event.providerEvent,
    event.accountId ?? 0,
    evidenceCodes[event.evidence],
    event.reason?.code ?? 0,
    event.reason?.enhancedCode ?? 0,
    event.reason?.text ?? 0,
    event.clickUrl ?? 0,
    event.userAgent ?? 0,
    event.providerTime ?? 0,
    event.attribution ?? 0,
    event.reason?.cause ?? 0,
  ];
  return JSON.stringify(fields.slice(0, fields.findLastIndex(field => field !== 0) + 1));
}

/** Decodes an element that {@link encodeHistory} wrote. */
export function decodeHistory(element: string): HistoryEvent {
  const fields = JSON.parse(element) as (string | number | undefined)[];
  const [
    occurredAt,
    status,
    eventId,
    providerEvent,
    accountId,
    evidence,
    code,
    enhancedCode,
    text,
    clickUrl,
    userAgent,
    providerTime,
    attribution,
    cause,
  ] = fields;
  const reason = {
    ...(code && { code }),
    ...(enhancedCode && { enhancedCode }),
    ...(text && { text }),
    ...(cause && { cause }),
  };
  return {
    occurredAt,
    status: status || null,
    eventId,
    providerEvent,
    evidence: evidenceByCode[Number(evidence ?? 0)],
    ...(accountId && { accountId }),
    ...(Object.keys(reason).length > 0 && { reason }),
    ...(clickUrl && { clickUrl }),
    ...(userAgent && { userAgent }),
    ...(providerTime && { providerTime }),
    ...(attribution && { attribution }),
  } as HistoryEvent;
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
  const canBeRepeated = status === null || status === 'opened' || status === 'link_clicked';
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
