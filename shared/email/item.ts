/**
 * The stored item: the one place that knows its attributes, and that turns an item into an email. One item is one email,
 * or the tombstone of one that was erased.
 */

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { AlertKind } from '../status/catalogue.ts';
import { statuses } from '../status/catalogue.ts';
import { type Cause, causes } from '../status/causes.ts';
import type { Verdict } from '../status/precedence.ts';
import type { EmailFacts } from './event.ts';
import { decodeHistory, type HistoryEvent, inTime } from './history.ts';

/** Every attribute, as the document client gives it. Times are epoch milliseconds where nothing else is said. */
interface Attributes extends EmailFacts, Verdict {
  /** The partition key: a hash of provider, message id and recipient. */
  readonly emailId: string;
  readonly provider: string;
  readonly messageId: string;
  readonly recipient: string;
  /** Why its delivery failed, or was put off: the cause of the event that decided its status. */
  readonly cause: Cause;
  /** One event an element: `ADD` to a set is idempotent and commutes. */
  readonly history: Set<string>;
  /** The history holds an event that was dated into the future. */
  readonly futureDated: true;
  /** The earliest event time in the first request recorded, never after its arrival. The lists are ordered by it. */
  readonly sentAt: number;
  /** The arrival of the events written last: those that waited in a queue may have come before others. */
  readonly updatedAt: number;
  /** Since when its status asked somebody to act, for the first time. */
  readonly attentionSince: number;
  /** The same, but there only while its status asks for it. */
  readonly attentionAt: number;
  /** The day of `attentionSince` in UTC. */
  readonly attentionDay: string;
  /** Which alerts were sent. */
  readonly alerted: Set<AlertKind>;
  /** When the email was erased: the item is a tombstone then. */
  readonly erasedAt: number;
  /** Epoch seconds, as DynamoDB's time to live wants it. */
  readonly expiresAt: number;
}

export type Attribute = keyof Attributes;

/** An item, or those of its attributes that were asked for. */
export type Item = Partial<Attributes>;

interface Index {
  readonly partition: Attribute;
  readonly sort: Attribute;
  /** Attributes besides the keys. */
  readonly holds?: readonly Attribute[];
}

/**
 * The indexes. An item is in an index only while it has both keys: `attentionAt` exists only while the status asks for
 * attention, so that those two indexes list the emails to act on, and no others. No key ever changes.
 *
 * An index holds keys only, since writes outnumber reads by far and a page is looked up with one BatchGetItem. Two hold
 * one attribute more. Neither changes once it is set: the account filters a recipient's emails, the time sorts those of
 * a reference.
 */
export const indexes = {
  byAccount: { partition: 'accountId', sort: 'sentAt' },
  byRecipient: { partition: 'recipient', sort: 'sentAt', holds: ['accountId'] },
  byReference: { partition: 'reference', sort: 'accountId', holds: ['sentAt'] },
  byAttention: { partition: 'accountId', sort: 'attentionAt' },
  byAttentionDay: { partition: 'attentionDay', sort: 'attentionAt' },
} as const satisfies Record<string, Index>;

export type IndexName = keyof typeof indexes;

/**
 * The names in expressions: `#status` is the attribute `status`. Every attribute is written so, since many of the names
 * are reserved words.
 */
export function expressionNames(...expressions: readonly string[]): Record<string, string> {
  const names: Record<string, string> = {};
  for (const expression of expressions) {
    for (const [placeholder, name] of expression.matchAll(/#(\w+)/g)) names[placeholder] = name!;
  }
  return names;
}

/** The attributes of an email's row in a list. */
export const summaryAttributes = [
  'emailId',
  'provider',
  'messageId',
  'recipient',
  'accountId',
  'subject',
  'reference',
  'status',
  'statusAt',
  'statusEventId',
  'cause',
  'tags',
  'sentAt',
  'updatedAt',
] as const satisfies readonly Attribute[];

/** An email's row in a list. Times are epoch milliseconds. */
export interface EmailSummary extends EmailFacts {
  readonly emailId: string;
  readonly provider: string;
  readonly messageId: string;
  readonly recipient: string;
  /** null while there are only notes. */
  readonly verdict: Verdict | null;
  /** Why its delivery failed, or was put off: the cause of the event that decided its status. */
  readonly cause?: Cause;
  readonly sentAt: number;
  readonly updatedAt: number;
}

/** An email with its history. */
export interface Email extends EmailSummary {
  /** In order of event time, then event id. */
  readonly events: readonly HistoryEvent[];
}

/** What a write has to know of an item; without events where there is none. */
export interface KnownItem extends EmailFacts {
  readonly verdict: Verdict | null;
  /** By their encoding. */
  readonly history: ReadonlyMap<string, HistoryEvent>;
  /** Whether it holds an event that was dated into the future. */
  readonly futureDated: boolean;
  /** It is a tombstone: the email was erased, and stays so. */
  readonly erased: boolean;
}

/** Whether an item is a tombstone: to everybody but whoever erases, it is no email. */
export function isTombstone(item: Item): boolean {
  return item.erasedAt !== undefined;
}

export function summaryOf(item: Item): EmailSummary {
  const { emailId, provider, messageId, recipient, cause, sentAt, updatedAt } = item as Attributes;
  return {
    emailId,
    provider,
    messageId,
    recipient,
    ...factsOf(item),
    verdict: verdictOf(item),
    ...(cause !== undefined && { cause }),
    sentAt,
    updatedAt,
  };
}

export function emailOf(item: Item): Email {
  return { ...summaryOf(item), events: [...historyOf(item)].map(decodeHistory).sort(inTime) };
}

/** An item as DynamoDB writes it: in the table's stream, and in the error of a failed condition. */
export type Image = Readonly<Record<string, AttributeValue>>;

/** The item of a failed condition; none where there was no item. */
export function knownItem(image: Image = {}): KnownItem {
  const item: Item = unmarshall(image);
  return {
    ...factsOf(item),
    verdict: verdictOf(item),
    history: new Map([...historyOf(item)].map(element => [element, decodeHistory(element)])),
    futureDated: item.futureDated === true,
    erased: isTombstone(item),
  };
}

/** The status of an email in an image; undefined where there is none. Reads nothing else of it. */
export function statusIn(image: Image | undefined): string | undefined {
  return image?.status?.S;
}

/** An image in the table's stream shows no email. */
export class UnreadableImage extends Error {
  override readonly name = 'UnreadableImage';
}

/**
 * An email as the table's stream shows it.
 *
 * @throws UnreadableImage where it is none of an email with a status, as this version knows it
 */
export function emailIn(image: Image | undefined): Email & { readonly verdict: Verdict } {
  const item: Item = unmarshall(image ?? {});
  const { emailId, provider, messageId, recipient, status, statusAt, statusEventId, cause, history } = item;
  const texts = [emailId, provider, messageId, recipient, statusEventId];
  const isKnown =
    texts.every(text => typeof text === 'string') &&
    Object.hasOwn(statuses, status ?? '') &&
    typeof statusAt === 'number' &&
    (cause === undefined || Object.hasOwn(causes, cause)) &&
    history instanceof Set;
  if (!isKnown) throw new UnreadableImage();
  const email = emailOf(item);
  return { ...email, verdict: email.verdict! };
}

/** The elements of an item's history. */
export function historyOf({ history = new Set() }: Item): ReadonlySet<string> {
  return history;
}

function verdictOf({ status, statusAt, statusEventId }: Item): Verdict | null {
  return status === undefined ? null : { status, statusAt: statusAt!, statusEventId: statusEventId! };
}

function factsOf({ accountId, subject, reference, tags }: Item): EmailFacts {
  return {
    ...(accountId !== undefined && { accountId }),
    ...(subject !== undefined && { subject }),
    ...(reference !== undefined && { reference }),
    ...(tags !== undefined && { tags }),
  };
}
