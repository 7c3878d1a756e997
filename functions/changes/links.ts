import { noteNames } from '../../shared/email/event.ts';
import type { HistoryEvent } from '../../shared/email/history.ts';
import { type Email, UnreadableItem } from '../../shared/email/item.ts';
import type { AddNotes, Note, ReadEmail } from '../../shared/email/notes.ts';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';
import type { Status } from '../../shared/status/catalogue.ts';

/** A note for the history of an email that another one sends again. */
export interface Link {
  readonly predecessorId: string;
  /** The account of the successor: it tells emails of other accounts nothing. */
  readonly accountId: string | undefined;
  readonly note: Note;
}

/** Statuses that prove the delivery of an email. */
const proofs: readonly (Status | null)[] = ['delivered', 'opened', 'link_clicked'];

/** The notes that a change of an email adds to those of its predecessors. */
export function linksIn(before: Email | null, after: Email): readonly Link[] {
  const owedBefore = before?.accountId === after.accountId ? owedBy(before) : [];
  const known = new Set(owedBefore.map(link => JSON.stringify(link)));
  return owedBy(after).filter(link => !known.has(JSON.stringify(link)));
}

/** An email that has learned which one sends it again. That one may have been delivered before. */
export interface Resent {
  readonly predecessorId: string;
  readonly successorId: string;
}

/** The successors that a change of an email names for the first time, or for the first time as one of its account. */
export function resentIn(before: Email | null, after: Email): readonly Resent[] {
  const known = before?.accountId === after.accountId ? successorsOf(before) : [];
  return successorsOf(after)
    .filter(successorId => !known.includes(successorId))
    .map(successorId => ({ predecessorId: after.emailId, successorId }));
}

function successorsOf(email: Email | null): readonly string[] {
  const notes = (email?.events ?? []).filter(
    ({ status, providerEvent }) => status === null && providerEvent === noteNames.resent,
  );
  return [...new Set(notes.map(({ relatedEmailId = '' }) => relatedEmailId))];
}

/**
 * The notes that these successors owe, read from the table. A note of a predecessor may wait in a queue until the stream
 * has long shown the delivery of its successor.
 *
 * @param onUnreadable told of a successor that only a later version can read
 * @throws the first error of a read
 */
export async function owedLinks(
  readEmail: ReadEmail,
  resent: readonly Resent[],
  onUnreadable: (error: unknown) => void,
): Promise<readonly Link[]> {
  const owed: Link[] = [];
  await forEachConcurrently(resent, concurrentNotes, async ({ predecessorId, successorId }) => {
    try {
      const links = owedBy(await readEmail(successorId));
      owed.push(...links.filter(link => link.predecessorId === predecessorId));
    } catch (error) {
      if (!(error instanceof UnreadableItem)) throw error;
      onUnreadable(error);
    }
  });
  return owed;
}

/**
 * All notes that an email owes its predecessors, by its history alone: it sends them again, and it was delivered. Before its
 * own delivery it passes on those of its successors. Each note names the delivered email, and never reaches that one.
 */
function owedBy(email: Email | null): readonly Link[] {
  const { emailId = '', accountId, events = [] } = email ?? {};
  const notesOf = (name: string) => events.filter(event => event.status === null && event.providerEvent === name);
  // Another account's word about this email is no reason to tell anybody.
  const resends = notesOf(noteNames.resend).filter(({ accountId: named = accountId }) => named === accountId);
  // A sender may name the predecessor in each of its reports. The events are in order of time.
  const firsts = resends.filter(
    ({ relatedEmailId }, index) => resends.findIndex(other => other.relatedEmailId === relatedEmailId) === index,
  );
  if (firsts.length === 0) return [];
  const deliveredAt = Math.min(...events.filter(isProof).map(({ occurredAt }) => occurredAt));
  // Otherwise a long chain of delivered emails would fill the history of each with notes of all later ones.
  const passedOn = notesOf(noteNames.successorDelivered).filter(({ occurredAt }) => occurredAt < deliveredAt);
  const deliveries = [
    ...(Number.isFinite(deliveredAt) ? [{ relatedEmailId: emailId, occurredAt: deliveredAt }] : []),
    ...passedOn.map(({ relatedEmailId = '', occurredAt }) => ({ relatedEmailId, occurredAt })),
  ].map(delivery => ({ providerEvent: noteNames.successorDelivered, ...delivery }));
  return firsts.flatMap(({ relatedEmailId: predecessorId = '', occurredAt, accountId: named }) => {
    const link = (note: Note): Link => ({ predecessorId, accountId, note });
    const account = named !== undefined && { accountId: named };
    const resent = { providerEvent: noteNames.resent, occurredAt, ...account, relatedEmailId: emailId };
    return [link(resent), ...deliveries.filter(({ relatedEmailId }) => relatedEmailId !== predecessorId).map(link)];
  });
}

function isProof({ status, evidence }: HistoryEvent): boolean {
  return evidence !== 'machine' && proofs.includes(status);
}

/** Writes the notes at once; more gains nothing, since resends are few. */
const concurrentNotes = 8;

/**
 * Adds the notes to the histories of the predecessors. One that is gone, or of another account, gets none.
 *
 * @param onUnreadable told of a predecessor that gets none because only a later version can read it
 * @throws the first error of a write
 */
export async function writeLinks(
  addNotes: AddNotes,
  links: readonly Link[],
  now: number,
  onUnreadable: (error: unknown) => void,
): Promise<void> {
  const notesOf = Map.groupBy(links, ({ predecessorId, accountId }) => JSON.stringify([predecessorId, accountId]));
  await forEachConcurrently([...notesOf.values()], concurrentNotes, async own => {
    const { predecessorId, accountId } = own[0]!;
    try {
      await addNotes(predecessorId, email => (email.accountId === accountId ? own.map(({ note }) => note) : null), now);
    } catch (error) {
      if (!(error instanceof UnreadableItem)) throw error;
      onUnreadable(error);
    }
  });
}
