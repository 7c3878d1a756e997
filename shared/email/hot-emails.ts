/**
 * A process's memory of emails that are opened again and again. A first write knows nothing of its item; with this memory
 * it is the exact one, and a repeat that changes nothing needs none.
 *
 * The memory may be stale: conditions on the item decide, and a wrong guess costs a failed condition. It holds no address,
 * text or link, so that an erasure leaves no personal data in it.
 */

import type { Verdict } from '../status/precedence.ts';
import { decodeHistory, type HistoryEvent } from './history.ts';
import { factsIn, type Item, type KnownItem, knownItemOf, type ToldFact, toldFacts } from './item.ts';
import { decodeRepeats, firstFailureOf, type KnownOfKinds, knownOfKinds, type Repeats } from './repeats.ts';
import type { EmailUpdate } from './update.ts';

/** The part of an email that the next open or click depends on. */
export interface HotEmail {
  /** Epoch seconds. No two emails under one key have the same. */
  readonly expiresAt: number;
  readonly accountId: string | undefined;
  /** The facts that are set, without their values. */
  readonly told: ReadonlySet<ToldFact>;
  /** null if it is not known. */
  readonly verdict: Verdict | null;
  readonly historySize: number;
  readonly known: KnownOfKinds;
  readonly repeats: Repeats;
  /** The time of the first failure. */
  readonly failedAt: number | undefined;
  /** The counts as they are stored. */
  readonly storedRepeats: string | undefined;
}

export interface HotEmails {
  /** The remembered email, or undefined. */
  recall(emailId: string): HotEmail | undefined;
  /** null forgets the email. */
  remember(emailId: string, email: HotEmail | null): void;
}

/** Some 2 KB each at most: 2 MB in all. */
const maxEmails = 1_000;

/** An email with a longer history is rare, and not remembered. */
const maxHistory = 50;

const maxAgeMs = 10 * 60_000;

/** The emails remembered last, each for 10 minutes at most. */
export function createHotEmails(now: () => number): HotEmails {
  const emails = new Map<string, { readonly email: HotEmail; readonly until: number }>();
  /** The emails are in order of their time. */
  const dropOld = () => {
    for (const [emailId, { until }] of emails) {
      if (until > now()) return;
      emails.delete(emailId);
    }
  };
  return {
    recall(emailId) {
      dropOld();
      return emails.get(emailId)?.email;
    },
    remember(emailId, email) {
      dropOld();
      emails.delete(emailId);
      if (email === null || email.historySize > maxHistory) return;
      emails.set(emailId, { email, until: now() + maxAgeMs });
      if (emails.size > maxEmails) emails.delete(emails.keys().next().value!);
    },
  };
}

/** An email as its item shows it; null if it has no opens and clicks, or must be read before each write. */
export function hotEmailIn(item: KnownItem): HotEmail | null {
  const { accountId, verdict, history, repeats, storedRepeats, expiresAt } = item;
  const known = knownOfKinds(history.values());
  if (known.size === 0 || item.futureDated || item.erased) return null;
  const told = new Set(toldFacts.filter(name => item[name] !== undefined));
  const failedAt = firstFailureOf(history.values());
  return { expiresAt, accountId, told, verdict, historySize: history.size, known, repeats, failedAt, storedRepeats };
}

/**
 * An email after a write; null as for {@link hotEmailIn}.
 *
 * @param item the item that the write was planned for, or null
 * @param old the changed attributes before the write: another writer may have set a fact since the item was read
 * @param expiresAt that of a new email, in epoch seconds
 */
export function hotEmailAfter(
  update: EmailUpdate,
  item: KnownItem | null,
  old: Item,
  expiresAt: number,
): HotEmail | null {
  const before = { ...(item ?? knownItemOf(old)), ...factsIn(old) };
  const { verdict, facts, history, repeats, futureDated } = update;
  const [kept, added] = 'replace' in history ? [[], history.replace] : [before.history, history.add];
  return hotEmailIn({
    ...facts,
    ...factsIn(before),
    verdict: verdict ?? before.verdict,
    history: new Map([...kept, ...added.map((element): [string, HistoryEvent] => [element, decodeHistory(element)])]),
    repeats: decodeRepeats(repeats ?? before.storedRepeats),
    storedRepeats: repeats ?? before.storedRepeats,
    futureDated: futureDated || before.futureDated,
    resolvedAt: before.resolvedAt,
    erased: false,
    expiresAt: before.expiresAt || expiresAt,
  });
}
