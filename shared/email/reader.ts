/**
 * Reading the table of emails: one of them by its id, or lists through the indexes, newest first. An index holds keys
 * only and lags behind: each page of it is looked up in the table, and what an email says of itself decides.
 */

import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { dayOf } from '../runtime/time.ts';
import { isActionable } from '../status/attention.ts';
import type { Status } from '../status/catalogue.ts';
import type { Cause } from '../status/causes.ts';
import type { Verdict } from '../status/precedence.ts';
import { batchGet } from './batch-get.ts';
import { decodeHistory, type HistoryEvent, inTime } from './history.ts';
import { isTombstone } from './tombstone.ts';
import { accountReferenceOf } from './update.ts';

/** What a list shows of an email. Times are epoch milliseconds. */
export interface EmailSummary {
  readonly emailId: string;
  readonly provider: string;
  readonly messageId: string;
  readonly recipient: string;
  readonly accountId?: string;
  readonly subject?: string;
  readonly reference?: string;
  /** null while there are only notes. */
  readonly verdict: Verdict | null;
  /** Why its delivery failed, or was put off: the cause of the event that decided its status. */
  readonly cause?: Cause;
  readonly tags?: readonly string[];
  readonly firstSeenAt: number;
  readonly updatedAt: number;
}

/** An email as it is stored. */
export interface Email extends EmailSummary {
  /** In order of event time, then event id. */
  readonly events: readonly HistoryEvent[];
}

/** Which emails. Times are epoch milliseconds, of `firstSeenAt`. */
export interface EmailFilter {
  /** null for the emails of all accounts, and of none. */
  readonly accountId: string | null;
  readonly status?: Status | undefined;
  /** Those whose status asks somebody to act. */
  readonly attention?: boolean | undefined;
  /** In lower case. */
  readonly recipient?: string | undefined;
  readonly reference?: string | undefined;
  /** Inclusive. */
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly to?: number | undefined;
}

/** Where a page ended, in the order of its list. */
export interface Position {
  readonly at: number;
  /** null: everything of that time has been seen. */
  readonly emailId: string | null;
}

export interface Page<Shown> {
  readonly shown: readonly Shown[];
  /** null where nothing follows. */
  readonly next: Position | null;
}

export interface PageRequest {
  /** At most so many emails. */
  readonly limit: number;
  readonly after: Position | null;
  /** At most so many calls of Query; 32 when not given. */
  readonly maxQueries?: number;
}

export interface Reader {
  /** One email, strongly consistent; null where there is none. One GetItem. */
  email(emailId: string): Promise<Email | null>;
  /** Emails by their ids, strongly consistent, as far as there are such. One BatchGetItem for each hundred. */
  emails(emailIds: readonly string[]): Promise<ReadonlyMap<string, EmailSummary>>;
  /**
   * A page of the emails that a filter takes, newest first: by when they were first seen or, where the filter is for
   * attention and for neither a recipient nor a reference, by when they first asked for it.
   *
   * One Query and one BatchGetItem, and more of them only while the filter leaves emails out; it stops at a fixed number
   * of them, so that a page may hold fewer emails than its limit, or none, and still go on.
   */
  page(filter: EmailFilter, request: PageRequest): Promise<Page<EmailSummary>>;
  /** The same with the events of each, given to `show` one by one, so that not all of them are held at once. */
  wholePage<Shown>(filter: EmailFilter, request: PageRequest, show: (email: Email) => Shown): Promise<Page<Shown>>;
}

export interface ReaderOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly retentionDays: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The most that one page costs: calls of Query, unless the request says less, and emails looked up. */
const usualQueries = 32;
const maxLookedUp = 1_000;

/** What is looked up at once beyond a first try with just the limit. */
const chunk = 100;

/** So many keys of an index that all accounts share are gone through in one call, for those of one account. */
const sifted = 5_000;

const day = 24 * 60 * 60_000;

/** DynamoDB removes what has expired within some days. */
const removalLag = 14 * day;

/**
 * What was put off is recorded with the time at which it came: an email may have asked for attention so long before it was
 * first seen. SQS keeps a message for 14 days.
 */
const maxWaitMs = 15 * day;

/** Clocks of those who write may be ahead of ours. */
const clockLead = 10 * 60_000;

/** What a list reads of each email. */
export const summaryAttributes = [
  'emailId',
  '#provider',
  'messageId',
  'recipient',
  'accountId',
  'subject',
  '#reference',
  '#status',
  'statusAt',
  'statusEventId',
  'cause',
  'tags',
  'firstSeenAt',
  'updatedAt',
] as const;

/** A list: an index, the partitions of it in their order, and what bounds its sort key. */
interface List {
  readonly index: string;
  readonly partitionKey: string;
  readonly sortKey: 'firstSeenAt' | 'attentionAt';
  readonly partitionOf: (at: number) => string;
  /** In an index that all accounts share, whose keys are wanted; null: everybody's. */
  readonly ownedBy: string | null;
  /** Where a list over several days goes on once a day is read to its end; null where nothing can follow. */
  readonly nextDay: ((at: number) => Position | null) | null;
  readonly start: Position | null;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

export function createReader({ client, tableName, retentionDays, now }: ReaderOptions): Reader {
  return {
    async email(emailId) {
      const { Item } = await client.send(
        new GetCommand({ TableName: tableName, Key: { emailId }, ConsistentRead: true }),
      );
      return Item === undefined || isTombstone(Item) ? null : emailOf(Item);
    },

    async emails(emailIds) {
      const items = await batchGet(client, tableName, emailIds, summaryAttributes);
      return new Map([...items].map(([emailId, item]) => [emailId, summaryOf(item)]));
    },

    page: (filter, request) => pageOf(filter, request, summaryAttributes, summaryOf, summary => summary),
    wholePage: (filter, request, show) => pageOf(filter, request, undefined, emailOf, show),
  };

  async function pageOf<Read extends EmailSummary, Shown>(
    filter: EmailFilter,
    { limit, after, maxQueries = usualQueries }: PageRequest,
    attributes: readonly string[] | undefined,
    read: (item: Item) => Read,
    show: (email: Read) => Shown,
  ): Promise<Page<Shown>> {
    const list = listOf(filter);
    const shown: Shown[] = [];
    let position = after ?? list.start;
    let queries = 0;
    let lookedUp = 0;
    do {
      const wanted = Math.min(lookedUp === 0 ? limit : chunk, chunk, maxLookedUp - lookedUp);
      const { keys, next, calls } = await keysAfter(list, position, wanted, maxQueries - queries);
      const emailIds = keys.map(key => key.emailId);
      const items = await batchGet(client, tableName, emailIds, attributes);
      queries += calls;
      lookedUp += keys.length;
      for (const [index, key] of keys.entries()) {
        const item = items.get(key.emailId);
        const email = item && read(item);
        // An email may be gone since, or have changed.
        if (email === undefined || !takes(filter, email)) continue;
        shown.push(show(email));
        const isLast = index === keys.length - 1 && next === null && list.nextDay === null;
        if (shown.length === limit) return { shown, next: isLast ? null : key };
      }
      position = next ?? (position && list.nextDay?.(position.at)) ?? null;
      if (position === null) return { shown, next: null };
    } while (queries < maxQueries && lookedUp < maxLookedUp);
    return { shown, next: position };
  }

  /** The index that reads least for a filter. */
  function listOf({ accountId, attention, recipient, reference, from, to }: EmailFilter): List {
    const bySight = { sortKey: 'firstSeenAt', nextDay: null, start: null, from, to } as const;
    const of = (index: string, partitionKey: string, partition: string, ownedBy: string | null) => ({
      index,
      partitionKey,
      partitionOf: () => partition,
      ownedBy,
    });
    if (reference !== undefined) {
      return accountId === null
        ? { ...of('byReference', 'reference', reference, null), ...bySight }
        : {
            ...of('byAccountReference', 'accountReference', accountReferenceOf(accountId, reference), null),
            ...bySight,
          };
    }
    if (recipient !== undefined) return { ...of('byRecipient', 'recipient', recipient, accountId), ...bySight };
    const askedFrom = from === undefined ? undefined : from - maxWaitMs;
    const byAttention = { ...bySight, sortKey: 'attentionAt', from: askedFrom, to: undefined } as const;
    if (accountId === null) {
      const oldest = Math.max(askedFrom ?? 0, now() - retentionDays * day - removalLag - maxWaitMs);
      return {
        ...byAttention,
        index: 'byAttentionDay',
        partitionKey: 'attentionDay',
        partitionOf: dayOf,
        ownedBy: null,
        nextDay: at => {
          const lastOfDayBefore = Math.floor(at / day) * day - 1;
          return lastOfDayBefore < oldest ? null : { at: lastOfDayBefore, emailId: null };
        },
        start: { at: now() + clockLead, emailId: null },
      };
    }
    if (attention) return { ...of('byAttention', 'accountId', accountId, null), ...byAttention };
    return { ...of('byAccount', 'accountId', accountId, null), ...bySight };
  }

  /** The next keys of a list's partition, at most `wanted`, newest first; and where it goes on, null at its end. */
  async function keysAfter(
    { index, partitionKey, sortKey, partitionOf, ownedBy, from, to }: List,
    after: Position | null,
    wanted: number,
    maxCalls: number,
  ): Promise<{ readonly keys: readonly Key[]; readonly next: Position | null; readonly calls: number }> {
    const partition = partitionOf(after?.at ?? 0);
    const bounded =
      from === undefined
        ? to === undefined
          ? ''
          : ' AND #sort <= :to'
        : ` AND #sort ${to === undefined ? '>= :from' : 'BETWEEN :from AND :to'}`;
    const query = {
      TableName: tableName,
      IndexName: index,
      KeyConditionExpression: `#partition = :partition${bounded}`,
      ...(ownedBy !== null && { FilterExpression: 'accountId = :ownedBy' }),
      ExpressionAttributeNames: { '#partition': partitionKey, ...(bounded !== '' && { '#sort': sortKey }) },
      ExpressionAttributeValues: {
        ':partition': partition,
        ...(from !== undefined && { ':from': from }),
        ...(to !== undefined && { ':to': to - 1 }),
        ...(ownedBy !== null && { ':ownedBy': ownedBy }),
      },
      ScanIndexForward: false,
    };
    const keyOf = (item: Item): Key => ({ at: item[sortKey] as number, emailId: item.emailId as string });
    const keys: Key[] = [];
    let position = after;
    for (let calls = 1; ; calls += 1) {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          ...query,
          // One more tells whether anything follows: a last page that is empty would lead people on.
          Limit: calls === 1 ? wanted + 1 : sifted,
          ...(position !== null &&
            position.emailId !== null && {
              ExclusiveStartKey: { [partitionKey]: partition, emailId: position.emailId, [sortKey]: position.at },
            }),
        }),
      );
      keys.push(...Items.map(keyOf));
      if (keys.length > wanted) return { keys: keys.slice(0, wanted), next: keys[wanted - 1]!, calls };
      if (LastEvaluatedKey === undefined) return { keys, next: null, calls };
      position = keyOf(LastEvaluatedKey);
      if (calls >= maxCalls) return { keys, next: position, calls };
    }
  }
}

interface Key extends Position {
  readonly emailId: string;
}

type Item = Readonly<Record<string, unknown>>;

function takes(filter: EmailFilter, email: EmailSummary): boolean {
  const { accountId, status, attention, recipient, reference, from, to } = filter;
  const { verdict, firstSeenAt } = email;
  return (
    (accountId === null || email.accountId === accountId) &&
    (status === undefined || verdict?.status === status) &&
    (!attention || (verdict !== null && isActionable(verdict))) &&
    (recipient === undefined || email.recipient === recipient) &&
    (reference === undefined || email.reference === reference) &&
    (from === undefined || firstSeenAt >= from) &&
    (to === undefined || firstSeenAt < to)
  );
}

function summaryOf(item: Item): EmailSummary {
  const {
    emailId,
    provider,
    messageId,
    recipient,
    accountId,
    subject,
    reference,
    cause,
    tags,
    firstSeenAt,
    updatedAt,
  } = item as unknown as EmailSummary;
  const { status, statusAt, statusEventId } = item as unknown as Verdict;
  return {
    emailId,
    provider,
    messageId,
    recipient,
    ...(accountId !== undefined && { accountId }),
    ...(subject !== undefined && { subject }),
    ...(reference !== undefined && { reference }),
    verdict: status === undefined ? null : { status, statusAt, statusEventId },
    ...(cause !== undefined && { cause }),
    ...(tags !== undefined && { tags }),
    firstSeenAt,
    updatedAt,
  };
}

function emailOf(item: Item): Email {
  const history = (item.history as Set<string> | undefined) ?? new Set();
  return { ...summaryOf(item), events: [...history].map(decodeHistory).sort(inTime) };
}
