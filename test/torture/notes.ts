/** The notes that Mailtrail itself adds to histories, and what may and must have led to them. */

import type { HistoryEvent } from '../../shared/email/history.ts';
import { elementOf, type SentEmail } from './ledger.ts';
import type { ExpectedEvent } from './tellers.ts';

/** The names of the notes in a history. */
export const linkName = {
  resend: 'app.resend',
  resent: 'app.resent',
  handled: 'mailtrail.handled',
  delivered: 'mailtrail.successor_delivered',
} as const;

/** A call that says that somebody handled an email. The same call may be repeated. */
export interface HandledCall {
  /** The words of the note, which no other call has. */
  readonly text: string;
  /** The number of answers that said that it is recorded. */
  confirmed: number;
  /** The number of tries without an answer, or with an admitted failure. */
  unanswered: number;
}

/** A registration of an email that sends another one again. */
export interface Resend {
  readonly successor: SentEmail;
  readonly occurredAt: number;
  readonly accountId: string | undefined;
}

/** The part of a stored email that its links depend on. */
export interface StoredLinks {
  readonly accountId: string | undefined;
  readonly history: readonly HistoryEvent[];
}

type Note = Pick<HistoryEvent, 'status' | 'providerEvent' | 'occurredAt'> & {
  readonly reason?: { readonly text?: string | null | undefined } | null | undefined;
  readonly relatedEmailId?: string | null | undefined;
};

/** Whether an event proves that an email reached its recipient. */
function isProof({ status, evidence }: Pick<ExpectedEvent, 'status' | 'evidence'>): boolean {
  return evidence !== 'machine' && ['delivered', 'opened', 'link_clicked'].includes(status ?? '');
}

/** Whether a call or a registration may have led to a note in an email's history. No sender reports such a note. */
export function invitedBy({ calls, resends }: SentEmail, { status, providerEvent, ...note }: Note): boolean {
  if (status !== null) return false;
  const { occurredAt, relatedEmailId, reason } = note;
  if (providerEvent === linkName.handled) return calls.some(({ text }) => text === reason?.text);
  if (providerEvent === linkName.resent)
    return resends.some(resend => resend.successor.emailId === relatedEmailId && resend.occurredAt === occurredAt);
  const isDelivery = ({ event }: { event: ExpectedEvent }) => isProof(event) && event.occurredAt === occurredAt;
  const named = [...successorsOf(resends)].filter(successor => successor.emailId === relatedEmailId);
  return providerEvent === linkName.delivered && named.some(({ events }) => [...events.values()].some(isDelivery));
}

/** The emails that send an email again, or one of these, and so on. */
function successorsOf(resends: readonly Resend[]): ReadonlySet<SentEmail> {
  const found = new Set(resends.map(({ successor }) => successor));
  for (const successor of found) for (const resend of successor.resends) found.add(resend.successor);
  return found;
}

/** Returns the names of the notes in a history. The delivery of an indirect successor is also `passed on`. */
export function noteNamesIn(history: readonly HistoryEvent[]): string[] {
  const names: readonly string[] = Object.values(linkName);
  const notes = history.filter(({ status, providerEvent }) => status === null && names.includes(providerEvent));
  const resentAs = notes.flatMap(note => (note.providerEvent === linkName.resent ? note.relatedEmailId : []));
  return notes.flatMap(({ providerEvent, relatedEmailId }) =>
    providerEvent === linkName.delivered && !resentAs.includes(relatedEmailId)
      ? [providerEvent, 'passed on']
      : [providerEvent],
  );
}

/** Compares the calls of an email with its history. A confirmed call has a note, and a call without an answer may have one. */
export function wrongHandlings(
  { calls }: SentEmail,
  history: readonly HistoryEvent[],
): (readonly ['missing' | 'invented', string])[] {
  return calls.flatMap(({ text, confirmed, unanswered }): (readonly ['missing' | 'invented', string])[] => {
    const notes = history.filter(note => note.providerEvent === linkName.handled && note.reason?.text === text).length;
    const told = `${notes} notes of "${text}", confirmed ${confirmed} times and ${unanswered} times without an answer`;
    if (notes < confirmed) return [['missing', told]];
    return notes > confirmed + unanswered ? [['invented', told]] : [];
  });
}

/** Compares the notes that join stored emails with the histories of both. */
export function wrongLinks(
  stored: ReadonlyMap<string, StoredLinks>,
  sent: ReadonlyMap<string, SentEmail>,
): (readonly ['missing' | 'invented', string, string])[] {
  const found: (readonly ['missing' | 'invented', string, string])[] = [];
  for (const [emailId, { accountId, history }] of stored) {
    const notesOf = (name: string) => history.filter(note => note.status === null && note.providerEvent === name);
    for (const { relatedEmailId = '', occurredAt } of notesOf(linkName.delivered)) {
      const successor = stored.get(relatedEmailId);
      const told = `the delivery of ${relatedEmailId} at ${occurredAt}`;
      // The history of an erased successor is gone.
      if (successor === undefined && sent.get(relatedEmailId)?.erasure !== 'none') continue;
      const isTrue =
        successor?.accountId === accountId &&
        successor?.history.some(event => isProof(event) && event.occurredAt === occurredAt);
      if (!isTrue) found.push(['invented', emailId, told]);
    }
    for (const note of notesOf(linkName.resent)) {
      const { relatedEmailId = '' } = note;
      // A registration that names the message tells its predecessor itself, whosever it is.
      if (sent.get(emailId)!.events.has(elementOf(note))) continue;
      const successor = stored.get(relatedEmailId);
      const isErased = successor === undefined && sent.get(relatedEmailId)?.erasure !== 'none';
      if (!isErased && successor?.accountId !== accountId)
        found.push(['invented', emailId, `that ${relatedEmailId} of another account sends it again`]);
    }
    const deliveredAt = Math.min(...history.filter(isProof).map(proof => proof.occurredAt));
    const own = Number.isFinite(deliveredAt) ? [{ relatedEmailId: emailId, occurredAt: deliveredAt }] : [];
    const passedOn = notesOf(linkName.delivered).filter(note => note.occurredAt < deliveredAt);
    for (const { relatedEmailId = '', occurredAt } of notesOf(linkName.resend)) {
      const predecessor = stored.get(relatedEmailId);
      if (predecessor === undefined || predecessor.accountId !== accountId) continue;
      const has = (name: string, id: string, at: number) =>
        predecessor.history.some(
          note => note.providerEvent === name && note.relatedEmailId === id && note.occurredAt === at,
        );
      if (!has(linkName.resent, emailId, occurredAt))
        found.push(['missing', relatedEmailId, `that ${emailId} sends it again since ${occurredAt}`]);
      for (const { relatedEmailId: id = '', occurredAt: at } of [...own, ...passedOn]) {
        if (id !== relatedEmailId && !has(linkName.delivered, id, at))
          found.push(['missing', relatedEmailId, `the delivery of ${id} at ${at}, by way of ${emailId}`]);
      }
    }
  }
  return found;
}
