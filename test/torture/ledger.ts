import { attentionDayOf } from '../../shared/email/attention-day.ts';
import { emailIdOf } from '../../shared/email/event.ts';
import { decidingEventOf, decodeHistory, type HistoryEvent } from '../../shared/email/history.ts';
import { decodeRepeats, repeatKinds } from '../../shared/email/repeats.ts';
import { merge, type Verdict } from '../../shared/status/precedence.ts';
import { asksForAttention, attentionIn } from './attention.ts';
import {
  type HandledCall,
  invitedBy,
  linkName,
  type Resend,
  type StoredLinks,
  wrongHandlings,
  wrongLinks,
} from './notes.ts';
import type { ExpectedEvent } from './tellers.ts';

/** A sent event and its email. */
export interface SentEvent {
  readonly emailId: string;
  /** The result of {@link elementOf}. */
  readonly element: string;
}

/** A sent event, and whether it was acknowledged. */
export interface SentState {
  readonly event: ExpectedEvent;
  acknowledged: boolean;
  /** Whether it is certainly in the table, because an answer without queued events counted it. */
  recorded: boolean;
}

/** The sent events of one email. */
export interface SentEmail {
  readonly emailId: string;
  readonly events: ReadonlyMap<string, SentState>;
  /** Whether its erasure was asked for and confirmed. */
  readonly erasure: 'none' | 'begun' | 'done';
  /** The calls that say that somebody handled it. */
  readonly calls: readonly HandledCall[];
  /** The registrations of emails that send it again. */
  readonly resends: readonly Resend[];
}

/** Whether a resolution of an email may be in the table. */
export function mayBeResolved({ calls, resends }: SentEmail): boolean {
  return calls.length + resends.length > 0;
}

/** An item of the table. */
export type StoredItem = Readonly<Record<string, unknown>> & { readonly emailId: string };

/** An item of an index. */
export type IndexEntry = StoredItem;

/** The entries of an email by index, without indexes that do not have it. */
export type IndexEntries = Readonly<Record<string, readonly IndexEntry[]>>;

export const deviationKinds = [
  'missing',
  'invented',
  'wrong status',
  'wrong fact',
  'wrong cause',
  'wrong index',
  'wrong attention',
  'wrong time',
  'not erased',
] as const;

/** One fault in the table. */
export interface Deviation {
  readonly kind: (typeof deviationKinds)[number];
  readonly emailId: string;
  readonly what: string;
}

/** Sent and acknowledged events, for the comparison with stored emails. */
export interface Ledger {
  /** Enters the events of a request before it is sent. */
  sent(events: readonly ExpectedEvent[]): readonly SentEvent[];
  /** @param recorded whether no event of the request was queued */
  acknowledged(events: readonly SentEvent[], recorded: boolean): void;
  /**
   * Notes that an email's erasure is asked for. `erased` notes its confirmation. Other emails of the recipient may be
   * erased too, also those that come later.
   */
  erasing(emailId: string): void;
  erased(emailId: string): void;
  /** Enters a call that says that somebody handled an email, before it is made. */
  handling(emailId: string, text: string): HandledCall;
  /** Returns all faults of one item and its entries. It must see each item once. */
  deviationsOf(item: StoredItem, entries: IndexEntries): Deviation[];
  /** Returns the acknowledged events of emails whose item it has not seen. */
  neverShown(): Deviation[];
  /** Returns the faults of the notes that join the items it has seen. */
  wrongLinks(): Deviation[];
  email(emailId: string): SentEmail | undefined;
  emails(): Iterable<SentEmail>;
  /** The number of emails. `distinct` is the number of different sent events. */
  readonly size: number;
  readonly distinct: number;
}

export interface LedgerOptions {
  readonly retentionDays: number;
  /** The beginning of the run in epoch milliseconds. */
  readonly begunAt: number;
}

const day = 24 * 60 * 60_000;
const factNames = ['accountId', 'subject', 'reference'] as const;
const identityNames = ['provider', 'messageId', 'recipient'] as const;

/** Identifies an event among those of its email, without its id. */
export function elementOf({
  occurredAt,
  status,
  evidence,
  providerEvent,
  relatedEmailId,
}: Pick<ExpectedEvent, 'occurredAt' | 'status' | 'evidence' | 'providerEvent'> & {
  readonly relatedEmailId?: string | null | undefined;
}): string {
  return JSON.stringify([occurredAt, status, evidence, providerEvent, ...(relatedEmailId ? [relatedEmailId] : [])]);
}

/** Merges events. Their ids decide nothing, because no two events share both status and time. */
export function amountOf(events: readonly ExpectedEvent[]): Verdict | null {
  return merge(events.map(event => ({ ...event, eventId: elementOf(event) })));
}

/** The values that events name for a fact. */
export function namedIn(events: readonly ExpectedEvent[], fact: (typeof factNames)[number]): ReadonlySet<string> {
  return new Set(events.filter(saysWhose).flatMap(event => event[fact] ?? []));
}

/** Whether an event names the facts of its own email, and not those of one that sends it again. */
export function saysWhose({ providerEvent }: ExpectedEvent): boolean {
  return providerEvent !== linkName.resent;
}

/** The part of an event by which opens and clicks are counted. */
type Repeatable = Pick<ExpectedEvent, 'status' | 'evidence' | 'occurredAt'>;

function isOfKind({
  status,
  evidence,
}: Omit<Repeatable, 'occurredAt'>): (other: Omit<Repeatable, 'occurredAt'>) => boolean {
  return other => other.status === status && other.evidence === evidence;
}

/**
 * Whether an email may leave an open or a click out of its history. Three of the kind must be in it, and the event is
 * neither earlier than all nor newer than the last one.
 *
 * @param shown the events in the history, and the last counted ones
 */
export function isRepeat(event: Repeatable, shown: readonly Repeatable[]): boolean {
  const times = shown.filter(isOfKind(event)).map(({ occurredAt }) => occurredAt);
  const isCounted = event.status === 'opened' || event.status === 'link_clicked';
  return (
    isCounted && times.length >= 3 && event.occurredAt > Math.min(...times) && event.occurredAt <= Math.max(...times)
  );
}

export function createLedger({ retentionDays, begunAt }: LedgerOptions): Ledger {
  interface Entry extends SentEmail {
    readonly events: Map<string, SentState>;
    readonly calls: HandledCall[];
    readonly resends: readonly Resend[];
    erasure: SentEmail['erasure'];
  }
  const emails = new Map<string, Entry>();
  /** The registrations by the email that they send again, which may come later. */
  const resends = new Map<string, Resend[]>();
  const erasedRecipients = new Set<string>();
  const shown = new Set<string>();
  const links = new Map<string, StoredLinks>();
  let distinct = 0;

  function newEntry(emailId: string, { recipient }: ExpectedEvent): Entry {
    return {
      emailId,
      events: new Map(),
      erasure: erasedRecipients.has(recipient) ? 'begun' : 'none',
      calls: [],
      get resends() {
        return resends.get(emailId) ?? [];
      },
    };
  }

  return {
    sent(events) {
      return events.map(event => {
        const sentEvent = { emailId: emailIdOf(event), element: elementOf(event) };
        const email = emails.get(sentEvent.emailId) ?? newEntry(sentEvent.emailId, event);
        emails.set(email.emailId, email);
        if (!email.events.has(sentEvent.element)) {
          const { providerEvent, relatedEmailId, occurredAt, accountId } = event;
          if (providerEvent === linkName.resend) {
            const known = resends.get(relatedEmailId!) ?? [];
            resends.set(relatedEmailId!, known);
            known.push({ successor: email, occurredAt, accountId });
          }
          distinct += 1;
          email.events.set(sentEvent.element, { event, acknowledged: false, recorded: false });
        }
        return sentEvent;
      });
    },

    acknowledged(events, recorded) {
      for (const { emailId, element } of events) {
        const state = emails.get(emailId)!.events.get(element)!;
        state.acknowledged = true;
        state.recorded ||= recorded;
      }
    },

    erasing(emailId) {
      const [first] = emails.get(emailId)!.events.values();
      const { recipient } = first!.event;
      erasedRecipients.add(recipient);
      for (const email of emails.values()) {
        const [of] = email.events.values();
        if (of!.event.recipient === recipient && email.erasure === 'none') email.erasure = 'begun';
      }
    },

    erased(emailId) {
      emails.get(emailId)!.erasure = 'done';
    },

    handling(emailId, text) {
      const call: HandledCall = { text, confirmed: 0, unanswered: 0 };
      emails.get(emailId)!.calls.push(call);
      return call;
    },

    deviationsOf(item, entries) {
      const { emailId } = item;
      const email = emails.get(emailId);
      shown.add(emailId);
      if (email === undefined)
        return [{ kind: 'invented', emailId, what: `the item: ${JSON.stringify(keysOf(item))}` }];
      // The run counts unfinished erasures by itself.
      if (email.erasure === 'begun') return [];
      const found =
        email.erasure === 'done'
          ? remainsOf(item, entries)
          : [...deviationsOfEmail(email, item), ...indexed(email, item, entries)];
      return found.map(([kind, what]) => ({ kind, emailId, what }));
    },

    neverShown() {
      return [...emails.values()]
        .filter(({ emailId, erasure }) => erasure === 'none' && !shown.has(emailId))
        .flatMap(({ emailId, events }) =>
          [...events]
            .filter(([, { acknowledged }]) => acknowledged)
            .map(([what]): Deviation => ({ kind: 'missing', emailId, what })),
        );
    },

    wrongLinks: () => wrongLinks(links, emails).map(([kind, emailId, what]): Deviation => ({ kind, emailId, what })),

    email: emailId => emails.get(emailId),
    emails: () => emails.values(),
    get size() {
      return emails.size;
    },
    get distinct() {
      return distinct;
    },
  };

  type Found = readonly (readonly [Deviation['kind'], string])[];

  /** The events of an email that count: acknowledged ones, and unacknowledged ones in the table. */
  function dueOf({ events }: SentEmail, history: readonly HistoryEvent[]): ExpectedEvent[] {
    const stored = new Set(history.map(elementOf));
    return [...events]
      .filter(([element, { acknowledged }]) => acknowledged || stored.has(element))
      .map(([, { event }]) => event);
  }

  function deviationsOfEmail(email: SentEmail, item: StoredItem): Found {
    const { events } = email;
    links.set(email.emailId, { accountId: item.accountId as string | undefined, history: historyOf(item) });
    const found: (readonly [Deviation['kind'], string])[] = [];
    const differs = (kind: Deviation['kind'], name: string, stored: unknown, wanted: unknown) => {
      if (stored !== wanted) found.push([kind, `${name} is ${stored}, not ${wanted}`]);
    };
    const history = historyOf(item);
    const counted = countedIn(item);
    const stored = new Map<string, HistoryEvent>();
    for (const event of history) {
      const element = elementOf(event);
      const sent = events.get(element);
      if (stored.has(element)) found.push(['invented', `${element} a second time`]);
      else if (sent === undefined && !invitedBy(email, event)) found.push(['invented', element]);
      else if (sent !== undefined)
        differs('wrong fact', `the account of ${element}`, event.accountId, sent.event.accountId);
      stored.set(element, event);
    }
    for (const [element, { event, acknowledged }] of events) {
      if (acknowledged && !stored.has(element) && !isRepeat(event, [...history, ...counted.map(({ last }) => last)]))
        found.push(['missing', element]);
    }
    found.push(...wrongHandlings(email, history));
    for (const { last, count } of counted) {
      const known = history.filter(isOfKind(last)).length;
      const sent = [...events.values()].filter(({ event }) => isOfKind(last)(event)).length;
      if (known + count > sent) found.push(['invented', `${count} repeats beside ${known} of ${sent} events`]);
    }

    const due = dueOf(email, history);
    const verdict = amountOf(due);
    const { status, statusAt, statusEventId } = item as Partial<Verdict>;
    const deciding =
      status === undefined
        ? null
        : decidingEventOf({ status, statusAt: statusAt!, statusEventId: statusEventId! }, history);
    differs('wrong status', 'the status', status, verdict?.status);
    differs('wrong status', 'its time', statusAt, verdict?.statusAt);
    if (status !== undefined && deciding === null) found.push(['wrong status', `no event ${statusEventId} decides it`]);
    differs('wrong cause', 'the cause', item.cause, deciding?.reason?.cause);

    const [first] = events.values();
    for (const name of identityNames) differs('wrong fact', name, item[name], first!.event[name]);
    for (const name of factNames) {
      const named = namedIn(due, name);
      const isRight = named.size === 0 ? item[name] === undefined : named.has(item[name] as string);
      if (!isRight)
        found.push(['wrong fact', `${name} is ${item[name]}, and not of ${[...named].join(', ') || 'none'}`]);
    }

    const { sentAt = 0, updatedAt = 0, expiresAt = 0 } = item as Readonly<Record<string, number | undefined>>;
    const isOfRun = (time: number) => time >= begunAt && time <= Date.now();
    // The time is that of an event, or of its arrival if the event is future-dated.
    const times = due.map(({ occurredAt }) => occurredAt);
    const isSentAt = times.includes(sentAt) || (isOfRun(sentAt) && times.some(time => time > sentAt));
    if (!isSentAt) found.push(['wrong time', `sentAt is ${sentAt}`]);
    if (!isOfRun(updatedAt)) found.push(['wrong time', `updatedAt is ${updatedAt}`]);
    if (!isOfRun((expiresAt - 1) * 1000 - retentionDays * day) && !isOfRun(expiresAt * 1000 - retentionDays * day))
      found.push(['wrong time', `expiresAt is ${expiresAt}`]);
    return found;
  }

  /** Compares the indexes and keys of an email. */
  function indexed(email: SentEmail, item: StoredItem, entries: IndexEntries): Found {
    const history = historyOf(item);
    const due = dueOf(email, history);
    const { emailId, sentAt } = item as StoredItem & Record<string, number>;
    const { attentionSince, attentionAt, attentionDay, resolvedAt } = item as Partial<Record<string, unknown>>;
    const recipient = due[0]?.recipient;
    const one = (fact: (typeof factNames)[number]) => {
      const named = namedIn(due, fact);
      return named.has(item[fact] as string) ? (item[fact] as string) : [...named][0];
    };
    const [accountId, reference] = [one('accountId'), one('reference')];
    const notes = history.filter(({ status }) => status === null);
    const model = attentionIn(amountOf(due)?.status ?? null, [...due, ...notes]);
    // Without a resolution, it asks since the arrival of its first failure, which no event tells.
    const since = model.isResolved ? model.openSince : (attentionSince as number | undefined);
    const at = model.asks ? since : undefined;
    const day = at === undefined ? undefined : attentionDayOf(emailId, at);
    const wanted: Record<string, object | null> = {
      byAccount: accountId === undefined ? null : { accountId, sentAt },
      byRecipient: { recipient, sentAt, ...(accountId !== undefined && { accountId }) },
      byReference: accountId === undefined || reference === undefined ? null : { reference, accountId, sentAt },
      byAttention: at === undefined || accountId === undefined ? null : { accountId, attentionAt: at },
      byAttentionDay: at === undefined ? null : { attentionDay: day, attentionAt: at },
    };
    const names = new Set([...Object.keys(wanted), ...Object.keys(entries)]);
    const found: (readonly [Deviation['kind'], string])[] = [...names].flatMap(name => {
      const rows = (entries[name] ?? []).map(inOrder);
      const keys = wanted[name] ? [inOrder({ emailId, ...wanted[name] })] : [];
      return rows.join() === keys.join()
        ? []
        : [['wrong index', `${name}: ${rows.join() || 'none'}, not ${keys.join() || 'none'}`]];
    });
    const wrong = (name: string, stored: unknown, right: unknown) => {
      if (stored !== right) found.push(['wrong attention', `${name} is ${stored}, not ${right}`]);
    };
    wrong('resolvedAt', resolvedAt, model.resolvedAt);
    wrong('attentionAt', attentionAt, at);
    // The day stays when attention ends, because no index has it without `attentionAt`.
    if (at !== undefined) wrong('attentionDay', attentionDay, day);
    if (model.asks && at === undefined) found.push(['wrong attention', 'it asks since no time']);
    if (!model.isResolved && attentionSince !== undefined) {
      const isArrival = Number(attentionSince) >= begunAt && Number(attentionSince) <= Date.now();
      if (!isArrival || !due.some(asksForAttention)) found.push(['wrong attention', `it asks since ${attentionSince}`]);
    }
    return found;
  }
}

/** Returns the remains of an erased email besides its tombstone. */
function remainsOf(item: StoredItem, entries: IndexEntries): (readonly [Deviation['kind'], string])[] {
  const ofTombstone = ['emailId', 'erasedAt', 'expiresAt'];
  const more = keysOf(item).filter(name => !ofTombstone.includes(name));
  return [
    ...(item.erasedAt === undefined ? [['not erased', 'the item is no tombstone'] as const] : []),
    ...more.map(name => ['not erased', `its ${name}`] as const),
    ...Object.keys(entries).map(name => ['not erased', `its entry in ${name}`] as const),
  ];
}

/** The events and notes in an item's history. */
export function historyOf(item: StoredItem): HistoryEvent[] {
  return [...((item.history as ReadonlySet<string> | undefined) ?? [])].map(decodeHistory);
}

/** The counts of an item, each with its last event. */
function countedIn({ repeats }: StoredItem): readonly { readonly count: number; readonly last: Repeatable }[] {
  return [...decodeRepeats(repeats as string | undefined)].map(([code, { count, last }]) => {
    const { status, evidence } = repeatKinds.get(code)!;
    return { count, last: { status, evidence, occurredAt: last } };
  });
}

function keysOf(item: StoredItem): string[] {
  return Object.keys(item).toSorted();
}

function inOrder(entry: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}
