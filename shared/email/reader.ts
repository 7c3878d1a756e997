/**
 * Reads the table of emails: one email by its id, or lists through the indexes, newest first. An index holds only keys
 * and lags behind. Each page is therefore read from the table, and the email's own attributes decide.
 */

import { type DynamoDBDocumentClient, GetCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { chunks } from '../runtime/chunks.ts';
import { forEachConcurrently } from '../runtime/concurrency.ts';
import { day } from '../runtime/time.ts';
import { type AttentionKind, attentionOf, type OldAfter } from '../status/attention.ts';
import type { Status } from '../status/catalogue.ts';
import type { Cause } from '../status/causes.ts';
import { batchGet } from './batch-get.ts';
import { dayKeysAfter } from './day-keys.ts';
import { canaryAccountId } from './event.ts';
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
import { type Key, type Keys, newestFirst, type Position } from './position.ts';

/** The emails to list. Times are epoch milliseconds and refer to `sentAt`. */
export interface EmailFilter {
  /** null for the emails of all accounts and of none. */
  readonly accountId: string | null;
  /** Emails with one of these statuses. */
  readonly status?: readonly Status[] | undefined;
  /** Emails that failed or wait for one of these causes. */
  readonly cause?: readonly Cause[] | undefined;
  /** Emails that need attention for this reason. `late` takes only emails of the last 90 days. */
  readonly attention?: AttentionKind | undefined;
  /** In lower case. */
  readonly recipient?: string | undefined;
  readonly reference?: string | undefined;
  /** Inclusive. */
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly to?: number | undefined;
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

/** The number of emails in a list. */
export interface Total {
  /** At most 1,000. */
  readonly count: number;
  /** There are more. */
  readonly more: boolean;
}

export interface Reader {
  /** One email, strongly consistent; null if there is none. One GetItem. */
  email(emailId: string): Promise<Email | null>;
  /** The emails that exist among these ids, strongly consistent. One BatchGetItem per hundred ids. */
  emails(emailIds: readonly string[]): Promise<ReadonlyMap<string, EmailSummary>>;
  /**
   * A page of the emails that a filter selects, newest first. The order is by sending time. A list of emails that ask
   * somebody to act, without recipient or reference, is sorted by when they began to ask. Without an account, recipient
   * and reference, it lists no others, whatever their status.
   *
   * A page costs one Query and one BatchGetItem, and more only while the filter leaves emails out. A day of all accounts
   * costs one Query for each of its partitions, at once; they count as one. A page stops at 32 queries or 300 emails, so that a page may hold fewer emails than its limit, or none, and still continue. Filtered
   * pages read eventually consistent, so that one account's searches leave read capacity to all others. For a reference
   * without a recipient, it reads at most 1,000 keys, and only those with an account.
   */
  page(filter: EmailFilter, request: PageRequest): Promise<Page<EmailSummary>>;
  /**
   * The same with the events of each email. Each email is passed to `show` alone, so that not all are in memory at
   * once.
   */
  wholePage<Shown>(filter: EmailFilter, request: PageRequest, show: (email: Email) => Shown): Promise<Page<Shown>>;
  /**
   * The number of emails whose status asks somebody to act, in one account or, for null, in all and in none. It reads at
   * most 1,001 keys: one Query, or for null one Scan of an index that holds only such emails.
   */
  actionableTotal(accountId: string | null): Promise<Total>;
  /**
   * The newest emails to each of these canonical addresses, of one account or, for null, of all and of none. Each email
   * is passed to `read` alone. It costs one Query an address, and BatchGetItems that all addresses share.
   */
  newestTo<Read>(
    recipients: readonly string[],
    accountId: string | null,
    read: (email: Email) => Read,
  ): Promise<ReadonlyMap<string, NewestTo<Read>>>;
}

/** The newest emails to an address, at most 25, in any order. */
export interface NewestTo<Read> {
  readonly emails: readonly Read[];
  /** There may be more emails. */
  readonly truncated: boolean;
}

export interface ReaderOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly retentionDays: number;
  readonly oldAfter: OldAfter;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The most that one page costs: queries, and emails read. */
const maxQueries = 32;
const maxLookedUp = 300;

/** Emails that a total counts. */
const maxCounted = 1_000;

/** Emails that are read of one recipient. */
const maxOfRecipient = 25;

/**
 * Keys that are asked for of one recipient. The Query reads one more. An account needs more keys than emails, because
 * those of other accounts to the same recipient count too.
 */
const maxKeysOfRecipient = 99;

/** BatchGetItems at once, of which each may answer 16 MB, and their keys. */
const batchesAtOnce = 8;
const keysOfBatch = 100;

/** An older email that still waits is nobody's work any more, and a list of late emails looks at every email. */
const lateWindow = 90 * day;

/** Keys that are read of one reference; few references have more than two. */
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

/** A list in one partition of an index, and the bounds of its sort key. */
interface IndexList {
  readonly index: IndexName;
  readonly partitionKey: string;
  /** The account whose keys are wanted from an index shared by all; null for every account. */
  readonly ownedBy: string | null;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** A list and how its keys are read. */
interface KeyList {
  /** Where a list over several days continues after the end of a day; null if nothing can follow. */
  readonly nextDay: ((at: number) => Position | null) | null;
  readonly start: Position | null;
  keysAfter(after: Position | null, wanted: number, maxCalls: number): Promise<Keys> | Keys;
  readonly isTruncated?: true;
}

export function createReader({ client, tableName, retentionDays, oldAfter, now }: ReaderOptions): Reader {
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

    async actionableTotal(accountId) {
      // The index of days holds nothing but these emails, so that a scan counts those of all days at once.
      const list =
        accountId === null
          ? { IndexName: 'byAttentionDay' satisfies IndexName }
          : {
              IndexName: 'byAttention' satisfies IndexName,
              KeyConditionExpression: '#accountId = :accountId',
              ExpressionAttributeNames: expressionNames('#accountId'),
              ExpressionAttributeValues: { ':accountId': accountId },
            };
      let count = 0;
      let ExclusiveStartKey: Record<string, unknown> | undefined;
      for (let calls = 1; ; calls += 1) {
        const input = {
          TableName: tableName,
          ...list,
          ExclusiveStartKey,
          Select: 'COUNT' as const,
          Limit: maxCounted + 1 - count,
        };
        const { Count = 0, LastEvaluatedKey } =
          accountId === null ? await client.send(new ScanCommand(input)) : await client.send(new QueryCommand(input));
        count += Count;
        if (count > maxCounted) return { count: maxCounted, more: true };
        if (LastEvaluatedKey === undefined || calls === maxQueries)
          return { count, more: LastEvaluatedKey !== undefined };
        ExclusiveStartKey = LastEvaluatedKey;
      }
    },

    async newestTo<Read>(recipients: readonly string[], accountId: string | null, read: (email: Email) => Read) {
      const found = new Map<string, { emails: Read[]; truncated: boolean }>();
      const emailIds: string[] = [];
      const asked = [...new Set(recipients)].map(async recipient => {
        const { keys, next } = await keysAfter(recipientList(recipient, accountId), null, maxKeysOfRecipient, 1);
        found.set(recipient, { emails: [], truncated: next !== null || keys.length > maxOfRecipient });
        emailIds.push(...keys.slice(0, maxOfRecipient).map(({ emailId }) => emailId));
      });
      await Promise.all(asked);
      await forEachConcurrently([...chunks(emailIds, keysOfBatch)], batchesAtOnce, async batch => {
        for (const item of (await batchGet(client, tableName, batch, undefined, 'eventual')).values()) {
          const email = emailOf(item);
          if (takes({ accountId }, email, null)) found.get(email.recipient)?.emails.push(read(email));
        }
      });
      return found;
    },
  };

  async function pageOf<Read extends EmailSummary, Shown>(
    asked: EmailFilter,
    { limit, after }: PageRequest,
    attributes: readonly Attribute[] | undefined,
    read: (item: Item) => Read,
    show: (email: Read) => Shown,
  ): Promise<Page<Shown>> {
    const time = now();
    const filter =
      asked.attention === 'late' ? { ...asked, from: Math.max(asked.from ?? 0, time - lateWindow) } : asked;
    const { accountId: _, ...narrowing } = asked;
    const isFiltered = Object.values(narrowing).some(value => value !== undefined);
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
      const items = await batchGet(client, tableName, emailIds, attributes, isFiltered ? 'eventual' : 'strong');
      queries += calls;
      lookedUp += keys.length;
      for (const [index, key] of keys.entries()) {
        const item = items.get(key.emailId);
        const email = item && read(item);
        // The email may have been deleted or changed since.
        if (email === undefined || !takes(filter, email, attentionOf(email, time, oldAfter))) continue;
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
    const { accountId, attention, recipient, from, to } = filter;
    if (recipient !== undefined) return inOnePartition({ ...recipientList(recipient, accountId), from, to });
    const askedFrom = from === undefined ? undefined : from - maxWaitMs;
    if (accountId === null) return daysOf(askedFrom);
    const ofAccount = { partitionKey: accountId, ownedBy: null };
    return inOnePartition(
      attention === 'act'
        ? { ...ofAccount, index: 'byAttention', from: askedFrom, to: undefined }
        : { ...ofAccount, index: 'byAccount', from, to },
    );
  }

  function recipientList(recipient: string, accountId: string | null): IndexList {
    return { index: 'byRecipient', partitionKey: recipient, ownedBy: accountId, from: undefined, to: undefined };
  }

  function inOnePartition(list: IndexList): KeyList {
    return {
      keysAfter: (after, wanted, maxCalls) => keysAfter(list, after, wanted, maxCalls),
      nextDay: null,
      start: null,
    };
  }

  /** The emails of all accounts that ask somebody to act, day by day. */
  function daysOf(from: number | undefined): KeyList {
    const oldest = Math.max(from ?? 0, now() - retentionDays * day - removalLag - maxWaitMs);
    const start = { at: now() + clockLead, emailId: null };
    return {
      keysAfter: (after, wanted, maxRounds) =>
        dayKeysAfter(client, tableName, { after: after ?? start, from, wanted, maxRounds }),
      nextDay: at => {
        const lastOfDayBefore = Math.floor(at / day) * day - 1;
        return lastOfDayBefore < oldest ? null : { at: lastOfDayBefore, emailId: null };
      },
      start,
    };
  }

  /** The next keys of a list's partition, at most `wanted`. */
  async function keysAfter(
    { index, partitionKey, ownedBy, from, to }: IndexList,
    after: Position | null,
    wanted: number,
    maxCalls: number,
  ): Promise<Keys> {
    // DynamoDB refuses bounds in the wrong order, and a start key outside them: the 90 days of late emails move on.
    if (Math.min((to ?? Infinity) - 1, after?.at ?? Infinity) < (from ?? -Infinity))
      return { keys: [], next: null, calls: 0 };
    const { partition, sort } = indexes[index];
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

function takes(filter: EmailFilter, email: EmailSummary, attention: AttentionKind | null): boolean {
  const { accountId, status, cause, recipient, reference, from, to } = filter;
  const { verdict, sentAt } = email;
  return (
    email.accountId !== canaryAccountId &&
    (accountId === null || email.accountId === accountId) &&
    (status === undefined || (verdict !== null && status.includes(verdict.status))) &&
    (cause === undefined || (email.cause !== undefined && cause.includes(email.cause))) &&
    (filter.attention === undefined || attention === filter.attention) &&
    (recipient === undefined || email.recipient === recipient) &&
    (reference === undefined || email.reference === reference) &&
    (from === undefined || sentAt >= from) &&
    (to === undefined || sentAt < to)
  );
}
