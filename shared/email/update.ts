/**
 * What one UpdateItem writes for the events of one email, and on which condition: decided here, without a database, from
 * the events and from what is known of the item.
 */

import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { dayOf } from '../runtime/time.ts';
import { isActionable } from '../status/attention.ts';
import { type Status, statusIds } from '../status/catalogue.ts';
import type { Cause } from '../status/causes.ts';
import { merge, type PriorState, priorStates, supersedes, type Verdict } from '../status/precedence.ts';
import type { CanonicalEvent, EmailFacts } from './event.ts';
import {
  boundedHistory,
  bytesOf,
  bytesToDecide,
  decidingEventOf,
  encodeHistory,
  type HistoryEvent,
  inTime,
  maxHistoryBytes,
  maxHistoryEvents,
  withoutTexts,
} from './history.ts';
import { expressionNames, type KnownItem } from './item.ts';

export interface EmailUpdate {
  /** The status to set; null leaves it. */
  readonly verdict: Verdict | null;
  /** Why, as the event says that decides. Goes with the status: where that is set, null removes the cause of another one. */
  readonly cause: Cause | null;
  readonly facts: EmailFacts;
  /** History elements to add, or the whole of it, where other elements have to make room. */
  readonly history: { readonly add: readonly string[] } | { readonly replace: readonly string[] };
  /** An event dated into the future is among them: the item remembers that it holds such ones. */
  readonly futureDated: boolean;
  readonly condition: Condition;
}

/** An expression of DynamoDB, its attributes as `#name`, and the values in it. */
interface Condition {
  readonly expression: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Plan {
  /** null where everything is known already, or of an erased email. */
  readonly update: EmailUpdate | null;
  /** Elements that are news, and are written. */
  readonly added: readonly string[];
  /** How many of the events are repeats of opens, clicks and notes beyond the history's bound. */
  readonly dropped: number;
  /** For which the item has no room. They decide the status all the same. */
  readonly full: readonly CanonicalEvent[];
  /** How many of the events are of an erased email. */
  readonly erased: number;
  /** An account's own secret proved the events, and the email is not that account's. */
  readonly emailIsForeign?: true;
}

/*
 * The clauses of a write's condition. A request's first write knows nothing of the item. Where a clause fails, DynamoDB
 * gives the item back, and the next write knows it.
 *
 * | clause              | item unknown                  | item known                        | without the clause                                  |
 * |---------------------|-------------------------------|-----------------------------------|-----------------------------------------------------|
 * | isSupersededBy      | an event decides a status     | a new event decides the status    | a late `sent` overwrites a bounce                   |
 * | not(isSupersededBy) |                               | new events leave the status       | they win over a status that has changed meanwhile   |
 * | hasNewEvents        | notes alone                   |                                   | notes that come again are written again             |
 * | fitsHistory         | elements are added            | elements are added                | a full history grows beyond its bound               |
 * | isNew               | future-dated, or too large    | no history was there              | the same, or one event is there twice               |
 * | hasSameHistory      |                               | elements go, or their order tells | a concurrent event is lost, or its cause is         |
 * | hasNoFutureDated    | always                        | unless the item holds one         | a future-dated event is there with two arrivals     |
 * | isStored            |                               | there was an item                 | half an email stands where a whole one has expired  |
 * | isOfSameAccount     | an account tells facts        | any event tells facts             | one account names the subject of another's email    |
 * | isOfProvenAccount   | an account's own secret       | an account's own secret           | one account's secret forges another's events        |
 * | isNotErased         | always                        | always                            | a late callback makes half an email of a tombstone  |
 */

/**
 * Plans the write of a request's events of one email.
 *
 * @param item the item that a refused write showed; null before the first try
 * @param defaultAccountId the account of emails that no event names an account for; without it they have none
 */
export function planUpdate(events: readonly CanonicalEvent[], item: KnownItem | null, defaultAccountId?: string): Plan {
  return item === null ? optimisticUpdate(events, defaultAccountId) : recheckedUpdate(events, item, defaultAccountId);
}

/** The usual case, in one write: there is news in the events, they decide the status, and the history has room for them. */
function optimisticUpdate(events: readonly CanonicalEvent[], defaultAccountId?: string): Plan {
  const distinct = byEncoding(events);
  const verdict = merge(events);
  const cause = causeOf(verdict, distinct);
  const { added, dropped, full } = placed(distinct, new Map(), verdict);
  const facts = factsOf(events, undefined, defaultAccountId);
  const futureDated = events.some(isFutureDated);
  return {
    update: {
      verdict,
      cause,
      facts,
      history: { add: added },
      futureDated,
      condition: allOf(
        verdict === null ? hasNewEvents(added) : isSupersededBy(verdict),
        hasNoFutureDated,
        futureDated || full.length > 0 ? isNew : fitsHistory(added.length),
        isOfSameAccount(facts, events, undefined),
        isOfProvenAccount(events),
        isNotErased,
      ),
    },
    added,
    dropped,
    full,
    erased: 0,
  };
}

/** The exact case: the item is known, and the condition is that nothing that matters has changed since. */
function recheckedUpdate(events: readonly CanonicalEvent[], item: KnownItem, defaultAccountId?: string): Plan {
  if (item.erased) return { update: null, added: [], dropped: 0, full: [], erased: events.length };
  const { provenFor } = events[0]!;
  if (provenFor !== undefined && item.history.size > 0 && item.accountId !== provenFor)
    return { update: null, added: [], dropped: 0, full: [], erased: 0, emailIsForeign: true };
  const known = asDatedIn(item.history);
  const news = byEncoding(events.filter(event => !known.has(asDated(event))));
  const verdict = merge(news.values());
  const decides = verdict !== null && supersedes(verdict, item.verdict);
  const { kept, added, dropped, full } = placed(news, item.history, decides ? verdict : null);
  const facts = factsOf(events, item, defaultAccountId);
  if (added.length === 0 && Object.keys(facts).length === 0 && !decides)
    return { update: null, added, dropped, full, erased: 0 };

  const makesRoom = kept.size < item.history.size + added.length;
  const futureDated = [...news.values()].some(isFutureDated);
  // Two events may agree in all that decides, and not in why: the first of them in time says it.
  const ties =
    added.length > 0 && verdict !== null && !decides && item.verdict !== null && !supersedes(item.verdict, verdict);
  const mustNotChange = makesRoom || kept.size > maxHistoryEvents || futureDated || item.futureDated || ties;
  return {
    update: {
      verdict: decides || ties ? verdict : null,
      cause: causeOf(verdict, new Map([...item.history, ...news])),
      facts,
      history: makesRoom ? { replace: [...kept.keys()] } : { add: added },
      futureDated,
      condition: allOf(
        verdict === null ? null : decides ? isSupersededBy(verdict) : not(isSupersededBy(verdict)),
        item.futureDated ? null : hasNoFutureDated,
        item.history.size > 0 ? isStored : null,
        added.length + full.length === 0 ? null : mustNotChange ? hasSameHistory(item) : fitsHistory(added.length),
        isOfSameAccount(facts, events, item),
        isOfProvenAccount(events),
        isNotErased,
      ),
    },
    added,
    dropped,
    full,
    erased: 0,
  };
}

function byEncoding<Event extends HistoryEvent>(events: readonly Event[]): Map<string, Event> {
  return new Map(events.map(event => [encodeHistory(event), event]));
}

function isFutureDated({ providerTime }: HistoryEvent): boolean {
  return providerTime !== undefined;
}

/** An event as its provider dated it: the same for every delivery, whenever it arrived. */
function asDated(event: HistoryEvent): string {
  return encodeHistory({ ...event, occurredAt: event.providerTime ?? event.occurredAt, providerTime: undefined });
}

/** The same of a history. An event that was not dated into the future is its element already. */
function asDatedIn(history: ReadonlyMap<string, HistoryEvent>): ReadonlySet<string> {
  return new Set([...history].map(([element, event]) => (isFutureDated(event) ? asDated(event) : element)));
}

/** Why the status is what it is, as far as the event says that decides it. */
function causeOf(verdict: Verdict | null, events: ReadonlyMap<string, HistoryEvent>): Cause | null {
  return verdict === null ? null : (decidingEventOf(verdict, [...events.values()])?.reason?.cause ?? null);
}

interface Placed {
  /** The history after the write, by its encoding. */
  readonly kept: ReadonlyMap<string, HistoryEvent>;
  /** Elements that are news. */
  readonly added: readonly string[];
  readonly dropped: number;
  readonly full: readonly CanonicalEvent[];
}

/**
 * Finds a place in the history for new events.
 *
 * @param verdict the status that it decides; null where it decides none
 */
function placed(
  news: ReadonlyMap<string, CanonicalEvent>,
  history: ReadonlyMap<string, HistoryEvent>,
  verdict: Verdict | null,
): Placed {
  const kept = bounded(history.size === 0 ? news : new Map<string, HistoryEvent>([...history, ...news]));
  const added = [...news.keys()].filter(element => kept.has(element));
  const dropped = news.size - added.length;
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
 * As many of the events as a history has room for that has none for all: first the one that decides the status, if need
 * be without its texts, then the others in order of time.
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
  // One that decided once is there without its texts.
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

/** Of events within their limits, as many as the history's limit always do: nothing need be counted. */
function fits(history: ReadonlyMap<string, unknown>, bytes: number): boolean {
  return history.size <= maxHistoryEvents || bytesOf(history.keys()) <= bytes;
}

/** What is kept of the events, by their encoding. */
function bounded<Event extends HistoryEvent>(events: ReadonlyMap<string, Event>): ReadonlyMap<string, Event> {
  return events.size > maxHistoryEvents ? byEncoding(boundedHistory([...events.values()])) : events;
}

const toldFacts = ['subject', 'reference', 'tags'] as const satisfies readonly (keyof EmailFacts)[];
const factNames = ['accountId', ...toldFacts] as const satisfies readonly (keyof EmailFacts)[];

/**
 * What the events add to the facts of an email: each is set once, by whoever comes first, within a request the earliest,
 * since index keys must not move. What an event says in the name of another account than the email's changes nothing.
 */
function factsOf(
  events: readonly CanonicalEvent[],
  item: EmailFacts | undefined,
  defaultAccountId: string | undefined,
): EmailFacts {
  const inOrder = events.length === 1 ? events : events.toSorted((a, b) => a.occurredAt - b.occurredAt);
  const accountId =
    item?.accountId ?? inOrder.find(event => event.accountId !== undefined)?.accountId ?? defaultAccountId;
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

/**
 * A time of arrival differs from one delivery to the next: whether an event is one that was dated into the future and
 * comes again, only a look at the history tells.
 */
const hasNoFutureDated: Condition = { expression: 'attribute_not_exists(#futureDated)', values: {} };

const isStored: Condition = { expression: 'attribute_exists(#emailId)', values: {} };

/** No tombstone is there, which any write would make half an email of. */
const isNotErased: Condition = { expression: 'attribute_not_exists(#erasedAt)', values: {} };

/** The history is still just what was seen. */
function hasSameHistory({ history }: KnownItem): Condition {
  if (history.size === 0) return isNew;
  return { expression: '#history = :seen', values: { ':seen': new Set(history.keys()) } };
}

/** So many more elements stay within the history's bound. */
function fitsHistory(elements: number): Condition {
  if (elements >= maxHistoryEvents) return isNew;
  return {
    expression: 'attribute_not_exists(#history) OR size(#history) <= :room',
    values: { ':room': maxHistoryEvents - elements },
  };
}

/** More clauses than this would come near the 4 KB that DynamoDB takes as an expression. */
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

/** Where anything else is told, it matters in whose name: the email is that account's still, or nobody's yet. */
function isOfSameAccount(
  { accountId, ...told }: EmailFacts,
  events: readonly EmailFacts[],
  item: EmailFacts | undefined,
): Condition | null {
  if (item?.accountId !== undefined && Object.keys(told).length > 0) {
    return { expression: '#accountId = :accountOfItem', values: { ':accountOfItem': item.accountId } };
  }
  if (accountId === undefined || !events.some(event => event.subject ?? event.reference ?? event.tags)) return null;
  return { expression: 'attribute_not_exists(#accountId) OR #accountId = :accountId', values: {} };
}

/** An account's own secret proves events of that account's emails, or of a new one, which becomes that account's. */
function isOfProvenAccount([event]: readonly CanonicalEvent[]): Condition | null {
  const provenFor = event?.provenFor;
  if (provenFor === undefined) return null;
  return {
    expression: 'attribute_not_exists(#emailId) OR #accountId = :provenFor',
    values: { ':provenFor': provenFor },
  };
}

/** For each status, the merge as a condition: no status yet, or one of the stored states that it replaces. */
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
 * When an email was sent, as far as its first request tells: its earliest event. An event may be dated some minutes
 * ahead; no email was sent after it was reported.
 */
export function sentAtOf(events: readonly CanonicalEvent[], receivedAt: number): number {
  return events.reduce((earliest, { occurredAt }) => Math.min(earliest, occurredAt), receivedAt);
}

/** The item that an update goes to, and what every write sets on it. Times are epoch milliseconds. */
export interface UpdateTarget extends Pick<CanonicalEvent, 'provider' | 'messageId' | 'recipient'> {
  readonly tableName: string;
  readonly emailId: string;
  readonly now: number;
  /** Set by the first write alone, like `expiresAt`. */
  readonly sentAt: number;
  /** When the email is removed. */
  readonly expiresAt: number;
}

/** The update as DynamoDB takes it. If its condition fails, the error holds the item. */
export function updateInput(
  { tableName, emailId, provider, messageId, recipient, now, sentAt, expiresAt }: UpdateTarget,
  { verdict, cause, facts, history, futureDated, condition }: EmailUpdate,
): UpdateCommandInput {
  // A verdict's time and event id are in the condition already, and may be named once only.
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
  if (verdict !== null) {
    sets.push('#status = :status, #statusAt = :statusAt, #statusEventId = :statusEventId');
    values[':status'] = verdict.status;
    if (isActionable(verdict)) {
      // Since it first asked for it, however its status goes on from there: keys of an index must not move, or pages that
      // are being read would miss it. `attentionAt` is the one that is there only while it asks.
      sets.push(
        '#attentionSince = if_not_exists(#attentionSince, :now), #attentionAt = if_not_exists(#attentionSince, :now)',
        '#attentionDay = if_not_exists(#attentionDay, :attentionDay)',
      );
      values[':attentionDay'] = dayOf(now);
    } else {
      removed.push('#attentionAt');
    }
    if (cause === null) removed.push('#cause');
    else {
      sets.push('#cause = :cause');
      values[':cause'] = cause;
    }
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
