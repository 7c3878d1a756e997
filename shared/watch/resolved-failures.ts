/**
 * The failed emails of accounts that somebody handled, or whose successor was delivered. They count in rates, and the
 * indexes of attention lack them. So the stream's reader adds their ids to items of the guard table: one item for each
 * account and six hours of sending. Adding an id again changes nothing.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Email } from '../email/item.ts';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { chunks } from '../runtime/chunks.ts';
import { forEachConcurrently } from '../runtime/concurrency.ts';
import { day } from '../runtime/time.ts';
import { isActionable } from '../status/attention.ts';
import { accountWindowMs } from './rates.ts';

/** The emails of an item were sent within such a slot of time: a count reads 29 of them. */
const slotMs = day / 4;

/** An item takes no more emails once it holds so many, so that a write to it stays cheap. */
export const maxResolved = 1_000;

const emailsPerWrite = 100;
const concurrentWrites = 8;

export interface ResolvedFailure {
  readonly accountId: string;
  readonly emailId: string;
  readonly sentAt: number;
}

/** The failure of an email that asks nobody to act for it, or did so once; null if it has none, or no account. */
export function resolvedFailureOf(email: Email | null): ResolvedFailure | null {
  const { accountId, emailId = '', sentAt = 0, verdict = null, resolvedAt } = email ?? {};
  const isResolved = resolvedAt !== undefined && verdict !== null && isActionable(verdict);
  return isResolved && accountId !== undefined ? { accountId, emailId, sentAt } : null;
}

/**
 * Adds those of the emails that were sent in the window of rates. Returns how many found no room, and rejects if a write
 * fails.
 */
export type AddResolved = (failures: readonly ResolvedFailure[], now: number) => Promise<number>;

/**
 * The ids of an account's newest emails, and the time since which none is missing. Older items are left out once they are
 * `enough`. An item is never read in part: then one new email could push out a burst of the same day.
 */
export type NewestResolved = (
  accountId: string,
  now: number,
  enough: number,
) => Promise<{ readonly emailIds: readonly string[]; readonly from: number }>;

/** @param slot the number of the slot */
export function resolvedKey(accountId: string, slot: number): string {
  return `watch:resolved:${slot} ${accountId}`;
}

export function createAddResolved(client: DynamoDBDocumentClient, tableName: string): AddResolved {
  return async (failures, now) => {
    const recent = failures.filter(({ sentAt }) => sentAt >= now - accountWindowMs);
    const items = Map.groupBy(recent, ({ accountId, sentAt }) => resolvedKey(accountId, slotOf(sentAt)));
    let leftOut = 0;
    await forEachConcurrently([...items], concurrentWrites, async ([guardKey, own]) => {
      for (const some of chunks(own, emailsPerWrite)) if (!(await isAdded(guardKey, some))) leftOut += some.length;
    });
    return leftOut;
  };

  async function isAdded(guardKey: string, failures: readonly ResolvedFailure[]): Promise<boolean> {
    try {
      await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { guardKey },
          UpdateExpression: 'ADD emailIds :emailIds SET expiresAt = :expiresAt',
          ConditionExpression: 'attribute_not_exists(emailIds) OR size(emailIds) < :most',
          ExpressionAttributeValues: {
            ':emailIds': new Set(failures.map(({ emailId }) => emailId)),
            ':most': maxResolved,
            ':expiresAt': Math.ceil(((slotOf(failures[0]!.sentAt) + 1) * slotMs + accountWindowMs + day) / 1000),
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}

export function createNewestResolved(client: DynamoDBDocumentClient, tableName: string): NewestResolved {
  return async (accountId, now, enough) => {
    const from = now - accountWindowMs;
    const keys = new Map<number, string>();
    for (let slot = slotOf(now); slot >= slotOf(from); slot -= 1) keys.set(slot, resolvedKey(accountId, slot));
    const table = { tableName, keyName: 'guardKey', consistency: 'eventual' } as const;
    const items = await batchGetItems(client, table, [...keys.values()]);
    const emailIds: string[] = [];
    for (const [slot, key] of keys) {
      const own = (items.get(key)?.emailIds ?? new Set()) as ReadonlySet<string>;
      if (emailIds.length >= enough) return { emailIds, from: (slot + 1) * slotMs };
      emailIds.push(...own);
    }
    return { emailIds, from };
  };
}

function slotOf(at: number): number {
  return Math.floor(at / slotMs);
}
