/**
 * Repeated opens and clicks. The history keeps the first few of each kind; later ones are counted. A count is a lower
 * bound. An event counts only if it is newer than every known one of its kind, and a redelivery never is.
 */

import { type DecidingEvent, type Evidence, isFailure } from '../status/precedence.ts';
import type { Attribution } from './event.ts';
import type { HistoryEvent } from './history.ts';

/** Events of a kind that the history keeps before later ones are counted. */
export const keptOfKind = 3;

/** Events of one status, evidence and attribution. */
export interface RepeatKind {
  readonly status: 'opened' | 'link_clicked';
  readonly evidence: Evidence;
  /** An ambiguous event is a note, and not counted. */
  readonly attribution?: Extract<Attribution, 'not_addressed'>;
}

/** The events of a kind that are counted, and not in the history. */
export interface RepeatCount {
  /** At least so many. */
  readonly count: number;
  /** The time of the newest one in epoch milliseconds. */
  readonly last: number;
  /** The time of the earliest one that is known to be newer than the email's first failure. */
  readonly afterFailure?: number;
}

/** Counts by the kind's code. */
export type Repeats = ReadonlyMap<string, RepeatCount>;

const statusCodes = { O: 'opened', L: 'link_clicked' } as const;
const evidenceCodes = { u: 'unknown', h: 'human', m: 'machine' } as const satisfies Record<string, Evidence>;
const attributionCodes = { n: 'not_addressed' } as const satisfies Record<string, RepeatKind['attribution']>;

/** Every kind by its code, e.g. `Oh` for opens by people. Stored counts hold the codes: never change one. */
export const repeatKinds: ReadonlyMap<string, RepeatKind> = new Map(
  Object.entries(statusCodes).flatMap(([first, status]) =>
    Object.entries(evidenceCodes).flatMap(([second, evidence]): [string, RepeatKind][] => [
      [first + second, { status, evidence }],
      ...Object.entries(attributionCodes).map(([third, attribution]): [string, RepeatKind] => [
        first + second + third,
        { status, evidence, attribution },
      ]),
    ]),
  ),
);

const codeByKind = new Map([...repeatKinds].map(([code, kind]) => [keyOf(kind), code]));

function keyOf({ status, evidence, attribution }: Pick<HistoryEvent, 'status' | 'evidence' | 'attribution'>): string {
  return `${status} ${evidence} ${attribution ?? ''}`;
}

/** The code of an event's kind; null for any event but an open or a click. */
export function repeatKindOf(event: HistoryEvent): string | null {
  if (event.status !== 'opened' && event.status !== 'link_clicked') return null;
  return codeByKind.get(keyOf(event)) ?? null;
}

/** Whether an event is an open or a click that can be counted. */
export function isRepeatable(event: HistoryEvent): boolean {
  return repeatKindOf(event) !== null;
}

/** The known events of one kind. */
export interface KnownOfKind {
  readonly number: number;
  /** The earliest of them. */
  readonly first: Pick<HistoryEvent, 'occurredAt' | 'eventId'>;
  /** The time of the newest of them. */
  readonly newest: number;
  readonly times: ReadonlySet<number>;
}

/** The opens and clicks of a history by their kind. */
export type KnownOfKinds = ReadonlyMap<string, KnownOfKind>;

/** The opens and clicks among the events of a history, by their kind. */
export function knownOfKinds(events: Iterable<HistoryEvent>): KnownOfKinds {
  const known = growing(new Map());
  for (const event of events) {
    const kind = repeatKindOf(event);
    if (kind !== null) known.add(kind, event);
  }
  return known.ofKinds;
}

/** Known events to add to. A copy for each event would take quadratic time, and a request may bring thousands. */
function growing(before: KnownOfKinds) {
  const ofKinds = new Map(before);
  const own = new Map<string, Set<number>>();
  return {
    ofKinds: ofKinds as KnownOfKinds,
    add(kind: string, event: HistoryEvent): void {
      const known = ofKinds.get(kind);
      const times = own.get(kind) ?? new Set(known?.times);
      own.set(kind, times.add(event.occurredAt));
      const { occurredAt, eventId } = event;
      ofKinds.set(kind, {
        number: (known?.number ?? 0) + 1,
        first: known === undefined || isBefore(event, known) ? { occurredAt, eventId } : known.first,
        newest: Math.max(occurredAt, known?.newest ?? occurredAt),
        times,
      });
    },
  };
}

/** Whether an event precedes all known ones: it may set the time of a status. */
function isBefore({ occurredAt, eventId }: HistoryEvent, { first }: KnownOfKind): boolean {
  return occurredAt < first.occurredAt || (occurredAt === first.occurredAt && eventId < first.eventId);
}

/** The places of new events. */
export interface RepeatPlaces<Event> {
  /** For the history. */
  readonly kept: readonly Event[];
  readonly counted: readonly Event[];
  /** Neither earlier nor newer than the known ones: nothing tells whether they are counted already. */
  readonly dropped: readonly Event[];
  /** The counts after it. */
  readonly repeats: Repeats;
  /** The known ones after it. */
  readonly known: KnownOfKinds;
}

/**
 * Divides new events into those for the history, those to count, and dropped ones. An event is counted only if it is an
 * open or a click, not future-dated, and `isOwn`.
 *
 * @param news in order of time; none is in the history
 * @param before `failedAt` is the time of the first failure
 */
export function placeRepeats<Event extends HistoryEvent>(
  news: readonly Event[],
  before: { readonly known: KnownOfKinds; readonly repeats: Repeats; readonly failedAt?: number | undefined },
  isOwn: (event: Event) => boolean,
): RepeatPlaces<Event> {
  const known = growing(before.known);
  const repeats = new Map(before.repeats);
  const [kept, counted, dropped]: [Event[], Event[], Event[]] = [[], [], []];
  let failedAt = before.failedAt ?? Number.POSITIVE_INFINITY;
  for (const event of news) {
    const kind = repeatKindOf(event);
    if (kind === null) {
      if (isFailure(event)) failedAt = Math.min(failedAt, event.occurredAt);
      kept.push(event);
      continue;
    }
    const ofKind = known.ofKinds.get(kind);
    const tally = repeats.get(kind);
    const { occurredAt, providerTime } = event;
    if (
      ofKind === undefined ||
      (ofKind.number < keptOfKind && tally === undefined) ||
      // A future-dated event may have come at its time already, and be counted.
      (providerTime === undefined ? isBefore(event, ofKind) : providerTime > (tally?.last ?? 0)) ||
      !isOwn(event)
    ) {
      kept.push(event);
      known.add(kind, event);
    } else if (providerTime === undefined && occurredAt > Math.max(tally?.last ?? 0, ofKind.newest)) {
      counted.push(event);
      const afterFailure = tally?.afterFailure ?? [tally?.last ?? 0, occurredAt].find(time => time > failedAt);
      repeats.set(kind, {
        count: (tally?.count ?? 0) + 1,
        last: occurredAt,
        ...(afterFailure !== undefined && { afterFailure }),
      });
    } else {
      dropped.push(event);
    }
  }
  return { kept, counted, dropped, repeats, known: known.ofKinds };
}

/** The time of the earliest failure among events; undefined if there is none. */
export function firstFailureOf(events: Iterable<HistoryEvent>): number | undefined {
  let first: number | undefined;
  for (const event of events) {
    if (isFailure(event)) first = Math.min(first ?? event.occurredAt, event.occurredAt);
  }
  return first;
}

/** The counted events whose times are known, as far as they decide anything. */
export function timedOf(repeats: Repeats): readonly (RepeatKind & DecidingEvent)[] {
  return [...repeats].flatMap(([code, { last, afterFailure }]) =>
    [...new Set([afterFailure ?? last, last])].map(occurredAt => ({
      ...repeatKinds.get(code)!,
      eventId: '',
      occurredAt,
    })),
  );
}

/**
 * Counts as the item keeps them, e.g. `Lh2@mjwtnk00 Oh127@mjwtnk9s+mjwtnk01`, the latter with an open after a failure. A
 * write replaces them only if they are unchanged.
 *
 * @param stored the counts so far, of which parts that a later version has written stay as they are
 */
export function encodeRepeats(repeats: Repeats, stored?: string): string {
  const known = [...repeats].map(([kind, { count, last, afterFailure }]) => {
    const after = afterFailure === undefined ? '' : `+${afterFailure.toString(36)}`;
    return `${kind}${count}@${last.toString(36)}${after}`;
  });
  return [...known, ...partsOf(stored).filter(part => countIn(part) === null)].sort().join(' ');
}

const shapeOfCount = /^([A-Z][a-z]+)(\d+)@([0-9a-z]+)(?:\+([0-9a-z]+))?$/;

function partsOf(text = ''): readonly string[] {
  return text.split(' ').filter(part => part !== '');
}

/** The kind of a stored count with its numbers; null if only a later version can read it. */
function countIn(part: string): readonly [kind: string, RepeatCount] | null {
  const [, kind = '', count, last = '', after] = shapeOfCount.exec(part) ?? [];
  if (!repeatKinds.has(kind)) return null;
  return [
    kind,
    {
      count: Number(count),
      last: Number.parseInt(last, 36),
      ...(after !== undefined && { afterFailure: Number.parseInt(after, 36) }),
    },
  ];
}

/** Reads what {@link encodeRepeats} wrote. It leaves out kinds of a later version. */
export function decodeRepeats(text: string | undefined): Repeats {
  return new Map(
    partsOf(text)
      .map(countIn)
      .filter(count => count !== null),
  );
}
