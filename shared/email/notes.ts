/**
 * Adds Mailtrail's own notes to the history of a stored email: somebody handled it, another email sends it again, or that
 * one was delivered. Unlike the recorder it reads first, and it never makes an email.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { boundedText } from '../runtime/text.ts';
import { statuses } from '../status/catalogue.ts';
import { limits, noteNames } from './event.ts';
import type { HistoryEvent } from './history.ts';
import { type Email, emailOf, historyOf, type Item, isTombstone, knownItemOf, UnreadableItem } from './item.ts';
import { isFailureToHandle } from './resolution.ts';
import { planUpdate, updateInput } from './update.ts';

/** Tries of one write; each fails only if another writer was faster. */
const maxAttempts = 20;

/** People's own words may have as many characters as a provider's text has bytes. A character takes three at most. */
const maxWordsBytes = 3 * limits.text;

/** A note for the history. */
export type Note = Pick<HistoryEvent, 'providerEvent' | 'occurredAt'> &
  Partial<Pick<HistoryEvent, 'relatedEmailId' | 'actor' | 'reason' | 'accountId'>>;

/** An email after its notes. */
export interface Noted {
  readonly email: Email;
  /** The notes that were new. */
  readonly added: number;
}

/**
 * Adds notes to an email, each once. `notesFor` chooses them from the email as it stands, and again if another writer was
 * faster. `at` is the time of the write in epoch milliseconds.
 *
 * @returns null if there is no such email, or it was erased
 * @throws UnreadableItem if a later version has written the history or the status, and the errors of DynamoDB
 */
export type AddNotes = (
  emailId: string,
  notesFor: (email: Email) => readonly Note[] | null,
  at: number,
) => Promise<Noted | null>;

export function createAddNotes(client: DynamoDBDocumentClient, tableName: string): AddNotes {
  return async (emailId, notesFor, at) => {
    let item = await readItem(client, tableName, emailId);
    let tried: readonly string[] = [];
    for (let attempt = 1; ; attempt += 1) {
      if (item?.emailId === undefined || isTombstone(item)) return null;
      const email = readableEmail(item);
      const known = historyOf(item);
      // The answer to our own write was lost, and the SDK has repeated the write.
      if (tried.length > 0 && tried.every(element => known.has(element))) return { email, added: tried.length };
      const notes = notesFor(email);
      if (notes === null) return null;
      if (notes.length === 0) return { email, added: 0 };
      const { provider, messageId, recipient, sentAt } = email;
      const events = notes.map(note => ({ ...eventOf(note), provider, messageId, recipient }));
      const { update, added } = planUpdate(events, knownItemOf(item));
      if (update === null) return { email, added: 0 };
      tried = added;
      const expiresAt = item.expiresAt! * 1000;
      const target = { tableName, emailId, provider, messageId, recipient, now: at, sentAt, expiresAt };
      try {
        const { Attributes } = await client.send(
          new UpdateCommand({ ...updateInput(target, update), ReturnValues: 'ALL_NEW' }),
        );
        return { email: emailOf(Attributes as Item), added: added.length };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException) || attempt === maxAttempts) throw error;
        item = error.Item && unmarshall(error.Item);
      }
    }
  };
}

/**
 * Reads an email; null if there is none, or it was erased.
 *
 * @throws UnreadableItem if a later version has written the history, and the errors of DynamoDB
 */
export type ReadEmail = (emailId: string) => Promise<Email | null>;

export function createReadEmail(client: DynamoDBDocumentClient, tableName: string): ReadEmail {
  return async emailId => {
    const item = await readItem(client, tableName, emailId);
    return item === undefined || isTombstone(item) ? null : readableEmail(item);
  };
}

async function readItem(client: DynamoDBDocumentClient, tableName: string, emailId: string): Promise<Item | undefined> {
  const { Item } = await client.send(new GetCommand({ TableName: tableName, Key: { emailId }, ConsistentRead: true }));
  return Item;
}

function readableEmail(item: Item): Email {
  if (item.status !== undefined && !Object.hasOwn(statuses, item.status)) throw new UnreadableItem();
  try {
    return emailOf(item);
  } catch {
    throw new UnreadableItem();
  }
}

/** A note as an event. The same note always has the same id, so that it is recorded once. */
function eventOf({ providerEvent, occurredAt, relatedEmailId, actor, reason, accountId }: Note): HistoryEvent {
  return {
    eventId: `${providerEvent}@${relatedEmailId ?? occurredAt}`,
    status: null,
    occurredAt,
    evidence: 'unknown',
    providerEvent,
    ...(accountId !== undefined && { accountId }),
    ...(relatedEmailId !== undefined && { relatedEmailId }),
    ...(actor !== undefined && { actor }),
    ...(reason !== undefined && { reason }),
  };
}

/**
 * The note that somebody handled an email. Its time is not before any failure of the email, nor before its status: clocks
 * of providers may be ahead of ours.
 *
 * @param actor the subject of their token
 * @param text their own words
 * @param now epoch milliseconds
 */
export function handledNote(
  { verdict, events }: Email,
  actor: string | undefined,
  text: string | undefined,
  now: number,
): Note {
  const failures = events.filter(isFailureToHandle).map(({ occurredAt }) => occurredAt);
  const who = boundedText(actor ?? '', limits.actor);
  const words = boundedText(text ?? '', maxWordsBytes);
  return {
    providerEvent: noteNames.handled,
    occurredAt: Math.max(now, verdict?.statusAt ?? now, ...failures),
    ...(who !== '' && { actor: who }),
    ...(words !== '' && { reason: { text: words } }),
  };
}
