/**
 * Reading the table of emails: one of them by its id, or lists through the indexes, newest first. An index holds keys
 * only and lags behind: each page of it is looked up in the table, and what an email says of itself decides.
 */

import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { day, dayOf } from '../runtime/time.ts';
import { isActionable } from '../status/attention.ts';
import type { Status } from '../status/catalogue.ts';
import { batchGet } from './batch-get.ts';
import {
  type Attribute,
  type Email,
  type EmailSummary,
  emailOf,
  expressionNames,
  type IndexName,
  type Item,
  indexes,
  isTombstone,
  summaryAttributes,
  summaryOf,
} from './item.ts';

/** Which emails. Times are epoch milliseconds, of `sentAt`. */
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
  /** More emails have the reference than are looked at; of which there are more, nothing tells. */
  readonly isTruncated?: true;
}

export interface PageRequest {
  /** At most so many emails. */
  readonly limit: number;
  readonly after: Position | null;
}

export interface Reader {
  /** One email, strongly consistent; null where there is none. One GetItem. */
  email(emailId: string): Promise<Email | null>;
  /** Emails by their ids, strongly consistent, as far as there are such. One BatchGetItem for each hundred. */
  emails(emailIds: readonly string[]): Promise<ReadonlyMap<string, EmailSummary>>;
  /**
   * A page of the emails that a filter takes, newest first: by when they were sent or, where the filter is for
   * attention and for neither a recipient nor a reference, by when they first asked for it.
   *
   * One Query and one BatchGetItem, and more of them only while the filter leaves emails out; it stops at a fixed number
   * of them, so that a page may hold fewer emails than its limit, or none, and still go on. Of a reference
   * without a recipient, 1,000 emails are looked at, and those alone that have an account.
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

/** The most that one page costs: calls of Query, and emails looked up. */
const maxQueries = 32;
const maxLookedUp = 1_000;

/** Emails of one reference that are looked at: few have more than one or two. */
const maxOfReference = 1_000;

/** What is looked up at once beyond a first try with just the limit. */
const chunk = 100;

/** So many keys of an index that all accounts share are gone through in one call, for those of one account. */
const sifted = 5_000;

/** DynamoDB removes what has expired within some days. */
const removalLag = 14 * day;

/**
 * An event that waited is recorded with the time at which it came: an email may have asked for attention so long before
 * its first recorded request. SNS tries for 23 days to bring an event into a queue, which keeps it for 14.
 */
const maxWaitMs = 38 * day;

/** Clocks of those who write may be ahead of ours. */
const clockLead = 10 * 60_000;

/** A list in an index: the partitions of it in their order, and the bounds of its sort key. */
interface IndexList {
  readonly index: IndexName;
  readonly partitionOf: (at: number) => string;
  /** In an index that all accounts share, whose keys are wanted; null: everybody's. */
  readonly ownedBy: string | null;
  /** Where a list over several days goes on once a day is read to its end; null where nothing can follow. */
  readonly nextDay: ((at: number) => Position | null) | null;
  readonly start: Position | null;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** The next keys of a list, newest first; where it goes on, null at its end; and what they cost. */
interface Keys {
  readonly keys: readonly Key[];
  readonly next: Position | null;
  readonly calls: number;
}

/** A list as its keys are read. */
interface KeyList extends Pick<IndexList, 'nextDay' | 'start'> {
  keysAfter(after: Position | null, wanted: number, maxCalls: number): Promise<Keys> | Keys;
  readonly isTruncated?: true;
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
    { limit, after }: PageRequest,
    attributes: readonly Attribute[] | undefined,
    read: (item: Item) => Read,
    show: (email: Read) => Shown,
  ): Promise<Page<Shown>> {
    const { recipient, reference } = filter;
    const isOfReference = reference !== undefined && recipient === undefined;
    const list = isOfReference ? await referenceList(reference, filter) : indexListOf(filter);
    const shown: Shown[] = [];
    let position = after ?? list.start;
    let queries = 0;
    let lookedUp = 0;
    const pageUntil = (next: Position | null) => ({
      shown,
      next,
      ...(list.isTruncated && { isTruncated: true as const }),
    });
    do {
      const wanted = Math.min(lookedUp === 0 ? limit : chunk, chunk, maxLookedUp - lookedUp);
      const { keys, next, calls } = await list.keysAfter(position, wanted, maxQueries - queries);
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
        if (shown.length === limit) return pageUntil(isLast ? null : key);
      }
      position = next ?? (position && list.nextDay?.(position.at)) ?? null;
      if (position === null) return pageUntil(null);
    } while (queries < maxQueries && lookedUp < maxLookedUp);
    return pageUntil(position);
  }

  /**
   * The emails of a reference, sorted here: the index has them by account, so that an account's are told from all
   * others' without an attribute that combines the two.
   */
  async function referenceList(
    reference: string,
    { accountId, from = 0, to = Infinity }: EmailFilter,
  ): Promise<KeyList> {
    const KeyConditionExpression = `#reference = :reference${accountId === null ? '' : ' AND #accountId = :accountId'}`;
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tableName,
        IndexName: 'byReference' satisfies IndexName,
        KeyConditionExpression,
        ExpressionAttributeNames: expressionNames(KeyConditionExpression),
        ExpressionAttributeValues: { ':reference': reference, ...(accountId !== null && { ':accountId': accountId }) },
        Limit: maxOfReference + 1,
      }),
    );
    const keys = Items.slice(0, maxOfReference)
      .map((item: Item): Key => ({ at: item.sentAt!, emailId: item.emailId! }))
      .filter(({ at }) => at >= from && at < to)
      .sort(newestFirst);
    return {
      keysAfter(after, wanted) {
        const start = after === null ? 0 : keys.filter(key => newestFirst(key, after) <= 0).length;
        const page = keys.slice(start, start + wanted);
        return { keys: page, next: start + wanted < keys.length ? page.at(-1)! : null, calls: start === 0 ? 1 : 0 };
      },
      nextDay: null,
      start: null,
      ...(Items.length > maxOfReference && { isTruncated: true }),
    };
  }

  /** The index that reads least for a filter. */
  function indexListOf(filter: EmailFilter): KeyList {
    const list = indexOf(filter);
    return { ...list, keysAfter: (after, wanted, maxCalls) => keysAfter(list, after, wanted, maxCalls) };
  }

  function indexOf({ accountId, attention, recipient, from, to }: EmailFilter): IndexList {
    const bySentAt = { nextDay: null, start: null, from, to } as const;
    const of = (index: IndexName, partition: string, ownedBy: string | null = null) => ({
      index,
      partitionOf: () => partition,
      ownedBy,
    });
    if (recipient !== undefined) return { ...of('byRecipient', recipient, accountId), ...bySentAt };
    const askedFrom = from === undefined ? undefined : from - maxWaitMs;
    const byAttention = { ...bySentAt, from: askedFrom, to: undefined } as const;
    if (accountId === null) {
      const oldest = Math.max(askedFrom ?? 0, now() - retentionDays * day - removalLag - maxWaitMs);
      return {
        ...byAttention,
        index: 'byAttentionDay',
        partitionOf: dayOf,
        ownedBy: null,
        nextDay: at => {
          const lastOfDayBefore = Math.floor(at / day) * day - 1;
          return lastOfDayBefore < oldest ? null : { at: lastOfDayBefore, emailId: null };
        },
        start: { at: now() + clockLead, emailId: null },
      };
    }
    if (attention) return { ...of('byAttention', accountId), ...byAttention };
    return { ...of('byAccount', accountId), ...bySentAt };
  }

  /** The next keys of a list's partition, at most `wanted`. */
  async function keysAfter(
    { index, partitionOf, ownedBy, from, to }: IndexList,
    after: Position | null,
    wanted: number,
    maxCalls: number,
  ): Promise<Keys> {
    const { partition, sort } = indexes[index];
    const partitionKey = partitionOf(after?.at ?? 0);
    const bounded =
      from === undefined
        ? to === undefined
          ? ''
          : ` AND #${sort} <= :to`
        : ` AND #${sort} ${to === undefined ? '>= :from' : 'BETWEEN :from AND :to'}`;
    const KeyConditionExpression = `#${partition} = :partition${bounded}`;
    const FilterExpression = ownedBy === null ? undefined : '#accountId = :ownedBy';
    const query = {
      TableName: tableName,
      IndexName: index,
      KeyConditionExpression,
      FilterExpression,
      ExpressionAttributeNames: expressionNames(KeyConditionExpression, FilterExpression ?? ''),
      ExpressionAttributeValues: {
        ':partition': partitionKey,
        ...(from !== undefined && { ':from': from }),
        ...(to !== undefined && { ':to': to - 1 }),
        ...(ownedBy !== null && { ':ownedBy': ownedBy }),
      },
      ScanIndexForward: false,
    };
    const keyOf = (item: Item): Key => ({ at: item[sort] as number, emailId: item.emailId! });
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
              ExclusiveStartKey: { [partition]: partitionKey, emailId: position.emailId, [sort]: position.at },
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

/** The order of a list that is sorted here: by time, then id, so that no two emails are equal in it. */
function newestFirst(one: Position, other: Position): number {
  if (one.at !== other.at) return other.at - one.at;
  return one.emailId === other.emailId ? 0 : (one.emailId ?? '') < (other.emailId ?? '') ? 1 : -1;
}

function takes(filter: EmailFilter, email: EmailSummary): boolean {
  const { accountId, status, attention, recipient, reference, from, to } = filter;
  const { verdict, sentAt } = email;
  return (
    (accountId === null || email.accountId === accountId) &&
    (status === undefined || verdict?.status === status) &&
    (!attention || (verdict !== null && isActionable(verdict))) &&
    (recipient === undefined || email.recipient === recipient) &&
    (reference === undefined || email.reference === reference) &&
    (from === undefined || sentAt >= from) &&
    (to === undefined || sentAt < to)
  );
}
