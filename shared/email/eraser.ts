/**
 * Erasing emails: the item of each is replaced by a tombstone, in one conditional write. Whatever is written at the same
 * time is written before, and gone, or after, and refused.
 */

import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { forEachConcurrently } from '../runtime/concurrency.ts';
import { expressionNames, type IndexName, type Item } from './item.ts';
import { type Erasure, putTombstone, tombstoneInput, whereErasable } from './tombstone.ts';

/** What became of the emails of an erasure. */
export interface ErasedEmails {
  readonly erased: number;
  /** Why there may be emails still; null where there are none. */
  readonly error: unknown;
}

/**
 * Puts a tombstone in the place of every email of an erasure. Never rejects.
 *
 * @param now epoch milliseconds
 * @param signal once aborted, no further call is made and none is waited for
 */
export type EraseEmails = (erasure: Erasure, now: number, signal: AbortSignal) => Promise<ErasedEmails>;

/** Writes in flight at once, as many as the store has. */
const concurrentWrites = 32;

/** An index lags behind its table: it is gone through until it shows nothing more, and so often at most. */
const maxPasses = 5;

export function createEraseEmails(client: DynamoDBDocumentClient, tableName: string): EraseEmails {
  return async (erasure, now, abortSignal) => {
    let erased = 0;
    let error: unknown = null;
    try {
      for (let pass = 1; pass <= maxPasses; pass += 1) {
        const before = erased;
        error = null;
        for await (const emailIds of pagesOf(erasure, abortSignal)) {
          await forEachConcurrently(emailIds, concurrentWrites, async emailId => {
            const input = tombstoneInput(tableName, emailId, whereErasable(erasure), now);
            try {
              if (await putTombstone(client, input, abortSignal)) erased += 1;
            } catch (failure) {
              error = failure;
            }
          });
        }
        // What failed is shown again, and tried again, as long as something else succeeds.
        if (erased === before) return { erased, error };
      }
      return { erased, error: error ?? new Error('the index shows more and more') };
    } catch (error) {
      return { erased, error };
    }
  };

  /** The ids that the index has of the recipient; within an account those alone that are its own. */
  async function* pagesOf({ recipient, accountId }: Erasure, abortSignal: AbortSignal): AsyncGenerator<string[]> {
    let from: Record<string, unknown> | undefined;
    do {
      const KeyConditionExpression = '#recipient = :recipient';
      const FilterExpression = accountId === null ? undefined : '#accountId = :accountId';
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: 'byRecipient' satisfies IndexName,
          KeyConditionExpression,
          FilterExpression,
          ExpressionAttributeNames: expressionNames(KeyConditionExpression, FilterExpression ?? ''),
          ExpressionAttributeValues: {
            ':recipient': recipient,
            ...(accountId !== null && { ':accountId': accountId }),
          },
          ...(from && { ExclusiveStartKey: from }),
        }),
        { abortSignal },
      );
      yield Items.map((item: Item) => item.emailId!);
      from = LastEvaluatedKey;
    } while (from !== undefined);
  }
}
