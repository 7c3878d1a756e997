import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { type Attribute, type Item, isTombstone } from './item.ts';

/**
 * Emails by their id, strongly consistent; an email that is not there, or was erased, is not in the map.
 *
 * @param attributes the attributes to read; all of them when not given
 * @throws if DynamoDB leaves keys unprocessed again and again
 */
export async function batchGet(
  client: DynamoDBDocumentClient,
  tableName: string,
  emailIds: readonly string[],
  attributes?: readonly Attribute[],
): Promise<ReadonlyMap<string, Item>> {
  const read = attributes && [...attributes, 'erasedAt' satisfies Attribute];
  const items: ReadonlyMap<string, Item> = await batchGetItems(
    client,
    { tableName, keyName: 'emailId', attributes: read },
    emailIds,
  );
  return new Map([...items].filter(([, item]) => !isTombstone(item)));
}
