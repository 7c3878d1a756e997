/**
 * The stored item: the only module that names its attributes and turns an item into an email. One item is one email, or
 * the tombstone of an erased one.
 */

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { statuses } from '../status/catalogue.ts';
import { type Cause, causes } from '../status/causes.ts';
import type { Verdict } from '../status/precedence.ts';
import type { EmailFacts } from './event.ts';
import { decodeHistory, distinctEvents, type HistoryEvent } from './history.ts';
import { decodeRepeats, type Repeats } from './repeats.ts';

/** Every attribute as the document client reads it. Times are epoch milliseconds unless stated otherwise. */
interface Attributes extends EmailFacts, Verdict {
  /** The partition key: a hash of provider, message id and recipient. */
  readonly emailId: string;
  readonly provider: string;
  readonly messageId: string;
  readonly recipient: string;
  /** Why the delivery failed or was deferred: the cause of the deciding event. */
  readonly cause: Cause;
  /** One element per event: `ADD` to a set is idempotent and commutes. */
  readonly history: Set<string>;
  /** Counts of repeated opens and clicks that are not in the history (repeats.ts). */
  readonly repeats: string;
  /** The history holds a future-dated event. */
  readonly futureDated: true;
  /** The earliest event time in the first recorded request, never after its arrival. Lists are ordered by it. */
  readonly sentAt: number;
  /** Arrival of the events written last. Events that waited in a queue may have arrived before others. */
  readonly updatedAt: number;
  /** When its status first asked for attention. */
  readonly attentionSince: number;
  /** The same time, present only while the status asks for attention. */
  readonly attentionAt: number;
  /** The UTC day of `attentionSince`, and the email's partition of that day (attention-day.ts). */
  readonly attentionDay: string;
  /** When the email was erased; present only in a tombstone. */
  readonly erasedAt: number;
  /** Epoch seconds, as DynamoDB's time to live requires. */
  readonly expiresAt: number;
}

export type Attribute = keyof Attributes;

/** An item, or its requested attributes. */
export type Item = Partial<Attributes>;

interface Index {
  readonly partition: Attribute;
  readonly sort: Attribute;
  /** Attributes besides the keys. */
  readonly holds?: readonly Attribute[];
}

/**
 * The indexes. An item is in an index only while it has both keys. `attentionAt` exists only while the status asks for
 * attention, so that two indexes list exactly those emails. No key ever changes.
 *
 * An index holds only keys, since writes far outnumber reads; one BatchGetItem reads the emails of a page. Two indexes
 * hold one more attribute, which never changes once set. The account filters a recipient's emails; the time sorts the
 * emails of a reference.
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
 * The attribute names of expressions: `#status` stands for `status`. Every attribute is written so, since many names
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
  'attentionAt',
  'sentAt',
  'updatedAt',
] as const satisfies readonly Attribute[];

/** An email's row in a list. Times are epoch milliseconds. */
export interface EmailSummary extends EmailFacts {
  readonly emailId: string;
  readonly provider: string;
  readonly messageId: string;
  readonly recipient: string;
  /** null while the email has only notes. */
  readonly verdict: Verdict | null;
  /** Why the delivery failed or was deferred: the cause of the deciding event. */
  readonly cause?: Cause;
  /** Its place in the lists of emails that ask somebody to act; absent while it asks nobody. */
  readonly attentionAt?: number;
  readonly sentAt: number;
  readonly updatedAt: number;
}

/** An email with its history. */
export interface Email extends EmailSummary {
  /** In order of event time, then event id; each event once, however many versions have read it. */
  readonly events: readonly HistoryEvent[];
  /** Counts of further opens and clicks, which are not among the events. */
  readonly repeats: Repeats;
}

/** The state of an item that a write depends on; without events if there is no item. */
export interface KnownItem extends EmailFacts {
  readonly verdict: Verdict | null;
  /** Events by their encoding. */
  readonly history: ReadonlyMap<string, HistoryEvent>;
  /** Counts of opens and clicks that are not in the history. */
  readonly repeats: Repeats;
  /** The counts as they are stored; undefined if there are none. */
  readonly storedRepeats: string | undefined;
  /** Whether the history holds a future-dated event. */
  readonly futureDated: boolean;
  /** Epoch seconds. It is set once, and so tells an email from one that took its place. 0 if there is no item. */
  readonly expiresAt: number;
  /** The item is a tombstone: the email stays erased. */
  readonly erased: boolean;
}

/** Whether an item is a tombstone, which is no email to any reader. */
export function isTombstone(item: Item): boolean {
  return item.erasedAt !== undefined;
}

export function summaryOf(item: Item): EmailSummary {
  const { emailId, provider, messageId, recipient, cause, sentAt, updatedAt } = item as Attributes;
  const { attentionAt } = item;
  return {
    emailId,
    provider,
    messageId,
    recipient,
    ...factsIn(item),
    verdict: verdictOf(item),
    ...(cause !== undefined && { cause }),
    ...(attentionAt !== undefined && { attentionAt }),
    sentAt,
    updatedAt,
  };
}

export function emailOf(item: Item): Email {
  return {
    ...summaryOf(item),
    events: distinctEvents([...historyOf(item)].map(decodeHistory)),
    repeats: decodeRepeats(item.repeats),
  };
}

/** An item as DynamoDB writes it in the table's stream and in the error of a failed condition. */
export type Image = Readonly<Record<string, AttributeValue>>;

/** The item in the error of a failed condition; an empty one if there was no item. */
export function knownItem(image: Image = {}): KnownItem {
  return knownItemOf(unmarshall(image));
}

/** The same for an item, or some of its attributes, as the document client reads it. */
export function knownItemOf(item: Item): KnownItem {
  return {
    ...factsIn(item),
    verdict: verdictOf(item),
    history: new Map([...historyOf(item)].map(element => [element, decodeHistory(element)])),
    repeats: decodeRepeats(item.repeats),
    storedRepeats: item.repeats,
    futureDated: item.futureDated === true,
    expiresAt: item.expiresAt ?? 0,
    erased: isTombstone(item),
  };
}

/** The status in an image; undefined if there is none. Reads no other attribute. */
export function statusIn(image: Image | undefined): string | undefined {
  return image?.status?.S;
}

/** An item is no email. */
export class UnreadableItem extends Error {
  override readonly name = 'UnreadableItem';
}

/**
 * The email in an item that anybody may have written.
 *
 * @throws UnreadableItem, or another error, if the item is no email with a status that this version supports
 */
export function checkedEmailOf(item: Item): Email & { readonly verdict: Verdict } {
  const { emailId, provider, messageId, recipient, status, statusAt, statusEventId, cause, history } = item;
  const texts = [emailId, provider, messageId, recipient, statusEventId];
  const isKnown =
    texts.every(text => typeof text === 'string') &&
    Object.hasOwn(statuses, status ?? '') &&
    typeof statusAt === 'number' &&
    (cause === undefined || Object.hasOwn(causes, cause)) &&
    history instanceof Set;
  if (!isKnown) throw new UnreadableItem();
  const email = emailOf(item);
  return { ...email, verdict: email.verdict! };
}

/**
 * The email in an image of the table's stream, also if it has only notes; null where there is no image, or a tombstone.
 *
 * @throws UnreadableItem, or another error, if the image is none of these
 */
export function storedEmailIn(image: Image | undefined): Email | null {
  if (image === undefined) return null;
  const item: Item = unmarshall(image);
  if (isTombstone(item)) return null;
  const { emailId, provider, sentAt, updatedAt, history } = item;
  const isKnown =
    [emailId, provider].every(text => typeof text === 'string') &&
    [sentAt, updatedAt].every(time => typeof time === 'number') &&
    history instanceof Set;
  if (!isKnown) throw new UnreadableItem();
  return emailOf(item);
}

/** The elements of an item's history. */
export function historyOf({ history = new Set() }: Item): ReadonlySet<string> {
  return history;
}

function verdictOf({ status, statusAt, statusEventId }: Item): Verdict | null {
  return status === undefined ? null : { status, statusAt: statusAt!, statusEventId: statusEventId! };
}

/** Facts besides the account. */
export const toldFacts = ['subject', 'reference', 'tags'] as const satisfies readonly (keyof EmailFacts)[];
export type ToldFact = (typeof toldFacts)[number];

/** The facts in an item. */
export function factsIn({ accountId, subject, reference, tags }: EmailFacts): EmailFacts {
  return {
    ...(accountId !== undefined && { accountId }),
    ...(subject !== undefined && { subject }),
    ...(reference !== undefined && { reference }),
    ...(tags !== undefined && { tags }),
  };
}
