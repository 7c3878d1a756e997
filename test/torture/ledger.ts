import type { CanonicalEvent } from '../../shared/event.ts';
import { emailIdOf } from '../../shared/event.ts';
import { decodeHistory, encodeHistory, type HistoryEvent } from '../../shared/history.ts';
import { asksForAttention, merge, type Verdict } from '../../shared/status.ts';

/** What was sent of one email: each event in the encoding of the history, and whether it was acknowledged. */
type SentEvents = Map<string, boolean>;

/** An event that was sent, and whose email it is of. */
export interface SentEvent {
  readonly emailId: string;
  readonly element: string;
}

/** An item of the table, as far as it must be what was sent. */
export interface StoredItem {
  readonly emailId: string;
  readonly history?: ReadonlySet<string>;
  readonly status?: string;
  readonly statusAt?: number;
  readonly statusEventId?: string;
  readonly attentionAt?: number;
}

/** One thing in the table that is not as it must be. */
export interface Deviation {
  readonly kind: 'missing' | 'invented' | 'wrong status';
  readonly emailId: string;
  readonly what: string;
}

/** What was sent and what of it was acknowledged, to be compared with what is stored. */
export interface Ledger {
  /** Enters the events of a request that is about to be sent. */
  sent(events: readonly CanonicalEvent[]): readonly SentEvent[];
  acknowledged(events: readonly SentEvent[]): void;
  /** Everything that is not as it must be in one item. An email's item is to be shown once. */
  deviationsOf(item: StoredItem): Deviation[];
  /** What was acknowledged of emails of which no item was shown. */
  neverShown(): Deviation[];
  /** Every email's events: all, and the acknowledged ones among them. */
  emails(): Iterable<{ readonly emailId: string } & Record<'sent' | 'acknowledged', readonly HistoryEvent[]>>;
}

export function createLedger(): Ledger {
  const emails = new Map<string, SentEvents>();
  const shown = new Set<string>();
  return {
    sent(events) {
      return events.map(event => {
        const sentEvent = { emailId: emailIdOf(event), element: encodeHistory(event) };
        const sentEvents = emails.get(sentEvent.emailId) ?? new Map();
        emails.set(sentEvent.emailId, sentEvents);
        if (!sentEvents.has(sentEvent.element)) sentEvents.set(sentEvent.element, false);
        return sentEvent;
      });
    },

    acknowledged(events) {
      for (const { emailId, element } of events) emails.get(emailId)!.set(element, true);
    },

    deviationsOf(item) {
      const { emailId, history = new Set() } = item;
      const sentEvents: SentEvents = emails.get(emailId) ?? new Map();
      shown.add(emailId);
      if (sentEvents.size === 0) return [{ kind: 'invented', emailId, what: `the item: ${[...history]}` }];
      const deviations: Deviation[] = [...history]
        .filter(element => !sentEvents.has(element))
        .map(what => ({ kind: 'invented', emailId, what }));
      const due: string[] = [];
      for (const [element, isAcknowledged] of sentEvents) {
        if (isAcknowledged && !history.has(element)) deviations.push({ kind: 'missing', emailId, what: element });
        // What was sent and never acknowledged may be there or not, but counts if it is.
        if (isAcknowledged || history.has(element)) due.push(element);
      }
      const wanted = verdictText(merge(due.map(decodeHistory)));
      const stored = storedVerdictText(item);
      if (wanted !== stored) deviations.push({ kind: 'wrong status', emailId, what: `${stored}, not ${wanted}` });
      return deviations;
    },

    neverShown() {
      return [...emails]
        .filter(([emailId]) => !shown.has(emailId))
        .flatMap(([emailId, sentEvents]) =>
          [...sentEvents]
            .filter(([, isAcknowledged]) => isAcknowledged)
            .map(([what]): Deviation => ({ kind: 'missing', emailId, what })),
        );
    },

    *emails() {
      for (const [emailId, sentEvents] of emails) {
        const sent = [...sentEvents.keys()].map(decodeHistory);
        yield { emailId, sent, acknowledged: sent.filter((_, index) => [...sentEvents.values()][index]) };
      }
    },
  };
}

function verdictText(verdict: Verdict | null): string {
  if (verdict === null) return 'none';
  const { status, statusAt, statusEventId } = verdict;
  return `${status} at ${statusAt} by ${statusEventId}${asksForAttention(verdict) ? ', attention' : ''}`;
}

function storedVerdictText({ status, statusAt, statusEventId, attentionAt }: StoredItem): string {
  if (status === undefined) return 'none';
  const attention = attentionAt === undefined ? '' : ', attention';
  return `${status} at ${statusAt} by ${statusEventId}${attention}`;
}
