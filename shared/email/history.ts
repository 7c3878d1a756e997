/**
 * An email's history: its events in a deterministic encoding, as the elements of a string set, and the bound of it.
 */

import { type Evidence, type Verdict, verdictOf } from '../status/precedence.ts';
import type { CanonicalEvent } from './event.ts';

/** What the history keeps of an event: the item itself says provider, message, recipient, subject and reference once. */
export type HistoryEvent = Omit<
  CanonicalEvent,
  'provider' | 'messageId' | 'recipient' | 'subject' | 'reference' | 'tags' | 'provenFor'
>;

const evidenceCodes = { unknown: 0, human: 1, machine: 2 } as const satisfies Record<Evidence, number>;
const evidenceByCode = Object.keys(evidenceCodes) as Evidence[];

/**
 * An event as an element of the history set: a JSON array of fixed positions, 0 for what is absent, cut after the last
 * thing present. Deterministic, so that adding the same event again adds nothing; compact, because an item above 1 KB
 * costs two write units.
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

/** The inverse of {@link encodeHistory}. Only ever given what that wrote. */
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

/** The order of a timeline: by time, then event id, then everything else, so that no two different events are equal in it. */
export function inTime(a: HistoryEvent, b: HistoryEvent): number {
  if (a.occurredAt !== b.occurredAt) return a.occurredAt - b.occurredAt;
  if (a.eventId !== b.eventId) return a.eventId < b.eventId ? -1 : 1;
  const [left, right] = [encodeHistory(a), encodeHistory(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** Past this many events of one email, repeats of opens, clicks and notes are left out; nothing else ever is. */
export const maxHistoryEvents = 100;

/**
 * Keeps all of an email's events up to the bound, and beyond it all but the latest repeats. A pure function
 * of the set that also tells the same of what it kept and what came later, so that the history does not depend on the
 * order of arrival. The first of each kind is no repeat: caveats and the status rest on them.
 *
 * @param events distinct by their encoding
 */
export function boundedHistory<Event extends HistoryEvent>(events: readonly Event[]): readonly Event[] {
  if (events.length <= maxHistoryEvents) return events;
  const repeats: Event[] = [];
  const kept: Event[] = [];
  const seen = new Set<string>();
  for (const event of events.toSorted(inTime)) {
    const kind = repeatedKindOf(event);
    if (kind !== null && seen.has(kind)) repeats.push(event);
    else kept.push(event);
    if (kind !== null) seen.add(kind);
  }
  return [...kept, ...repeats.slice(0, Math.max(maxHistoryEvents - kept.length, 0))];
}

/**
 * The kind of an event that a recipient can repeat without end: opens and clicks, whether or not they name anybody, and
 * all else that changes no status. By whom is part of the kind. null for all other events.
 */
function repeatedKindOf({ status, providerEvent, attribution, evidence }: HistoryEvent): string | null {
  const canBeRepeated = status === null || status === 'opened' || status === 'link_clicked';
  return canBeRepeated ? JSON.stringify([status, providerEvent, attribution, evidence]) : null;
}

/**
 * The bytes that a history may have: 4 KB less than DynamoDB's largest item, so that all else always fits, the verdict,
 * what asks for attention and the marks of sent alerts above all. So many events as the limit fit in any case.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
 */
export const maxHistoryBytes = (400 - 4) * 1024;

/** So much of it is kept for events that decide the status, without their texts. */
export const bytesToDecide = 1024;

/** The bytes that the elements of a history take in an item. */
export function bytesOf(elements: Iterable<string>): number {
  let bytes = 0;
  for (const element of elements) bytes += Buffer.byteLength(element) + 1;
  return bytes;
}

/** The event that decided an email's status, the first in order of time where several did; null where there is no status. */
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

/** An event without its texts: what fits into an item in which nothing else does. */
export function withoutTexts(event: CanonicalEvent): CanonicalEvent {
  const { reason, clickUrl: _, userAgent: __, ...bare } = event;
  const { text: ___, ...codes } = reason ?? {};
  return { ...bare, ...(Object.keys(codes).length > 0 && { reason: codes }) };
}
