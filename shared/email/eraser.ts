/**
 * Erases emails: one conditional write replaces each item with a tombstone. A concurrent write comes before it and is
 * erased, or comes after it and is refused.
 */

import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { forEachConcurrently } from '../runtime/concurrency.ts';
import { expressionNames, type IndexName, type Item } from './item.ts';
import { type Erasure, putTombstone, tombstoneInput, whereErasable } from './tombstone.ts';

/** The result of an erasure. */
export interface ErasedEmails {
  readonly erased: number;
  /** Why some emails may remain; null if none does. */
  readonly error: unknown;
}

/**
 * Replaces every email of an erasure with a tombstone. Never rejects.
 *
 * @param now epoch milliseconds
 * @param signal aborting it starts no further call and waits for none
 */
export type EraseEmails = (erasure: Erasure, now: number, signal: AbortSignal) => Promise<ErasedEmails>;

/** Concurrent writes, as many as the recorder makes. */
const concurrentWrites = 32;

/** An index lags behind its table: passes are repeated until one erases nothing, at most this often. */
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
        // The next pass retries failed writes, as long as others succeed.
        if (erased === before) return { erased, error };
      }
      return { erased, error: error ?? new Error('the index shows more and more') };
    } catch (error) {
      return { erased, error };
    }
  };

  /** Pages of the recipient's email ids in the index; only the account's own if the erasure names an account. */
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
