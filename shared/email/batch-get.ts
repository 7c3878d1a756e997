import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { batchGetItems, type Consistency } from '../runtime/batch-get-items.ts';
import { type Attribute, type Item, isTombstone } from './item.ts';

/**
 * Reads emails by their ids. Missing and erased emails are not in the map.
 *
 * @param attributes the attributes to read; all by default
 * @param consistency strong by default; eventual reads cost half and may miss the last second's writes
 * @throws if DynamoDB leaves all remaining keys unprocessed four times
 */
export async function batchGet(
  client: DynamoDBDocumentClient,
  tableName: string,
  emailIds: readonly string[],
  attributes?: readonly Attribute[],
  consistency?: Consistency,
): Promise<ReadonlyMap<string, Item>> {
  const read = attributes && [...attributes, 'erasedAt' satisfies Attribute];
  const items: ReadonlyMap<string, Item> = await batchGetItems(
    client,
    { tableName, keyName: 'emailId', attributes: read, consistency },
    emailIds,
  );
  return new Map([...items].filter(([, item]) => !isTombstone(item)));
}
