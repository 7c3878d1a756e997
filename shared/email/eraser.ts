/**
 * Erasing emails: the item of each is replaced by a tombstone, in one conditional write. Whatever is written at the same
 * time is written before, and gone, or after, and refused.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { forEachConcurrently } from '../runtime/concurrency.ts';
import { batchGetItems } from './batch-get.ts';
import { tombstoneOf, wasErasedFor } from './tombstone.ts';

/** Whose data is erased. */
export interface Erasure {
  /** The address, as events have it. */
  readonly recipient: string;
  /** Only what is this account's; null for all there is. */
  readonly accountId: string | null;
}

/** What became of the emails of an erasure. */
export interface ErasedEmails {
  readonly erased: number;
  /** Emails that are there still, as far as is known. */
  readonly left: number;
  /** Why there may be more than that; null where there is none. */
  readonly error: unknown;
}

export interface EmailEraser {
  /**
   * Puts a tombstone in the place of every email. Never rejects.
   *
   * @param now epoch milliseconds
   * @param signal once aborted, no further call is made and none is waited for
   */
  erase(erasure: Erasure, now: number, signal: AbortSignal): Promise<ErasedEmails>;
  /** Which of the emails an account has erased. */
  erasedFor(accountId: string, emailIds: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Puts a tombstone where there is no item yet: for an email that only a queue knows of. */
  forestall(erasure: Erasure, emailIds: readonly string[], now: number, signal: AbortSignal): Promise<void>;
}

/** Writes in flight at once, as many as the store has. */
const concurrentWrites = 32;

/** An index lags behind its table: it is gone through until it shows nothing more, and so often at most. */
const maxPasses = 5;

export function createEmailEraser(client: DynamoDBDocumentClient, tableName: string): EmailEraser {
  return {
    async erase(erasure, now, abortSignal) {
      let erased = 0;
      let failures: unknown[] = [];
      try {
        for (let pass = 1; pass <= maxPasses; pass += 1) {
          const before = erased;
          failures = [];
          for await (const emailIds of pagesOf(erasure, abortSignal)) {
            await forEachConcurrently(emailIds, concurrentWrites, async emailId => {
              try {
                if (await replaced(emailId, erasure, now, conditionOf(erasure), abortSignal)) erased += 1;
              } catch (error) {
                failures.push(error);
              }
            });
          }
          // What failed is shown again, and tried again, as long as something else succeeds.
          if (erased === before) return { erased, left: failures.length, error: failures[0] ?? null };
        }
        return { erased, left: failures.length, error: failures[0] ?? new Error('the index shows more and more') };
      } catch (error) {
        return { erased, left: failures.length, error };
      }
    },

    async erasedFor(accountId, emailIds, abortSignal) {
      const items = await batchGetItems(client, tableName, emailIds, ['emailId', 'erasedFor'], abortSignal);
      return new Set([...items].filter(([, item]) => wasErasedFor(item, accountId)).map(([emailId]) => emailId));
    },

    async forestall(erasure, emailIds, now, abortSignal) {
      const nothing = { ConditionExpression: 'attribute_not_exists(emailId)' };
      for (const emailId of emailIds) await replaced(emailId, erasure, now, nothing, abortSignal);
    },
  };

  /** The ids that the index has of the recipient; within an account those alone that are its own. */
  async function* pagesOf({ recipient, accountId }: Erasure, abortSignal: AbortSignal): AsyncGenerator<string[]> {
    let from: Record<string, unknown> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: 'byRecipient',
          KeyConditionExpression: 'recipient = :recipient',
          ExpressionAttributeValues: {
            ':recipient': recipient,
            ...(accountId !== null && { ':accountId': accountId }),
          },
          ...(accountId !== null && { FilterExpression: 'accountId = :accountId' }),
          ...(from && { ExclusiveStartKey: from }),
        }),
        { abortSignal },
      );
      yield Items.map(item => item.emailId as string);
      from = LastEvaluatedKey;
    } while (from !== undefined);
  }

  /** Whether the write was made: false where its condition did not hold. */
  async function replaced(
    emailId: string,
    { accountId }: Erasure,
    now: number,
    condition: Pick<PutCommand['input'], 'ConditionExpression' | 'ExpressionAttributeValues'>,
    abortSignal: AbortSignal,
  ): Promise<boolean> {
    const put = new PutCommand({
      TableName: tableName,
      Item: { ...tombstoneOf(emailId, accountId, now) },
      ...condition,
    });
    try {
      await client.send(put, { abortSignal });
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}

/**
 * The email is still there, and no tombstone, which has neither a recipient nor an account. Whom an email is to is part of
 * its key: whose it is, is all that may differ from what the index shows.
 */
function conditionOf({ recipient, accountId }: Erasure) {
  return accountId === null
    ? { ConditionExpression: 'recipient = :recipient', ExpressionAttributeValues: { ':recipient': recipient } }
    : {
        ConditionExpression: 'accountId = :accountId',
        ExpressionAttributeValues: { ':accountId': accountId },
      };
}
