/** Counts an account's failures, and reads the newest ones of all, by few and bounded reads. */

import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { attentionDaysOf } from '../email/attention-day.ts';
import { batchGet } from '../email/batch-get.ts';
import { type Attribute, expressionNames, type IndexName, type Item } from '../email/item.ts';
import { day } from '../runtime/time.ts';
import type { Status } from '../status/catalogue.ts';
import { type Cause, causes } from '../status/causes.ts';
import { accountWindowMs, isCounted, type RateName, rateStatuses, type Share } from './rates.ts';
import type { NewestResolved } from './resolved-failures.ts';

/** Failed emails of an account that one count reads of those that ask for attention, and of the others. */
const maxFailures = 1_000;

/** Pages of an account's emails that one count reads, of 1 MB or some 7,000 emails each. */
const maxPages = 2;

/** The newest failures that are read to name causes. */
const maxNewest = 100;

/** The statuses of emails that were not delivered. */
const undelivered: readonly (Status | undefined)[] = ['hard_bounced', 'invalid', 'soft_bounced', 'rejected'];

/** A failed email, as far as rates need it. */
export interface FailedEmail {
  readonly status: Status;
  readonly cause: Cause | null;
}

export interface AccountFailures {
  readonly shares: Readonly<Record<RateName, Share>>;
  /** The failed emails of the window, among them those that count in no rate. */
  readonly failed: readonly FailedEmail[];
  /** It is shorter for an account with more emails than are counted. */
  readonly windowMs: number;
}

export interface Failures {
  /** The failures of an account among its emails of the last seven days, whether or not somebody handled them. */
  ofAccount(accountId: string, now: number): Promise<AccountFailures>;
  /** The newest failures of a provider since yesterday, among the newest of all that ask somebody to act. */
  newestOf(provider: string, now: number): Promise<readonly FailedEmail[]>;
}

const attributes = ['emailId', 'provider', 'status', 'cause', 'sentAt'] as const satisfies readonly Attribute[];

export function createFailures(
  client: DynamoDBDocumentClient,
  tableName: string,
  newestResolved: NewestResolved,
  limits: { readonly maxFailures?: number; readonly emailsPerPage?: number } = {},
): Failures {
  const mostFailures = limits.maxFailures ?? maxFailures;

  return {
    async ofAccount(accountId, now) {
      const keys = await newestKeys('byAttention', accountId, mostFailures, now - accountWindowMs);
      const others = await newestResolved(accountId, now, mostFailures);
      // An email fails after it was sent: all failures of emails that were sent since then are known.
      const oldest = keys.length < mostFailures ? others.from : Math.max(others.from, keys.at(-1)!.attentionAt!);
      const { emails, from } = await emailsSince(accountId, oldest);
      const known = await read([...idsOf(keys), ...others.emailIds]);
      const ofWindow = known.filter(({ sentAt = 0 }) => sentAt >= from);
      const failed = ofWindow.flatMap(failedEmail);
      const arrived = Math.max(0, emails - failed.filter(({ status }) => undelivered.includes(status)).length);
      const count = (name: RateName) => failed.filter(({ status }) => isOf(name, status)).length;
      return {
        shares: {
          BounceRate: { count: count('BounceRate'), volume: emails },
          ComplaintRate: { count: count('ComplaintRate'), volume: arrived },
        },
        failed,
        windowMs: now - from,
      };
    },

    async newestOf(provider, now) {
      const keys: Item[] = [];
      for (const at of [now, now - day]) {
        const limit = maxNewest - keys.length;
        if (limit > 0) keys.push(...(await newestOfDay(at, limit)));
      }
      return (await read(idsOf(keys))).filter(item => item.provider === provider).flatMap(failedEmail);
    },
  };

  /** The keys of the newest failures of the day of this time. */
  async function newestOfDay(at: number, limit: number): Promise<readonly Item[]> {
    const partitions = attentionDaysOf(at).map(partition => newestKeys('byAttentionDay', partition, limit, null));
    const keys = (await Promise.all(partitions)).flat();
    return keys.toSorted((one, other) => other.attentionAt! - one.attentionAt!).slice(0, limit);
  }

  /** The keys of the newest failures in a partition of an index. */
  async function newestKeys(index: IndexName, partition: string, limit: number, from: number | null): Promise<Item[]> {
    const name = index === 'byAttention' ? '#accountId' : '#attentionDay';
    const KeyConditionExpression = `${name} = :partition${from === null ? '' : ' AND #attentionAt >= :from'}`;
    const keys: Item[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: index,
          KeyConditionExpression,
          ExpressionAttributeNames: expressionNames(KeyConditionExpression),
          ExpressionAttributeValues: { ':partition': partition, ...(from !== null && { ':from': from }) },
          ScanIndexForward: false,
          Limit: limit - keys.length,
          ExclusiveStartKey,
        }),
      );
      keys.push(...(Items as Item[]));
      ExclusiveStartKey = LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined && keys.length < limit);
    return keys;
  }

  /** The number of an account's emails, newest first; the emails before `from` are not counted. */
  async function emailsSince(accountId: string, oldest: number): Promise<{ emails: number; from: number }> {
    const KeyConditionExpression = '#accountId = :accountId AND #sentAt >= :oldest';
    let emails = 0;
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    for (let page = 1; ; page += 1) {
      const { Count = 0, LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: 'byAccount' satisfies IndexName,
          KeyConditionExpression,
          ExpressionAttributeNames: expressionNames(KeyConditionExpression),
          ExpressionAttributeValues: { ':accountId': accountId, ':oldest': oldest },
          ScanIndexForward: false,
          Select: 'COUNT',
          ExclusiveStartKey,
          ...(limits.emailsPerPage !== undefined && { Limit: limits.emailsPerPage }),
        }),
      );
      emails += Count;
      if (LastEvaluatedKey === undefined) return { emails, from: oldest };
      if (page === maxPages) return { emails, from: LastEvaluatedKey.sentAt as number };
      ExclusiveStartKey = LastEvaluatedKey;
    }
  }

  /** The emails as they are now: an index lags behind, and an erased email is none. */
  async function read(emailIds: readonly string[]): Promise<readonly Item[]> {
    return [...(await batchGet(client, tableName, emailIds, attributes, 'eventual')).values()];
  }
}

function idsOf(keys: readonly Item[]): readonly string[] {
  return keys.map(({ emailId }) => emailId!);
}

function failedEmail({ status, cause }: Item): readonly FailedEmail[] {
  return status === undefined || !isFailure(status) ? [] : [{ status, cause: cause ?? null }];
}

function isFailure(status: Status): boolean {
  return isCounted(status) || undelivered.includes(status);
}

function isOf(name: RateName, status: Status): boolean {
  return (rateStatuses[name] as readonly Status[]).includes(status);
}

/** Causes that the sender can mend: those whose turn is the sender's, and sending too much at once. */
export const senderCauses = (Object.keys(causes) as Cause[]).filter(
  cause => causes[cause].turn === 'sender' || cause === 'rate_limited',
);

/** The causes on the sender's side that failures state, in sentences; the most frequent first, at most three. */
export function sendersSide(failed: readonly FailedEmail[], emails = 'failed emails'): readonly string[] {
  const counts = [...Map.groupBy(failed, ({ cause }) => cause)]
    .flatMap(([cause, emails]) =>
      cause !== null && senderCauses.includes(cause) ? [{ cause, count: emails.length }] : [],
    )
    .sort((one, other) => other.count - one.count)
    .slice(0, 3);
  if (counts.length === 0) return [];
  const named = counts.map(({ cause, count }) => `${causes[cause].label} (${count})`).join(', ');
  return [
    `Of ${failed.length} ${emails}, these name a cause on the sender's side: ${named}.`,
    ...counts.map(({ cause }) => `${causes[cause].label}: ${causes[cause].whatToDo}`),
  ];
}
