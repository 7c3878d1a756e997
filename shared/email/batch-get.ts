import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { isTombstone } from './tombstone.ts';

/**
 * Emails by their id, strongly consistent; an email that is not there, or was erased, is not in the map.
 *
 * @param attributes the attributes to read, `#name` for one whose name is a reserved word; all of them when not given
 * @throws if DynamoDB leaves keys unprocessed again and again
 */
export async function batchGet(
  client: DynamoDBDocumentClient,
  tableName: string,
  emailIds: readonly string[],
  attributes?: readonly string[],
): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  const read = attributes && [...attributes, 'erasedAt'];
  const items = await batchGetItems(client, { tableName, keyName: 'emailId', attributes: read }, emailIds);
  return new Map([...items].filter(([, item]) => !isTombstone(item)));
}
