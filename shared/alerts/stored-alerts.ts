import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { batchGet } from '../email/batch-get.ts';
import { type Alert, type AlertKey, alertOf } from './alert.ts';

/**
 * Reads the alerts about stored emails. Expired and erased emails have none.
 *
 * @param now epoch milliseconds
 */
export function createStoredAlerts(client: DynamoDBDocumentClient, tableName: string, now: () => number) {
  return async (keys: readonly AlertKey[]): Promise<readonly Alert[]> => {
    const items = await batchGet(
      client,
      tableName,
      keys.map(({ emailId }) => emailId),
    );
    return keys.flatMap(({ emailId, kind }) => {
      const item = items.get(emailId);
      return item === undefined ? [] : [alertOf(item, kind, now())];
    });
  };
}
