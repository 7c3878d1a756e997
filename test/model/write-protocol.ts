/**
 * Models the way of events into the table as states and steps. Providers send again until they hear 200. Ingest workers
 * plan and write. A retry queue delivers at least once, and a dead-letter queue is replayed. Any step may fail or stop.
 * The plans and expressions are the product's own. The loop around them is the recorder's, one call per step.
 *
 * A worker may try again for ever and give up at any time, which covers every limit of tries. Every write of the model
 * happens at the same time, because no condition depends on it. The model leaves out the size of an item, the quarantine
 * and the expiry of emails. It records each message alone.
 *
 * An erasure writes its record, and then tombstones until the index shows no email any more. A worker may still write
 * its own events when the erasure ends. The protocol promises nothing about these.
 */

import { isDeepStrictEqual } from 'node:util';
import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { type CanonicalEvent, canonicalEvent, type EventDraft, emailIdOf } from '../../shared/email/event.ts';
import {
  boundedHistory,
  decidingEventOf,
  decodeHistory,
  encodeHistory,
  type HistoryEvent,
} from '../../shared/email/history.ts';
import { isTombstone, knownItem } from '../../shared/email/item.ts';
import { decodeRepeats, keptOfKind, knownOfKinds, repeatKindOf } from '../../shared/email/repeats.ts';
import { type Erasure, tombstoneInput, whereErasable, whereUnclaimed } from '../../shared/email/tombstone.ts';
import { planUpdate, sentAtOf, updateInput } from '../../shared/email/update.ts';
import { emailsToBury } from '../../shared/guards/erase-received.ts';
import { erasuresAfter, recordInput } from '../../shared/guards/erasure-records.ts';
import { isActionable } from '../../shared/status/attention.ts';
import type { Status } from '../../shared/status/catalogue.ts';
import { merge, supersedes, type Verdict } from '../../shared/status/precedence.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import type { Step, System } from './search.ts';
import { attributeValues, type Item, replaced, updated } from './update-expressions.ts';

export interface Scenario {
  /** The events in the table at the beginning. */
  readonly before?: readonly CanonicalEvent[];
  readonly requests: readonly Request[];
  /** The number of concurrent workers. */
  readonly workers: number;
  /**
   * The number of deliveries of a message before it is moved to the dead-letter queue. With 0, they are not counted and no
   * message is moved, because it can wait in one queue as long as in the other.
   */
  readonly receives: number;
  /** The greatest number of abandoned writes that are still on their way to the table. */
  readonly onTheirWay: number;
  /** The erasures of the one recipient of all events. */
  readonly erasures?: readonly ScenarioErasure[];
}

export interface ScenarioErasure extends Pick<Erasure, 'accountId'> {
  /** The time in epoch milliseconds. */
  readonly at: number;
}

export interface Request {
  readonly name: string;
  /** A scenario has fewer than 32 different events. */
  readonly events: readonly EventDraft[];
  /** The times of arrival in epoch milliseconds. The provider sends again until it hears 200. */
  readonly arrivals: readonly number[];
}

/** The choices of the protocol. */
export interface Protocol {
  readonly plan: typeof planUpdate;
  readonly write: typeof updateInput;
  readonly takesRefusalFor: 'news of the item' | 'a duplicate' | 'nothing';
  readonly answers: 'once all is durable' | 'on arrival';
  readonly whenTheQueueFails: 'asks again' | 'answers 200';
  readonly deletesMessage: 'once recorded' | 'on receipt';
  readonly record: typeof recordInput;
  readonly recordsErasure: 'first' | 'last';
  readonly drops: typeof erasuresAfter;
  readonly buries: typeof emailsToBury;
  readonly buriesWhat: typeof whereUnclaimed;
}

export const protocol: Protocol = {
  plan: planUpdate,
  write: updateInput,
  takesRefusalFor: 'news of the item',
  answers: 'once all is durable',
  whenTheQueueFails: 'asks again',
  deletesMessage: 'once recorded',
  record: recordInput,
  recordsErasure: 'first',
  drops: erasuresAfter,
  buries: emailsToBury,
  buriesWhat: whereUnclaimed,
};

/** A worker's progress with the events of one email. From 0 on, it is the number of the item that a refused write showed. */
const progress = { notItsWork: -1, recorded: -2, failed: -3, nothingKnown: -4, toBeBuried: -5 } as const;

/** The phase of an erasure. */
const phase = { notBegun: 0, begun: 1, halfDone: 2, ended: 3 } as const;

function isAtWork(known: number): boolean {
  return known >= 0 || known === progress.nothingKnown || known === progress.toBeBuried;
}

function heardWords(heard: boolean): string {
  return heard ? '' : ', which is lost';
}

function isOf(message: Message, { request, delivery }: Worker, emails: readonly number[]): boolean {
  return message.request === request && message.delivery === delivery && message.emails.join() === emails.join();
}

interface Worker {
  readonly request: number;
  readonly delivery: number;
  readonly serves: 'provider' | 'queue';
  /** The number of the erasure records that the worker has looked up, or 0 for none. */
  readonly records: number;
  /** The progress by email. */
  readonly progress: readonly number[];
}

/** A message in the retry queue or the dead-letter queue. */
interface Message {
  readonly request: number;
  readonly delivery: number;
  /** The emails of its events. */
  readonly emails: readonly number[];
  readonly received: number;
  readonly dead: boolean;
}

interface ProviderCall {
  readonly sent: number;
  readonly heard200: boolean;
  /** Whether 200 was sent, heard or not. */
  readonly acknowledged: boolean;
}

export interface State {
  /** The number of each email's item, or 0 for none. */
  readonly table: readonly number[];
  /** The abandoned writes, as `email:update`. */
  readonly onTheirWay: readonly string[];
  readonly calls: readonly ProviderCall[];
  readonly workers: readonly Worker[];
  readonly messages: readonly Message[];
  /** The phase of each erasure. `records` is the number of their records. */
  readonly erasures: readonly number[];
  readonly records: number;
  /** The emails that must be tombstones in the end, one bit each. */
  readonly due: number;
}

const resolutions = ['mailtrail.handled', 'mailtrail.successor_delivered'];

/** The protocol in a scenario, with its promises. */
export function writeProtocol(scenario: Scenario, does: Protocol = protocol): System<State> {
  const { requests } = scenario;
  /** The different events as their providers reported them. The promises are about these. */
  const drafts = [...new Set(requests.flatMap(({ events }) => events.map(said)))];
  const arrived = requests.map(({ events, arrivals }) => arrivals.map(at => events.map(draft => arrival(draft, at))));
  const { before = [] } = scenario;
  const emailIds = [...new Set([...before, ...arrived.flat(2)].map(emailIdOf))];

  const { erasures = [] } = scenario;
  const recipient = [...before, ...arrived.flat(2)][0]!.recipient;
  /** The different erasers. `recordsByNumber` has the time of each one's last record, or 0. */
  const erasers = [...new Set(erasures.map(({ accountId }) => accountId))];
  const recordsByNumber: (readonly number[])[] = [erasers.map(() => 0)];
  const recordsAfter = remembered((records: number, erasure: number): number => {
    const { accountId, at } = erasures[erasure]!;
    const times = recordsByNumber[records]!;
    const eraser = erasers.indexOf(accountId);
    const item = times[eraser] === 0 ? undefined : { erasedAt: times[eraser]! };
    const next = updated(item, does.record('guards', { recipient, accountId }, at));
    if (next === null) return records;
    const after = times.with(eraser, next.erasedAt as number);
    const known = recordsByNumber.findIndex(others => others.join() === after.join());
    return known === -1 ? recordsByNumber.push(after) - 1 : known;
  });
  const received = remembered((request: number, delivery: number) => {
    const receivedAt = requests[request]!.arrivals[delivery]!;
    return arrived[request]![delivery]!.map(event => ({ event, receivedAt }));
  });
  /** The events of a delivery that must be dropped because of erasure records. `dropped` has the events that are. */
  const toBeDropped = remembered((request: number, delivery: number, records: number) =>
    erasuresAfter(
      received(request, delivery),
      ({ accountId }) => recordsByNumber[records]![erasers.indexOf(accountId)],
    ),
  );
  const dropped = remembered((request: number, delivery: number, records: number) =>
    does.drops(received(request, delivery), ({ accountId }) => recordsByNumber[records]![erasers.indexOf(accountId)]),
  );
  const buriedIn = remembered((request: number, delivery: number, records: number) =>
    does.buries(arrived[request]![delivery]!, dropped(request, delivery, records)),
  );
  /** Whether a delivery makes an erasure cover an email. */
  const isAbout = remembered((erasure: number, request: number, delivery: number, email: number): boolean => {
    const { accountId, at } = erasures[erasure]!;
    const own = received(request, delivery).filter(({ event }) => emailIdOf(event) === emailIds[email]);
    return own.some(({ event, receivedAt }) => receivedAt < at && [null, event.accountId].includes(accountId));
  });
  /** Whether an erasure may cover an email without an account, because a covered event of it came before. */
  const mayTake = remembered((erasure: number, email: number): boolean =>
    requests.some(({ arrivals }, request) =>
      arrivals.some((_, delivery) => isAbout(erasure, request, delivery, email)),
    ),
  );
  /** Whether events of an email name different accounts. The first recorded one keeps it. */
  const isContested = remembered((email: number): boolean => {
    const own = [...before, ...arrived.flat(2)].filter(event => emailIdOf(event) === emailIds[email]);
    return new Set(own.flatMap(({ accountId }) => accountId ?? [])).size > 1;
  });

  /** The events of an email in one delivery of a request, without dropped ones. */
  const eventsIn = remembered((request: number, delivery: number, email: number, records: number) =>
    arrived[request]![delivery]!.filter(
      event => emailIdOf(event) === emailIds[email] && !dropped(request, delivery, records).has(event),
    ),
  );
  const draftsOfRequest = requests.map(({ events }) => bitsOf(events.map(said)));
  const draftsIn = remembered((request: number, email: number) =>
    bitsOf(requests[request]!.events.filter(draft => emailIdOf(arrival(draft, noon)) === emailIds[email]).map(said)),
  );
  const draftsOfEmail = emailIds.map((_, email) =>
    requests.reduce((bits, _request, request) => bits | draftsIn(request, email), 0),
  );
  /** The drafts that came before an erasure and are dropped. */
  const draftsDropped = remembered((records: number) =>
    bitsOf(
      requests.flatMap(({ events, arrivals }, request) =>
        arrivals.flatMap((_, delivery) =>
          arrived[request]![delivery]!.flatMap((event, index) =>
            toBeDropped(request, delivery, records).has(event) ? [said(events[index]!)] : [],
          ),
        ),
      ),
    ),
  );
  function bitsOf(texts: readonly string[]): number {
    return texts.reduce((bits, text) => bits | (1 << drafts.indexOf(text)), 0);
  }

  /** The draft of each history element of an email, or -1 for elements from the beginning. */
  const origins: ReadonlyMap<string, number>[] = emailIds.map((_, email) => {
    const own = (events: readonly CanonicalEvent[]) => events.filter(event => emailIdOf(event) === emailIds[email]);
    return new Map([
      ...own(before).map((event): [string, number] => [encodeHistory(event), -1]),
      ...requests.flatMap(({ events }, request) =>
        arrived[request]!.flatMap(delivery =>
          delivery.flatMap((event, index): [string, number][] =>
            emailIdOf(event) === emailIds[email] ? [[encodeHistory(event), drafts.indexOf(said(events[index]!))]] : [],
          ),
        ),
      ),
    ]);
  });

  const items: (Item | undefined)[] = [undefined];
  const itemNumbers = new Map<string, number>();
  const numberOf = (item: Item): number => {
    const key = JSON.stringify(item, (_, value) => (value instanceof Set ? [...value].sort() : value));
    const number = itemNumbers.get(key) ?? items.push(item) - 1;
    itemNumbers.set(key, number);
    return number;
  };

  const writes: UpdateCommandInput[] = [];
  /** The number of the worker's next write, or -1 if every event is recorded already. */
  const nextWrite = remembered(
    (request: number, delivery: number, records: number, email: number, known: number): number => {
      const events = eventsIn(request, delivery, email, records);
      const seen = known === progress.nothingKnown ? null : knownItem(attributeValues(items[known] ?? {}));
      const { update } = does.plan(events, seen);
      return update === null ? -1 : writes.push(does.write(targetOf(events), update)) - 1;
    },
  );
  /** The number of the item after a write, or -1 if the write is refused. */
  const outcome = remembered((item: number, write: number): number => {
    const next = updated(items[item], writes[write]!);
    return next === null ? -1 : numberOf(next);
  });

  /** The same for an erasure's tombstone of an email in the index. `buried` is for the tombstone of a dropped event. */
  const erased = remembered((item: number, email: number, erasure: number): number => {
    const { accountId } = erasures[erasure]!;
    const input = tombstoneInput('emails', emailIds[email]!, whereErasable({ recipient, accountId }), noon);
    const next = replaced(items[item], input);
    return next === null ? -1 : numberOf(next);
  });
  const buried = remembered((item: number, email: number, eraser: number): number => {
    const condition = does.buriesWhat({ recipient, accountId: erasers[eraser]! });
    const next = replaced(items[item], tombstoneInput('emails', emailIds[email]!, condition, noon));
    return next === null ? -1 : numberOf(next);
  });
  const isErased = remembered((item: number) => isTombstone(items[item] ?? {}));

  const historyOf = (item: number) => [...((items[item]?.history as ReadonlySet<string> | undefined) ?? [])];
  /** The drafts in an item's history. */
  const draftsHeld = remembered((email: number, item: number) =>
    historyOf(item).reduce((bits, element) => {
      const draft = origins[email]!.get(element) ?? -1;
      return draft === -1 ? bits : bits | (1 << draft);
    }, 0),
  );
  /** The drafts of an email that its item may leave out: repeats beyond the history's bound, and counted ones. */
  const draftsBeyondBound = remembered((email: number, item: number) => {
    const history = historyOf(item);
    const known = knownOfKinds(history.map(decodeHistory));
    const repeats = repeatsOf(item);
    const isCounted = (event: HistoryEvent) => {
      const kind = repeatKindOf(event) ?? '';
      const ofKind = known.get(kind);
      if (ofKind === undefined || ofKind.number < keptOfKind) return false;
      const { first, newest } = ofKind;
      const isFirst =
        event.occurredAt < first.occurredAt || (event.occurredAt === first.occurredAt && event.eventId < first.eventId);
      return !isFirst && event.occurredAt <= Math.max(newest, repeats.get(kind)?.last ?? 0);
    };
    return [...origins[email]!].reduce((bits, [element, draft]) => {
      if (draft === -1 || history.includes(element)) return bits;
      const isKept = boundedElements([...history, element]).includes(element) && !isCounted(decodeHistory(element));
      return isKept ? bits : bits | (1 << draft);
    }, 0);
  });
  const repeatsOf = (item: number) => decodeRepeats(items[item]?.repeats as string | undefined);
  /** The different events of each kind that were sent to an email. */
  const sentOfKind = remembered((email: number) => {
    const events = [...origins[email]!.keys()].map(decodeHistory);
    return new Map(
      [...Map.groupBy(events, event => repeatKindOf(event) ?? '')].map(([kind, ofKind]) => [
        kind,
        new Set(ofKind.map(({ eventId, providerTime, occurredAt }) => `${eventId} ${providerTime ?? occurredAt}`)).size,
      ]),
    );
  });
  /** The elements that are the same in any order: of a kind of which some are counted, the first. */
  const promisedOf = (email: number, elements: readonly string[]) => {
    const known = knownOfKinds(elements.map(decodeHistory));
    return elements
      .filter(element => {
        const event = decodeHistory(element);
        const kind = repeatKindOf(event) ?? '';
        if (kind === '' || sentOfKind(email).get(kind)! <= keptOfKind) return true;
        return event.eventId === known.get(kind)!.first.eventId;
      })
      .sort();
  };

  const brokenByItem = remembered((email: number, number: number): string | null => {
    const item = items[number];
    if (item === undefined) return null;
    if (isErased(number)) return Object.keys(item).length === 3 ? null : 'nothing is left of an erased email';
    const history = historyOf(number);
    const known = history.map(element => origins[email]!.get(element));
    if (known.includes(undefined)) return 'the history holds nothing that was not sent';
    const sent = known.filter(draft => draft !== -1);
    if (new Set(sent).size < sent.length) return 'the history holds no event twice';
    if (boundedElements(history).length < history.length) return 'the history keeps within its bound';
    const events = history.map(decodeHistory);
    const verdict = merge(events);
    if (JSON.stringify(verdictOf(item)) !== JSON.stringify(verdict)) return 'the status is what the history amounts to';
    if (item.cause !== decidingEventOf(verdict, events)?.reason?.cause)
      return 'the cause is that of the event that decides';
    const asks = (status: Status | null) => status !== null && isActionable({ status });
    const ends = events.filter(({ providerEvent }) => resolutions.includes(providerEvent));
    const endedAt = Math.max(...ends.map(({ occurredAt }) => occurredAt));
    const open = events.filter(event => asks(event.status) && event.occurredAt > endedAt);
    const isOpen = asks(verdict?.status ?? null) && open.length > 0;
    if ((item.attentionAt !== undefined) !== isOpen)
      return 'an email asks for attention exactly while its status does and no resolution has come since';
    if (isOpen && item.attentionAt !== item.attentionSince) return 'an email asks for attention since it first did';
    if (item.resolvedAt !== (ends.length === 0 ? undefined : endedAt)) return 'a resolution is known by its time';
    if (isOpen && ends.length > 0 && item.attentionAt !== Math.min(...open.map(({ occurredAt }) => occurredAt)))
      return 'a failure after a resolution asks for attention at its own place';
    if (item.accountId === undefined && events.some(({ accountId }) => accountId !== undefined))
      return 'an email belongs to the account that its events name';
    const ofKinds = knownOfKinds(events);
    for (const [kind, { count }] of repeatsOf(number)) {
      if (count + (ofKinds.get(kind)?.number ?? 0) > (sentOfKind(email).get(kind) ?? 0))
        return 'no open is counted twice';
    }
    const inItsName = arrived
      .flat(2)
      .filter(event => event.accountId === undefined || event.accountId === item.accountId);
    for (const fact of ['accountId', 'subject', 'reference', 'tags'] as const) {
      if (item[fact] !== undefined && !inItsName.some(event => isDeepStrictEqual(event[fact], item[fact])))
        return "what is said of an email is said in its account's name";
    }
    return null;
  });
  const brokenByChange = remembered((from: number, to: number): string | null => {
    const [old, now] = [items[from], items[to]];
    if (from !== to && isErased(from)) return 'an erased email stays erased';
    if (isErased(to)) return brokenByErasing(from, emailIds.indexOf(String(now!.emailId)));
    if (old === undefined || now === undefined) return null;
    const after = historyOf(to);
    const gone = historyOf(from).filter(element => !after.includes(element));
    const all = [...after, ...gone];
    if (gone.length > 0 && gone.some(element => boundedElements(all).includes(element)))
      return 'what is in the history stays there';
    const placed = now.resolvedAt === undefined ? ['attentionSince', 'attentionDay'] : [];
    for (const fact of ['accountId', 'subject', 'reference', 'tags', 'sentAt', 'expiresAt', ...placed]) {
      if (old[fact] !== undefined && !isDeepStrictEqual(now[fact], old[fact])) return `${fact} is set once`;
    }
    for (const [kind, { count, last }] of repeatsOf(from)) {
      const after = repeatsOf(to).get(kind);
      if (after === undefined || after.count < count || after.last < last) return 'a count never falls';
    }
    const [lower, higher] = [verdictOf(old), verdictOf(now)];
    if (lower !== null && (higher === null || (supersedes(lower, higher) && !supersedes(higher, lower))))
      return 'a status gives way to a higher one only';
    return null;
  });

  function brokenByErasing(from: number, email: number): string | null {
    const { accountId } = items[from] ?? {};
    const isTaken = erasures.some((erasure, index) =>
      accountId === undefined ? mayTake(index, email) : [null, accountId].includes(erasure.accountId),
    );
    return isTaken ? null : 'an erasure takes what it is about, and nothing else';
  }

  const nameOf = ({ request, delivery, serves }: Worker) =>
    serves === 'queue'
      ? `the queue's worker with ${messageName({ request, delivery })}`
      : `the worker of ${requests[request]!.name}${delivery === 0 ? '' : `, sent again (${delivery + 1})`}`;
  const messageName = ({ request, delivery }: Pick<Message, 'request' | 'delivery'>) =>
    `the message of ${requests[request]!.name}${delivery === 0 ? '' : ` (${delivery + 1})`}`;
  const describe = (item: number) => {
    const verdict = verdictOf(items[item] ?? {});
    const history = historyOf(item)
      .map(element => decodeHistory(element).providerEvent)
      .sort();
    const listed = history.length > 6 ? `${history.length} events` : history.join(', ');
    if (isErased(item)) return 'a tombstone';
    return items[item] === undefined ? 'no item' : `${verdict?.status ?? 'no status'} [${listed}]`;
  };

  /** The worker with new progress on one email. The email is done if no write is left. */
  const advanced = (worker: Worker, email: number, known: number): Worker => {
    const { request, delivery, records } = worker;
    const done = known >= 0 && nextWrite(request, delivery, records, email, known) === -1;
    return { ...worker, progress: worker.progress.with(email, done ? progress.recorded : known) };
  };
  const begun = (
    request: number,
    delivery: number,
    serves: Worker['serves'],
    records: number,
    hasWork: (email: number) => boolean,
  ): Worker => ({
    request,
    delivery,
    serves,
    records,
    progress: emailIds.map((emailId, email) => {
      if (!hasWork(email)) return progress.notItsWork;
      return buriedIn(request, delivery, records).has(emailId)
        ? progress.toBeBuried
        : toBeRecorded(request, delivery, records, email);
    }),
  });
  /** The progress with an email after its drops. Without remaining events, it counts as recorded. */
  function toBeRecorded(request: number, delivery: number, records: number, email: number): number {
    return eventsIn(request, delivery, email, records).length > 0 ? progress.nothingKnown : progress.recorded;
  }

  /** Whether an arrival at a time is too early, before an earlier erasure. `isOver` says whether it is too late. */
  const isEarly = ({ erasures: phases }: State, at: number) =>
    erasures.some((erasure, index) => at > erasure.at && phases[index] === phase.notBegun);
  const isOver = ({ erasures: phases }: State, at: number) =>
    erasures.some((erasure, index) => at < erasure.at && phases[index] !== phase.notBegun);

  function* providerSteps(state: State): Generator<Step<State>> {
    if (state.workers.length === scenario.workers) return;
    for (const [request, call] of state.calls.entries()) {
      const { name, arrivals } = requests[request]!;
      let { sent } = call;
      while (sent < arrivals.length && isOver(state, arrivals[sent]!)) sent += 1;
      if (call.heard200 || sent === arrivals.length || isEarly(state, arrivals[sent]!)) continue;
      // Deliveries that arrive at the same time are equal.
      const delivery = arrivals.indexOf(arrivals[sent]!);
      const worker = begun(request, delivery, 'provider', 0, email => draftsIn(request, email) !== 0);
      const early = does.answers === 'on arrival';
      yield {
        says: () => `the provider sends ${name}${call.sent === 0 ? '' : ' again'}${early ? ', and hears 200' : ''}`,
        to: {
          ...state,
          calls: state.calls.with(request, {
            sent: sent + 1,
            heard200: early,
            acknowledged: call.acknowledged || early,
          }),
          workers: [...state.workers, worker],
        },
      };
    }
  }

  function* tableSteps(state: State): Generator<Step<State>> {
    for (const late of state.onTheirWay) {
      const [email, write] = late.split(':').map(Number) as [number, number];
      const before = state.table[email]!;
      const after = outcome(before, write);
      const left = { ...state, onTheirWay: state.onTheirWay.filter(other => other !== late) };
      yield {
        says: () =>
          `a write that nobody waits for any more reaches the table and is ${after === -1 ? 'refused' : `applied: ${describe(after)}`}`,
        to: after === -1 ? left : { ...left, table: state.table.with(email, after) },
        breaks: after === -1 ? null : brokenByChange(before, after),
      };
    }
  }

  function* erasureSteps(state: State): Generator<Step<State>> {
    for (const [index, { accountId }] of erasures.entries()) {
      const reached = state.erasures[index]!;
      const name = `the erasure ${accountId === null ? 'of support' : `of ${accountId}`}`;
      const to = (next: number, changes: Partial<State> = {}): State => ({
        ...state,
        ...changes,
        erasures: state.erasures.with(index, next),
      });
      const isFirst = does.recordsErasure === 'first';
      const recorded = { records: recordsAfter(state.records, index) };
      const tombstones = state.table.map((item, email) => erased(item, email, index));
      const shown = tombstones.reduce((bits, item, email) => (item === -1 ? bits : bits | (1 << email)), 0);
      if (reached === phase.notBegun) {
        // Erasures begin in the order of their times.
        if (index === 0 || state.erasures[index - 1] !== phase.notBegun)
          yield {
            says: () => `${name} begins`,
            to: to(phase.begun, { due: state.due | waitingFor(state, index) | shown }),
          };
      } else if (reached === (isFirst ? phase.begun : phase.halfDone)) {
        const next = isFirst ? phase.halfDone : phase.ended;
        yield {
          says: () => `${name} is recorded`,
          to: to(next, { ...recorded, ...(!isFirst && ending(state, index)) }),
        };
      } else if (reached !== phase.ended) {
        for (const [email, after] of tombstones.entries()) {
          if (after === -1) continue;
          yield {
            says: () => `${name} puts a tombstone in the place of email ${email + 1}`,
            to: { ...state, table: state.table.with(email, after) },
            breaks: brokenByChange(state.table[email]!, after),
          };
        }
        const next = isFirst ? phase.ended : phase.halfDone;
        if (shown === 0)
          yield { says: () => `${name} finds no email any more`, to: to(next, isFirst ? ending(state, index) : {}) };
      }
    }
  }

  /** The emails that an erasure covers because of waiting messages. */
  function waitingFor({ messages }: State, erasure: number): number {
    return emailIds.reduce((bits, _, email) => {
      const isWaiting = messages.some(
        ({ request, delivery, emails }) => emails.includes(email) && isAbout(erasure, request, delivery, email),
      );
      const isDecided = erasures[erasure]!.accountId === null || !isContested(email);
      return isWaiting && isDecided ? bits | (1 << email) : bits;
    }, 0);
  }

  /** The emails that must end as tombstones after an erasure, without those in the hands of a worker. */
  function ending(state: State, erasure: number): Pick<State, 'due'> {
    const { table, workers, onTheirWay, due } = state;
    const inHands = emailIds.reduce((bits, _, email) => {
      const isHeld =
        workers.some(worker => isAtWork(worker.progress[email]!)) ||
        onTheirWay.some(late => late.startsWith(`${email}:`));
      return isHeld && !isErased(table[email]!) ? bits | (1 << email) : bits;
    }, 0);
    return { due: (due | waitingFor(state, erasure)) & ~inHands };
  }

  function* queueSteps(state: State): Generator<Step<State>> {
    for (const [index, message] of state.messages.entries()) {
      const { request, delivery, emails, received, dead } = message;
      const become = (changes: Partial<Message>) => ({
        ...state,
        messages: state.messages.with(index, { ...message, ...changes }),
      });
      if (dead) {
        yield {
          says: () => `${messageName(message)} is replayed from the dead-letter queue`,
          to: become({ dead: false, received: 0 }),
        };
      } else if (received === scenario.receives && received > 0) {
        yield {
          says: () => `${messageName(message)} is moved to the dead-letter queue`,
          to: become({ dead: true, received: 0 }),
        };
      } else if (state.workers.length < scenario.workers) {
        // Another worker may still have the message, because its visibility timeout may be over.
        const worker = begun(request, delivery, 'queue', state.records, email => emails.includes(email));
        const wronglyDropped = [...dropped(request, delivery, state.records).keys()].some(
          event => !toBeDropped(request, delivery, state.records).has(event),
        );
        const deleted = does.deletesMessage === 'on receipt';
        const kept = deleted
          ? { ...state, messages: state.messages.toSpliced(index, 1) }
          : become({ received: scenario.receives === 0 ? 0 : received + 1 });
        // The worker ends here if every event is dropped.
        yield* goingOn(
          { ...kept, workers: [...state.workers, worker] },
          worker,
          state.workers.length,
          () => `the queue delivers ${messageName(message)}${deleted ? ', which is deleted' : ''}`,
          wronglyDropped ? 'nothing is dropped but what came before an erasure' : null,
        );
      }
    }
  }

  function* workerSteps(state: State): Generator<Step<State>> {
    for (const [index, worker] of state.workers.entries()) {
      const name = nameOf(worker);
      const gone = { ...state, workers: state.workers.toSpliced(index, 1) };
      yield {
        says: () =>
          `${name} stops: a crash, or ${worker.serves === 'queue' ? 'it gives up' : 'it cannot reach the retry queue either and answers 429'}`,
        to: gone,
      };
      for (const [email, known] of worker.progress.entries()) {
        if (known === progress.toBeBuried) yield* buryingSteps(state, worker, index, email);
        else if (isAtWork(known)) yield* writingSteps(state, worker, index, email);
      }
    }
  }

  function* buryingSteps(state: State, worker: Worker, index: number, email: number): Generator<Step<State>> {
    const { request, delivery, records } = worker;
    const { accountId } = buriedIn(request, delivery, records).get(emailIds[email]!)!;
    const before = state.table[email]!;
    const after = buried(before, email, erasers.indexOf(accountId));
    const says = () =>
      `${nameOf(worker)} drops what came before, and its tombstone is ${after === -1 ? 'refused' : 'there'}`;
    const next = advanced(worker, email, toBeRecorded(request, delivery, records, email));
    if (after === -1) return yield* goingOn(state, next, index, says, null);
    const written = { ...state, table: state.table.with(email, after) };
    const isOthers = eventsIn(request, delivery, email, records).some(event => event.accountId !== undefined);
    const breaks = isOthers
      ? 'what is dropped takes nothing of another account with it'
      : brokenByChange(before, after);
    yield { says: () => `${says()}; the answer is lost`, to: written, breaks };
    yield* goingOn(written, next, index, says, breaks);
  }

  function* writingSteps(state: State, worker: Worker, index: number, email: number): Generator<Step<State>> {
    const name = nameOf(worker);
    const write = `${name}: its write${emailIds.length === 1 ? '' : ` of email ${email + 1}`}`;
    const known = worker.progress[email]!;
    const before = state.table[email]!;
    const number = nextWrite(worker.request, worker.delivery, worker.records, email, known);
    const after = outcome(before, number);
    if (after === -1) {
      const next = { 'news of the item': before, 'a duplicate': progress.recorded, nothing: known }[
        does.takesRefusalFor
      ];
      const says = () => `${write} is refused, and shows ${describe(before)}`;
      const breaks = known === before ? 'a write that was planned for the item as it is, is not refused' : null;
      yield* goingOn(state, advanced(worker, email, next), index, says, breaks);
    } else {
      const says = () => `${write} is applied: ${describe(after)}`;
      const written = { ...state, table: state.table.with(email, after) };
      const breaks = brokenByChange(before, after);
      yield { says: () => `${says()}; the answer is lost`, to: written, breaks };
      yield* goingOn(written, advanced(worker, email, progress.recorded), index, says, breaks);
    }
    const late = `${email}:${number}`;
    if (state.onTheirWay.length < scenario.onTheirWay && !state.onTheirWay.includes(late)) {
      yield {
        says: () => `${write} is waited for no more, and is still on its way`,
        to: { ...state, onTheirWay: [...state.onTheirWay, late].sort() },
      };
    }
    if (worker.serves === 'provider') {
      yield* goingOn(state, advanced(worker, email, progress.failed), index, () => `${write} is given up`, null);
    }
  }

  /**
   * The steps of a worker after a write. Without another write, it ends in one of all possible ways. Its end joins its
   * last write, because any step between the two could also come before or after both.
   */
  function* goingOn(
    state: State,
    worker: Worker,
    index: number,
    says: () => string,
    breaks: string | null,
  ): Generator<Step<State>> {
    const { request, delivery, serves } = worker;
    if (worker.progress.some(isAtWork)) {
      yield { says, to: { ...state, workers: state.workers.with(index, worker) }, breaks };
      return;
    }
    const gone = { ...state, workers: state.workers.toSpliced(index, 1) };
    if (serves === 'queue') {
      const its = worker.progress.flatMap((known, email) => (known === progress.notItsWork ? [] : [email]));
      const kept = state.messages.filter(message => message.dead || !isOf(message, worker, its));
      yield { says: () => `${says()}; it deletes the message`, to: { ...gone, messages: kept }, breaks };
      yield { says: () => `${says()}; the message is not deleted`, to: gone, breaks };
      return;
    }
    const call = state.calls[request]!;
    const answered = (from: State, heard: boolean): State => ({
      ...from,
      calls: from.calls.with(request, { ...call, heard200: call.heard200 || heard, acknowledged: true }),
    });
    // After the last try, it makes no difference whether 200 is heard.
    const heardOrNot = call.sent < requests[request]!.arrivals.length ? [true, false] : [true];
    const emails = worker.progress.flatMap((known, email) => (known === progress.failed ? [email] : []));
    const ends: (readonly [words: string, state: State])[] = [];
    if (emails.length === 0) {
      ends.push(['it stops', gone]);
      for (const heard of heardOrNot) ends.push([`it answers 200${heardWords(heard)}`, answered(gone, heard)]);
    } else {
      const message = { request, delivery, emails, received: 0, dead: false };
      // The queue may deliver a message any number of times, so that two equal messages are one.
      const there = state.messages.some(other => isOf(other, worker, emails));
      const queued = { ...gone, messages: there ? state.messages : [...state.messages, message] };
      ends.push(['it puts them into the retry queue, does not hear of it and answers 429', queued]);
      for (const heard of heardOrNot) {
        const words = `answers 200${heardWords(heard)}`;
        ends.push([`it puts them into the retry queue and ${words}`, answered(queued, heard)]);
        if (does.whenTheQueueFails === 'answers 200')
          ends.push([`it cannot reach the retry queue and ${words}`, answered(gone, heard)]);
      }
    }
    for (const [words, to] of ends) yield { says: () => `${says()}; ${words}`, to, breaks };
  }

  const callText = ({ sent, heard200, acknowledged }: ProviderCall, request: number) =>
    `${heard200 ? requests[request]!.arrivals.length : sent}${+acknowledged}`;

  /** The promised items in final states, by their events. */
  const promisedByEvents = new Map<string, string>();

  return {
    initial: {
      table: emailIds.map((_, email) => {
        const events = before.filter(event => emailIdOf(event) === emailIds[email]);
        const { update } = planUpdate(events, null);
        return events.length === 0 ? 0 : numberOf(updated(undefined, updateInput(targetOf(events), update!))!);
      }),
      onTheirWay: [],
      calls: requests.map(() => ({ sent: 0, heard200: false, acknowledged: false })),
      workers: [],
      messages: [],
      erasures: erasures.map(() => phase.notBegun),
      records: 0,
      due: 0,
    },
    // Workers and messages have no order. A request after its last try counts as one that heard 200.
    keyOf: ({ table, onTheirWay, calls, workers, messages, erasures, records, due }) =>
      `${table} ${onTheirWay} ${calls.map(callText)} ${inOrder(workers.map(workerText))} ${inOrder(messages.map(messageText))} ${erasures} ${records} ${due}`,
    stepsFrom: state => [
      ...providerSteps(state),
      ...tableSteps(state),
      ...queueSteps(state),
      ...workerSteps(state),
      ...erasureSteps(state),
    ],
    brokenIn({ table, calls, messages, records }) {
      for (const [email, item] of table.entries()) {
        const broken = brokenByItem(email, item);
        if (broken !== null) return broken;
      }
      let durable = draftsDropped(records);
      for (const [email, item] of table.entries()) {
        durable |= isErased(item) ? draftsOfEmail[email]! : draftsHeld(email, item) | draftsBeyondBound(email, item);
      }
      for (const { request, emails } of messages) for (const email of emails) durable |= draftsIn(request, email);
      const lost = calls.some(
        ({ acknowledged }, request) => acknowledged && (draftsOfRequest[request]! & ~durable) !== 0,
      );
      return lost ? 'an acknowledged event is in the table, the retry queue or the dead-letter queue' : null;
    },
    brokenAtTheEnd({ table, calls, messages, workers, onTheirWay, records, due }) {
      if (messages.length + workers.length + onTheirWay.length > 0) return 'an end has nothing left to do';
      for (const [email, item] of table.entries()) {
        if (isErased(item)) continue;
        if ((due & (1 << email)) !== 0)
          return 'what waited when its recipient was erased leaves a tombstone in the end';
        const must = calls.reduce(
          (bits, { acknowledged }, request) => (acknowledged ? bits | draftsIn(request, email) : bits),
          0,
        );
        const gone = draftsDropped(records);
        if ((must & ~(gone | draftsHeld(email, item) | draftsBeyondBound(email, item))) !== 0)
          return 'in the end every acknowledged event is in the table';
        // The first arrival of a future-dated event matters. No other result depends on times of arrival.
        const history = historyOf(item);
        const dated = history.filter(element => decodeHistory(element).providerTime !== undefined);
        const events = [email, (must & ~gone) | draftsHeld(email, item), ...dated.sort()].join();
        const promised = JSON.stringify([verdictOf(items[item] ?? {}), items[item]?.cause, promisedOf(email, history)]);
        const found = promisedByEvents.get(events) ?? promised;
        promisedByEvents.set(events, promised);
        if (found !== promised) return 'the same events make the same item in the end';
        if (erasures.length === 0 && calls.every(({ acknowledged }) => acknowledged) && dated.length === 0) {
          const all = [...origins[email]!.keys()].filter(element => decodeHistory(element).providerTime === undefined);
          if (JSON.stringify(promisedOf(email, boundedElements(all))) !== JSON.stringify(promisedOf(email, history)))
            return 'once all is acknowledged, the history is what is kept of all that was sent';
        }
      }
      return null;
    },
  };
}

function arrival(draft: EventDraft, at: number): CanonicalEvent {
  const event = canonicalEvent(draft, at, 'sendgrid');
  if (typeof event === 'string') throw new Error(event);
  return event;
}

function workerText({ request, delivery, serves, records, progress }: Worker): string {
  return `${request}.${delivery}${serves}${records}.${progress}`;
}

function messageText({ request, delivery, emails, received, dead }: Message): string {
  return `${request}.${delivery}.${emails}.${dead ? 'dead' : received}`;
}

function inOrder(texts: readonly string[]): string {
  return texts.length < 2 ? (texts[0] ?? '') : texts.toSorted().join(';');
}

/** Returns a text that identifies a draft. */
function said(draft: EventDraft): string {
  return JSON.stringify(draft);
}

function targetOf(events: readonly CanonicalEvent[]) {
  const { provider, messageId, recipient } = events[0]!;
  const emailId = emailIdOf(events[0]!);
  return {
    tableName: 'emails',
    emailId,
    provider,
    messageId,
    recipient,
    now: noon,
    sentAt: sentAtOf(events, noon),
    expiresAt: noon,
  };
}

function verdictOf({ status, statusAt, statusEventId }: Item): Verdict | null {
  return status === undefined ? null : ({ status, statusAt, statusEventId } as Verdict);
}

function boundedElements(elements: readonly string[]): string[] {
  return boundedHistory<HistoryEvent>(elements.map(decodeHistory)).map(encodeHistory);
}

/** Computes the function once for the same arguments. */
function remembered<Arguments extends readonly number[], Result>(
  compute: (...given: Arguments) => Result,
): (...given: Arguments) => Result {
  // Maps are nested by argument, because a joint key would cost more than all else in the innermost loops.
  interface Known extends Map<number, Known | { readonly result: Result }> {}
  const known: Known = new Map();
  return (...given) => {
    let at = known;
    for (let index = 0; index < given.length - 1; index += 1) {
      let next = at.get(given[index]!) as Known | undefined;
      if (next === undefined) {
        next = new Map();
        at.set(given[index]!, next);
      }
      at = next;
    }
    const last = given[given.length - 1]!;
    const found = at.get(last) as { readonly result: Result } | undefined;
    if (found !== undefined) return found.result;
    const result = compute(...given);
    at.set(last, { result });
    return result;
  };
}
