/**
 * Reads the table of emails: one email by its id, or lists through the indexes, newest first. An index holds only keys
 * and lags behind. Each page is therefore read from the table, and the email's own attributes decide.
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

/** The emails to list. Times are epoch milliseconds and refer to `sentAt`. */
export interface EmailFilter {
  /** null for the emails of all accounts and of none. */
  readonly accountId: string | null;
  readonly status?: Status | undefined;
  /** Only emails whose status asks for attention. */
  readonly attention?: boolean | undefined;
  /** In lower case. */
  readonly recipient?: string | undefined;
  readonly reference?: string | undefined;
  /** Inclusive. */
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly to?: number | undefined;
}

/** The end of a page, in the order of its list. */
export interface Position {
  readonly at: number;
  /** null: all emails of that time were read. */
  readonly emailId: string | null;
}

export interface Page<Shown> {
  readonly shown: readonly Shown[];
  /** null if nothing follows. */
  readonly next: Position | null;
  /** The reference has more emails than are read. Nothing tells which of them are newest. */
  readonly isTruncated?: true;
}

export interface PageRequest {
  /** The most emails that a page may hold. */
  readonly limit: number;
  readonly after: Position | null;
}

export interface Reader {
  /** One email, strongly consistent; null if there is none. One GetItem. */
  email(emailId: string): Promise<Email | null>;
  /** The emails that exist among these ids, strongly consistent. One BatchGetItem per hundred ids. */
  emails(emailIds: readonly string[]): Promise<ReadonlyMap<string, EmailSummary>>;
  /**
   * A page of the emails that a filter selects, newest first. The order is by sending time. For attention without
   * recipient or reference, it is by when emails first asked for attention.
   *
   * A page costs one Query and one BatchGetItem, and more only while the filter leaves emails out. It stops at 32
   * queries or 1,000 emails, so that a page may hold fewer emails than its limit, or none, and still continue. For a
   * reference without a recipient, it reads at most 1,000 emails, and only those with an account.
   */
  page(filter: EmailFilter, request: PageRequest): Promise<Page<EmailSummary>>;
  /**
   * The same with the events of each email. Each email is passed to `show` alone, so that not all are in memory at
   * once.
   */
  wholePage<Shown>(filter: EmailFilter, request: PageRequest, show: (email: Email) => Shown): Promise<Page<Shown>>;
}

export interface ReaderOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly retentionDays: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The most that one page costs: queries, and emails read. */
const maxQueries = 32;
const maxLookedUp = 1_000;

/** Emails that are read of one reference; few references have more than two. */
const maxOfReference = 1_000;

/** Emails read at once after a first try with just the limit. */
const chunk = 100;

/** Keys that one call reads from an index shared by all accounts, to find those of one account. */
const sifted = 5_000;

/** DynamoDB removes expired items within days; two weeks are safe. */
const removalLag = 14 * day;

/**
 * A delayed event is recorded with its arrival time, so that attention may have begun this long before the first
 * request. SNS retries for 23 days to deliver an event into a queue, which keeps it for 14.
 */
const maxWaitMs = 38 * day;

/** Writers' clocks may be ahead of ours. */
const clockLead = 10 * 60_000;

/** A list in an index: its partitions in order, and the bounds of its sort key. */
interface IndexList {
  readonly index: IndexName;
  readonly partitionOf: (at: number) => string;
  /** The account whose keys are wanted from an index shared by all; null for every account. */
  readonly ownedBy: string | null;
  /** Where a list over several days continues after the end of a day; null if nothing can follow. */
  readonly nextDay: ((at: number) => Position | null) | null;
  readonly start: Position | null;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** The next keys of a list, newest first. `next` is where it continues, null at its end; `calls` is its cost. */
interface Keys {
  readonly keys: readonly Key[];
  readonly next: Position | null;
  readonly calls: number;
}

/** A list and how its keys are read. */
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
        // The email may have been deleted or changed since.
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
   * The emails of a reference, sorted here. The index sorts them by account, so that it separates accounts without an
   * attribute that combines both.
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

  /** The index that costs the fewest reads for a filter. */
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
          // One extra key tells whether anything follows, so that no last page is empty.
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

/** Sorts by time, then id, so that no two emails are equal. */
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
