/**
 * Plans one UpdateItem for the events of one email, and its condition. It needs no database, only the events and the
 * item if a failed write returned it.
 */

import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { isActionable } from '../status/attention.ts';
import { type Status, statusIds } from '../status/catalogue.ts';
import type { Cause } from '../status/causes.ts';
import { merge, type PriorState, priorStates, supersedes, type Verdict } from '../status/precedence.ts';
import { attentionDayOf } from './attention-day.ts';
import { type CanonicalEvent, type EmailFacts, noteNames } from './event.ts';
import {
  boundedHistory,
  bytesOf,
  bytesToDecide,
  decidingEventOf,
  encodeHistory,
  type HistoryEvent,
  inTime,
  isFutureDated,
  maxHistoryBytes,
  maxHistoryEvents,
  withoutTexts,
} from './history.ts';
import type { HotEmail } from './hot-emails.ts';
import { expressionNames, type KnownItem, toldFacts } from './item.ts';
import { encodeRepeats, firstFailureOf, isRepeatable, knownOfKinds, placeRepeats, repeatKindOf } from './repeats.ts';
import { isFailureToHandle, openFailureOf, resolvedAtOf } from './resolution.ts';

export interface EmailUpdate {
  /** The status to set; null keeps the stored one. */
  readonly verdict: Verdict | null;
  /** The deciding event's cause. It is set together with the status; null then removes the previous cause. */
  readonly cause: Cause | null;
  readonly facts: EmailFacts;
  /** History elements to add, or the whole history if others must make room. */
  readonly history: { readonly add: readonly string[] } | { readonly replace: readonly string[] };
  readonly attention: AttentionChange;
  /** The counts of opens and clicks to store; null keeps the stored ones. */
  readonly repeats: string | null;
  /** The events include a future-dated one; the item records that. */
  readonly futureDated: boolean;
  readonly condition: Condition;
}

/**
 * A change of attention. `begins`: since this write, unless it began earlier. `placed`: exactly since `at`, the time of the
 * failure that no resolution covers.
 */
type AttentionChange = (
  | { readonly to: 'same' | 'begins' | 'ended' }
  | { readonly to: 'placed'; readonly at: number }
) & {
  /** The time of the newest resolution, if it is new. */
  readonly resolvedAt?: number;
};

const sameAttention: AttentionChange = { to: 'same' };

/** A DynamoDB expression with attributes as `#name`, and its values. */
interface Condition {
  readonly expression: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Plan {
  /** null if every event is recorded already, or if the email was erased. */
  readonly update: EmailUpdate | null;
  /** New elements that are written. */
  readonly added: readonly string[];
  /** Repeats of opens and clicks that are counted, and not in the history. */
  readonly counted: readonly CanonicalEvent[];
  /** Repeats that are neither in the history nor counted. */
  readonly dropped: readonly CanonicalEvent[];
  /** Events that the item has no room for. They still decide the status. */
  readonly full: readonly CanonicalEvent[];
  /** Number of events of an erased email. */
  readonly erased: number;
  /** An account's own secret proved the events, but the email belongs to another account. */
  readonly emailIsForeign?: true;
}

/*
 * The clauses of a write's condition. A request's first write has not read the item. If a clause fails, DynamoDB returns
 * the item, and the next write uses it.
 *
 * | clause              | item not read                 | item read                         | without the clause                                  |
 * |---------------------|-------------------------------|-----------------------------------|-----------------------------------------------------|
 * | isSupersededBy      | an event decides a status     | a new event decides the status    | a late `sent` overwrites a bounce                   |
 * | not(isSupersededBy) |                               | new events leave the status       | they win over a status that has changed meanwhile   |
 * | hasNewEvents        | only notes                    |                                   | a repeated delivery of notes is written again       |
 * | fitsHistory         | elements are added            | elements are added                | a full history grows beyond its bound               |
 * |                     | few: opens of machines        |                                   | machines fill a history without a count             |
 * | isNew               | future-dated, many, counted,  | no history was there              | the same, or one event is there twice               |
 * |                     | a resolution                  |                                   | attention ends although a later failure asks for it |
 * | hasSameHistory      |                               | elements go, or their order tells | a concurrent event is lost, or its cause is         |
 * |                     |                               | opens or clicks are counted       | one event is in the history, and counted too        |
 * |                     |                               | a resolution is there             | attention ends although a later failure asks for it |
 * | isUnresolved        | a status that asks to act     | a new failure, and no resolution  | a later failure stands at the place of a handled one|
 * | hasNoFutureDated    | always                        | unless the item holds one         | a future-dated event is there with two arrivals     |
 * | hasSameRepeats      | opens or clicks are added     | they are added or counted         | one event is in the history, and counted too        |
 * | isStored            |                               | there was an item                 | half an email stands where a whole one has expired  |
 * | isOfSameAccount     | an account sets facts         | any event sets facts              | one account names the subject of another's email    |
 * |                     | opens or clicks that name an account are counted or dropped, and  | another account's event leaves no trace             |
 * |                     | the item has none                                                 |                                                     |
 * | isOfProvenAccount   | an account's own secret       | an account's own secret           | one account's secret forges another's events        |
 * | isNotErased         | always                        | always                            | a late callback makes half an email of a tombstone  |
 *
 * A plan for a remembered email always has not(isSupersededBy) if an event may decide, hasNoFutureDated, hasSameRepeats,
 * isOfProvenAccount and isNotErased, and these:
 *
 * | clause              | remembered email              | without the clause                                                                  |
 * |---------------------|-------------------------------|-------------------------------------------------------------------------------------|
 * | isSameEmail         | always                        | an email that took the place of an expired one gets its counts                      |
 * | hasSameStatus       | an event may decide           | the time of the first receipt after a failure is lost                               |
 * | hasSameSize         | an element or a count begins  | one event is in the history, and counted too                                        |
 */

/**
 * Plans the write of a request's events of one email.
 *
 * @param item the item that a failed write returned; null before the first try
 * @param defaultAccountId the account of emails that no event names an account for; without it they have none
 */
export function planUpdate(events: readonly CanonicalEvent[], item: KnownItem | null, defaultAccountId?: string): Plan {
  return item === null ? optimisticUpdate(events, defaultAccountId) : recheckedUpdate(events, item, defaultAccountId);
}

const noneKnown = { known: new Map(), repeats: new Map() } as const;

/** The usual case, in one write: some events are new, they decide the status, and the history has room for them. */
function optimisticUpdate(events: readonly CanonicalEvent[], defaultAccountId?: string): Plan {
  const facts = factsOf(events, undefined, defaultAccountId);
  // If there is no item yet, this is its first write.
  const {
    kept,
    counted,
    dropped: uncounted,
    repeats,
  } = placeRepeats([...byEncoding(events).values()].sort(inTime), noneKnown, isOwnIn(facts.accountId));
  const distinct = byEncoding(kept);
  const verdict = merge(kept);
  const cause = causeOf(verdict, distinct);
  const { added, dropped, full } = placed(distinct, new Map(), verdict);
  const futureDated = events.some(isFutureDated);
  const attention = attentionAfter({ verdict, decides: verdict !== null }, kept, undefined);
  return {
    update: {
      verdict,
      cause,
      facts,
      history: { add: added },
      attention,
      repeats: counted.length > 0 ? encodeRepeats(repeats) : null,
      futureDated,
      condition: allOf(
        verdict === null ? hasNewEvents(added) : isSupersededBy(verdict),
        attention.to === 'begins' ? isUnresolved : null,
        hasNoFutureDated,
        futureDated || counted.length + uncounted.length > 0 || attention.resolvedAt !== undefined
          ? isNew
          : fitsHistory(added.length, verdict === null && kept.some(isRepeatable) ? unseenRoom : maxHistoryEvents),
        kept.some(isRepeatable) ? hasSameRepeats(undefined) : null,
        isOfSameAccount(facts, events, [...counted, ...uncounted], undefined),
        isOfProvenAccount(events),
        isNotErased,
      ),
    },
    added,
    counted,
    dropped: [...dropped, ...uncounted],
    full,
    erased: 0,
  };
}

/** The exact case: the item is given, and the condition requires that no relevant attribute has changed since. */
function recheckedUpdate(events: readonly CanonicalEvent[], item: KnownItem, defaultAccountId?: string): Plan {
  const nothing = { update: null, added: [], counted: [], dropped: [], full: [], erased: 0 };
  if (item.erased) return { ...nothing, erased: events.length };
  const { provenFor } = events[0]!;
  if (provenFor !== undefined && item.history.size > 0 && item.accountId !== provenFor)
    return { ...nothing, emailIsForeign: true };
  const recorded = asDatedIn(item.history);
  const unrecorded = byEncoding(events.filter(event => !recorded.has(asDated(event))));
  const facts = factsOf(events, item, defaultAccountId);
  const {
    kept: ofHistory,
    counted,
    dropped: uncounted,
    repeats,
  } = placeRepeats(
    [...unrecorded.values()].sort(inTime),
    {
      known: knownOfKinds(item.history.values()),
      repeats: item.repeats,
      failedAt: firstFailureOf(item.history.values()),
    },
    isOwnIn(item.accountId ?? facts.accountId),
  );
  const news = byEncoding(ofHistory);
  const verdict = merge(news.values());
  const decides = verdict !== null && supersedes(verdict, item.verdict);
  const { kept, added, dropped: beyondBound, full } = placed(news, item.history, decides ? verdict : null);
  const dropped = [...beyondBound, ...uncounted];
  if (added.length + counted.length === 0 && Object.keys(facts).length === 0 && !decides)
    return { update: null, added, counted, dropped, full, erased: 0 };

  const makesRoom = kept.size < item.history.size + added.length;
  const futureDated = [...news.values()].some(isFutureDated);
  // Events may tie in everything that decides and differ in their cause: the earliest one's cause is kept.
  const ties = added.length > 0 && !decides && item.verdict !== null && !supersedes(item.verdict, verdict);
  const bringsNews = added.length + full.length + counted.length > 0;
  // Only news ask for the same history: without any, a failure may have come since the item was read.
  const attention = bringsNews
    ? attentionAfter(
        { verdict: decides ? verdict : item.verdict, decides },
        [...item.history.values(), ...news.values()],
        item.resolvedAt,
      )
    : sameAttention;
  const mustNotChange =
    makesRoom ||
    kept.size > maxHistoryEvents ||
    futureDated ||
    item.futureDated ||
    ties ||
    counted.length > 0 ||
    item.resolvedAt !== undefined ||
    attention.resolvedAt !== undefined;
  return {
    update: {
      verdict: decides || ties ? verdict : null,
      cause: causeOf(verdict, new Map([...item.history, ...news])),
      facts,
      history: makesRoom ? { replace: [...kept.keys()] } : { add: added },
      attention,
      repeats: counted.length > 0 ? encodeRepeats(repeats, item.storedRepeats) : null,
      futureDated,
      condition: allOf(
        verdict === null ? null : decides ? isSupersededBy(verdict) : not(isSupersededBy(verdict)),
        // The handling of an email at the same time would not know of a new failure.
        item.resolvedAt === undefined && [...news.values()].some(isFailureToHandle) ? isUnresolved : null,
        item.futureDated ? null : hasNoFutureDated,
        item.history.size > 0 ? isStored : null,
        bringsNews ? (mustNotChange ? hasSameHistory(item) : fitsHistory(added.length)) : null,
        counted.length > 0 || ofHistory.some(isRepeatable) ? hasSameRepeats(item.storedRepeats) : null,
        isOfSameAccount(facts, events, [...counted, ...uncounted], item),
        isOfProvenAccount(events),
        isNotErased,
      ),
    },
    added,
    counted,
    dropped,
    full,
    erased: 0,
  };
}

/**
 * Plans the write of repeated opens and clicks of an email that the process remembers: exactly, and without a look at the
 * item. If the memory is stale, the condition fails.
 *
 * @returns the plan and the email after it; null if the events are not only such repeats
 */
export function rememberedUpdate(
  events: readonly CanonicalEvent[],
  email: HotEmail,
  defaultAccountId?: string,
): (Plan & { readonly after: HotEmail }) | null {
  const news = [...byEncoding(events).values()].sort(inTime);
  const verdict = merge(news);
  const isOwn = isOwnIn(email.accountId);
  const { provenFor } = events[0]!;
  const isPlannable =
    (verdict === null || (email.verdict !== null && !supersedes(verdict, email.verdict))) &&
    (provenFor === undefined || provenFor === email.accountId) &&
    (defaultAccountId === undefined || email.accountId !== undefined) &&
    news.every(event => {
      const kind = repeatKindOf(event);
      return (
        kind !== null &&
        !isFutureDated(event) &&
        isOwn(event) &&
        // An event of the same time may be known: the item tells.
        !email.known.get(kind)?.times.has(event.occurredAt) &&
        toldFacts.every(name => event[name] === undefined || email.told.has(name))
      );
    });
  if (!isPlannable) return null;
  const { kept, counted, dropped, repeats, known } = placeRepeats(news, email, isOwn);
  const historySize = email.historySize + kept.length;
  if (historySize > maxHistoryEvents) return null;
  const added = kept.map(encodeHistory);
  const outcome = { added, counted, dropped, full: [], erased: 0 };
  if (added.length + counted.length === 0) return { ...outcome, update: null, after: email };
  const newRepeats = counted.length > 0 ? encodeRepeats(repeats, email.storedRepeats) : null;
  const startsCount = repeats.size > email.repeats.size;
  return {
    ...outcome,
    update: {
      verdict: null,
      cause: null,
      facts: {},
      history: { add: added },
      attention: sameAttention,
      repeats: newRepeats,
      futureDated: false,
      condition: allOf(
        verdict === null ? null : not(isSupersededBy(verdict)),
        hasNoFutureDated,
        isSameEmail(email),
        verdict === null ? null : hasSameStatus(email),
        added.length > 0 || startsCount ? hasSameSize(email) : null,
        hasSameRepeats(email.storedRepeats),
        isOfProvenAccount(events),
        isNotErased,
      ),
    },
    after: { ...email, historySize, known, repeats, storedRepeats: newRepeats ?? email.storedRepeats },
  };
}

/**
 * The attention after a write.
 *
 * @param status the email's status after it, and whether the write sets it
 * @param resolvedAt the time of the newest resolution that the item has
 */
function attentionAfter(
  { verdict, decides }: { readonly verdict: Verdict | null; readonly decides: boolean },
  events: readonly HistoryEvent[],
  resolvedAt: number | undefined,
): AttentionChange {
  const newest = resolvedAtOf(events);
  if (newest === undefined) {
    if (!decides) return sameAttention;
    return { to: isActionable(verdict!) ? 'begins' : 'ended' };
  }
  const at = openFailureOf(verdict, events);
  const resolved = newest === resolvedAt ? {} : { resolvedAt: newest };
  return at === null ? { to: 'ended', ...resolved } : { to: 'placed', at, ...resolved };
}

/** Another account's event is a conflict, of which the history keeps the evidence. */
function isOwnIn(accountId: string | undefined): (event: CanonicalEvent) => boolean {
  return event => event.accountId === undefined || event.accountId === accountId;
}

function byEncoding<Event extends HistoryEvent>(events: readonly Event[]): Map<string, Event> {
  return new Map(events.map(event => [encodeHistory(event), event]));
}

/** An event with its provider's time: the same for every delivery, whenever it arrived. */
function asDated(event: HistoryEvent): string {
  return encodeHistory({ ...event, occurredAt: event.providerTime ?? event.occurredAt, providerTime: undefined });
}

/** The same for a history. It encodes each event anew, since an earlier version may have encoded it otherwise. */
function asDatedIn(history: ReadonlyMap<string, HistoryEvent>): ReadonlySet<string> {
  return new Set([...history.values()].map(asDated));
}

/** The deciding event's cause; null if it states none. */
function causeOf(verdict: Verdict | null, events: ReadonlyMap<string, HistoryEvent>): Cause | null {
  return decidingEventOf(verdict, [...events.values()])?.reason?.cause ?? null;
}

interface Placed {
  /** The history after the write, by encoding. */
  readonly kept: ReadonlyMap<string, HistoryEvent>;
  /** New elements. */
  readonly added: readonly string[];
  readonly dropped: readonly CanonicalEvent[];
  readonly full: readonly CanonicalEvent[];
}

/**
 * Finds room in the history for new events.
 *
 * @param verdict the status that they decide; null if they decide none
 */
function placed(
  news: ReadonlyMap<string, CanonicalEvent>,
  history: ReadonlyMap<string, HistoryEvent>,
  verdict: Verdict | null,
): Placed {
  const kept = bounded(new Map<string, HistoryEvent>([...history, ...news]));
  const added = [...news.keys()].filter(element => kept.has(element));
  const dropped = [...news].filter(([element]) => !kept.has(element)).map(([, event]) => event);
  if (fits(kept, maxHistoryBytes - bytesToDecide)) return { kept, added, dropped, full: [] };
  return {
    dropped,
    ...squeezed(
      added.map(element => news.get(element)!),
      history,
      verdict,
    ),
  };
}

/**
 * Selects the events that still fit into a full history: first the deciding one, if need be without its texts, then the
 * others by time.
 */
function squeezed(
  events: readonly CanonicalEvent[],
  history: ReadonlyMap<string, HistoryEvent>,
  verdict: Verdict | null,
): Omit<Placed, 'dropped'> {
  const known = asDatedIn(history);
  const withMore = (more: readonly CanonicalEvent[]) =>
    bounded(new Map<string, HistoryEvent>([...history, ...byEncoding(more)]));
  const deciding = decidingEventOf(verdict, events) as CanonicalEvent | null;
  const first: CanonicalEvent[] = [];
  if (deciding !== null) {
    const bare = withoutTexts(deciding);
    if (fits(withMore([deciding]), maxHistoryBytes - bytesToDecide)) first.push(deciding);
    else if (fits(withMore([bare]), maxHistoryBytes)) first.push(bare);
  }
  // A deciding event may be stored without its texts.
  const others = events.filter(event => event !== deciding && !known.has(asDated(withoutTexts(event)))).sort(inTime);
  let [some, tooMany] = [0, others.length + 1];
  while (tooMany - some > 1) {
    const more = Math.floor((some + tooMany) / 2);
    if (fits(withMore([...first, ...others.slice(0, more)]), maxHistoryBytes - bytesToDecide)) some = more;
    else tooMany = more;
  }
  const taken = [...first, ...others.slice(0, some)];
  return {
    kept: withMore(taken),
    added: [...byEncoding(taken).keys()],
    full: [...(deciding !== null && first.length === 0 ? [deciding] : []), ...others.slice(some)],
  };
}

/** Up to the history's bound, events within their limits always fit: their bytes need no counting. */
function fits(history: ReadonlyMap<string, unknown>, bytes: number): boolean {
  return history.size <= maxHistoryEvents || bytesOf(history.keys()) <= bytes;
}

/** The events that the history keeps, by encoding. */
function bounded<Event extends HistoryEvent>(events: ReadonlyMap<string, Event>): ReadonlyMap<string, Event> {
  return events.size > maxHistoryEvents ? byEncoding(boundedHistory([...events.values()])) : events;
}

/**
 * Whether an event names the account of its email. That an email is sent again names the account of the other one. An
 * account's own secret proves that both are its own.
 */
function saysWhose({ accountId, providerEvent, provenFor }: CanonicalEvent): boolean {
  return accountId !== undefined && (providerEvent !== noteNames.resent || provenFor !== undefined);
}

const factNames = ['accountId', ...toldFacts] as const satisfies readonly (keyof EmailFacts)[];

/**
 * The facts that the events add to an email. Each is set once, since index keys must not change; within a request the
 * earliest event sets it. An event that names another account than the email's adds none.
 */
function factsOf(
  events: readonly CanonicalEvent[],
  item: EmailFacts | undefined,
  defaultAccountId: string | undefined,
): EmailFacts {
  const inOrder = events.toSorted((a, b) => a.occurredAt - b.occurredAt);
  const accountId = item?.accountId ?? inOrder.find(saysWhose)?.accountId ?? defaultAccountId;
  const facts: Partial<Record<keyof EmailFacts, unknown>> = {};
  if (item?.accountId === undefined && accountId !== undefined) facts.accountId = accountId;
  for (const name of toldFacts) {
    if (item?.[name] !== undefined) continue;
    const teller = inOrder.find(
      event => event[name] !== undefined && (event.accountId === undefined || event.accountId === accountId),
    );
    if (teller !== undefined) facts[name] = teller[name];
  }
  return facts as EmailFacts;
}

const isNew: Condition = { expression: 'attribute_not_exists(#history)', values: {} };

/** Arrival times differ between deliveries. Only the history tells whether a future-dated event is a redelivery. */
const hasNoFutureDated: Condition = { expression: 'attribute_not_exists(#futureDated)', values: {} };

/** Without a resolution, attention begins at the first failure, and stays there. */
const isUnresolved: Condition = { expression: 'attribute_not_exists(#resolvedAt)', values: {} };

const isStored: Condition = { expression: 'attribute_exists(#emailId)', values: {} };

/** Without this condition, a write would turn a tombstone into half an email. */
const isNotErased: Condition = { expression: 'attribute_not_exists(#erasedAt)', values: {} };

/** The history is unchanged since it was read. */
function hasSameHistory({ history }: KnownItem): Condition {
  if (history.size === 0) return isNew;
  return { expression: '#history = :seen', values: { ':seen': new Set(history.keys()) } };
}

/** No other email has taken the place of this one. */
function isSameEmail({ expiresAt }: HotEmail): Condition {
  return { expression: '#expiresAt = :lifeSeen', values: { ':lifeSeen': expiresAt } };
}

/** No failure has come, after which a receipt would be a caveat. */
function hasSameStatus({ verdict }: HotEmail): Condition {
  return { expression: '#status = :statusSeen', values: { ':statusSeen': verdict?.status } };
}

/** The history of the same email is unchanged: below its bound it only grows. */
function hasSameSize({ historySize }: HotEmail): Condition {
  return { expression: 'size(#history) = :sizeSeen', values: { ':sizeSeen': historySize } };
}

/** The counts of opens and clicks are still these. */
function hasSameRepeats(stored: string | undefined): Condition {
  if (stored === undefined) return { expression: 'attribute_not_exists(#repeats)', values: {} };
  return { expression: '#repeats = :repeatsSeen', values: { ':repeatsSeen': stored } };
}

/**
 * Opens and clicks of machines decide no status that a condition could ask for: an unread history takes them up to this
 * size. Beyond it, the item tells whether they count. The usual life of an email is shorter.
 */
const unseenRoom = 8;

/** This many more elements stay within a bound. More than the bound fit only where no history is. */
function fitsHistory(elements: number, bound = maxHistoryEvents): Condition {
  return {
    expression: 'attribute_not_exists(#history) OR size(#history) <= :room',
    values: { ':room': bound - elements },
  };
}

/** More clauses would come close to 4 KB, DynamoDB's limit for an expression. */
const maxContains = 50;

/** At least one of the elements is not in the history. */
function hasNewEvents(elements: readonly string[]): Condition {
  if (elements.length > maxContains) return isNew;
  const clauses = elements.map((_, index) => `contains(#history, :element${index})`);
  return {
    expression: `attribute_not_exists(#history) OR NOT (${clauses.join(' AND ')})`,
    values: Object.fromEntries(elements.map((element, index) => [`:element${index}`, element])),
  };
}

/**
 * Facts besides the account may be set only if the email still belongs to their account, or to none. The same holds for
 * opens and clicks that leave no element: another account's would be evidence of a conflict.
 *
 * @param unkept opens and clicks that are counted or dropped as the email's own
 */
function isOfSameAccount(
  { accountId, ...told }: EmailFacts,
  events: readonly EmailFacts[],
  unkept: readonly EmailFacts[],
  item: EmailFacts | undefined,
): Condition | null {
  if (item?.accountId !== undefined && Object.keys(told).length > 0) {
    return { expression: '#accountId = :accountOfItem', values: { ':accountOfItem': item.accountId } };
  }
  const needsAccount =
    events.some(event => event.subject ?? event.reference ?? event.tags) ||
    unkept.some(event => event.accountId !== undefined);
  if (accountId === undefined || !needsAccount) return null;
  return { expression: 'attribute_not_exists(#accountId) OR #accountId = :accountId', values: {} };
}

/**
 * An account's own secret proves events of that account's emails, or of a new email, which then belongs to that
 * account.
 */
function isOfProvenAccount([event]: readonly CanonicalEvent[]): Condition | null {
  const provenFor = event?.provenFor;
  if (provenFor === undefined) return null;
  return {
    expression: 'attribute_not_exists(#emailId) OR #accountId = :provenFor',
    values: { ':provenFor': provenFor },
  };
}

/** The merge as a condition per status: no status yet, or a stored state that the new status supersedes. */
const givingWay = Object.fromEntries(
  statusIds.map(status => {
    const values: Record<string, Status> = {};
    const clauses = priorStates[status].map((prior: PriorState) => {
      for (const before of prior.statuses) values[`:is_${before}`] = before;
      return [
        `#status IN (${prior.statuses.map(before => `:is_${before}`).join(', ')})`,
        ...(prior.statusAt ? [`#statusAt ${prior.statusAt} :statusAt`] : []),
        ...(prior.statusEventId ? [`#statusEventId ${prior.statusEventId} :statusEventId`] : []),
      ].join(' AND ');
    });
    const expression = ['attribute_not_exists(#status)', ...clauses.map(clause => `(${clause})`)].join(' OR ');
    return [status, { expression, values }];
  }),
) as Readonly<Record<Status, Condition>>;

function isSupersededBy({ status, statusAt, statusEventId }: Verdict): Condition {
  const { expression, values } = givingWay[status];
  return {
    expression,
    values: { ...values, ':statusAt': statusAt, ':statusEventId': statusEventId },
  };
}

function not(condition: Condition): Condition {
  return { ...condition, expression: `NOT (${condition.expression})` };
}

function allOf(...conditions: readonly (Condition | null)[]): Condition {
  const given = conditions.filter(condition => condition !== null);
  return {
    expression: given.map(({ expression }) => `(${expression})`).join(' AND '),
    values: Object.assign({}, ...given.map(({ values }) => values)),
  };
}

/**
 * When an email was sent: its earliest event time in the first request, never after that request's arrival. An event
 * may be dated up to 10 minutes ahead.
 */
export function sentAtOf(events: readonly CanonicalEvent[], receivedAt: number): number {
  return events.reduce((earliest, { occurredAt }) => Math.min(earliest, occurredAt), receivedAt);
}

/** The item to update, and the attributes that every write sets. Times are epoch milliseconds. */
export interface UpdateTarget extends Pick<CanonicalEvent, 'provider' | 'messageId' | 'recipient'> {
  readonly tableName: string;
  readonly emailId: string;
  readonly now: number;
  /** Set only by the first write, like `expiresAt`. */
  readonly sentAt: number;
  /** When the email expires. */
  readonly expiresAt: number;
}

/** The update as input for DynamoDB. If its condition fails, the error holds the item. */
export function updateInput(
  { tableName, emailId, provider, messageId, recipient, now, sentAt, expiresAt }: UpdateTarget,
  { verdict, cause, facts, history, attention, repeats, futureDated, condition }: EmailUpdate,
): UpdateCommandInput {
  // The condition already contains the verdict's time and event id; an expression may name a value only once.
  const values: Record<string, unknown> = {
    ...condition.values,
    ':provider': provider,
    ':messageId': messageId,
    ':recipient': recipient,
    ':now': now,
    ':sentAt': sentAt,
    ':expiresAt': Math.ceil(expiresAt / 1000),
  };
  const sets = [
    '#provider = :provider, #messageId = :messageId, #recipient = :recipient, #updatedAt = :now',
    '#sentAt = if_not_exists(#sentAt, :sentAt), #expiresAt = if_not_exists(#expiresAt, :expiresAt)',
  ];
  const removed: string[] = [];
  for (const name of factNames) {
    if (facts[name] === undefined) continue;
    sets.push(`#${name} = if_not_exists(#${name}, :${name})`);
    values[`:${name}`] = facts[name];
  }
  if (attention.to === 'begins') {
    // Index keys must not move without need, or a reader of pages would miss the email. `attentionAt` exists only while
    // the email asks for attention.
    sets.push(
      '#attentionSince = if_not_exists(#attentionSince, :now), #attentionAt = if_not_exists(#attentionSince, :now)',
      '#attentionDay = if_not_exists(#attentionDay, :attentionDay)',
    );
    values[':attentionDay'] = attentionDayOf(emailId, now);
  } else if (attention.to === 'placed') {
    sets.push('#attentionSince = :attentionAt, #attentionAt = :attentionAt, #attentionDay = :attentionDay');
    values[':attentionAt'] = attention.at;
    values[':attentionDay'] = attentionDayOf(emailId, attention.at);
  } else if (attention.to === 'ended') {
    removed.push('#attentionAt');
  }
  if (attention.resolvedAt !== undefined) {
    sets.push('#resolvedAt = :resolvedAt');
    values[':resolvedAt'] = attention.resolvedAt;
  }
  if (verdict !== null) {
    sets.push('#status = :status, #statusAt = :statusAt, #statusEventId = :statusEventId');
    values[':status'] = verdict.status;
    if (cause === null) removed.push('#cause');
    else {
      sets.push('#cause = :cause');
      values[':cause'] = cause;
    }
  }
  if (repeats !== null) {
    sets.push('#repeats = :repeats');
    values[':repeats'] = repeats;
  }
  if (futureDated) {
    sets.push('#futureDated = :futureDated');
    values[':futureDated'] = true;
  }
  let others = removed.length === 0 ? '' : ` REMOVE ${removed.join(', ')}`;
  if ('replace' in history) {
    sets.push('#history = :history');
    values[':history'] = new Set(history.replace);
  } else if (history.add.length > 0) {
    others += ' ADD #history :history';
    values[':history'] = new Set(history.add);
  }
  const UpdateExpression = `SET ${sets.join(', ')}${others}`;
  return {
    TableName: tableName,
    Key: { emailId },
    UpdateExpression,
    ConditionExpression: condition.expression,
    ExpressionAttributeNames: expressionNames(UpdateExpression, condition.expression),
    ExpressionAttributeValues: values,
    ReturnValues: 'UPDATED_OLD',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
}
