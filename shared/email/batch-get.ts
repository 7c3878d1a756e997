import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type Attribute, expressionNames, type Item, isTombstone } from './item.ts';

/** DynamoDB's bound for one BatchGetItem. */
const keysPerCall = 100;

/** How often in a row DynamoDB may leave all that it was asked for unprocessed before the caller has to try again. */
const maxAttempts = 4;

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
  const items = await batchGetItems(client, tableName, emailIds, attributes && [...attributes, 'erasedAt']);
  return new Map([...items].filter(([, item]) => !isTombstone(item)));
}

/** The same of items as they are, tombstones among them. */
export async function batchGetItems(
  client: DynamoDBDocumentClient,
  tableName: string,
  emailIds: readonly string[],
  attributes?: readonly Attribute[],
  abortSignal?: AbortSignal,
): Promise<ReadonlyMap<string, Item>> {
  const found = new Map<string, Item>();
  const distinct = [...new Set(emailIds)];
  const ProjectionExpression = attributes?.map(name => `#${name}`).join(', ');
  const projection = ProjectionExpression && {
    ProjectionExpression,
    ExpressionAttributeNames: expressionNames(ProjectionExpression),
  };
  for (let start = 0; start < distinct.length; start += keysPerCall) {
    let keys: Record<string, unknown>[] = distinct.slice(start, start + keysPerCall).map(emailId => ({ emailId }));
    for (let failures = 0; keys.length > 0; ) {
      if (failures === maxAttempts) throw new Error('DynamoDB left keys unprocessed');
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [tableName]: { Keys: keys, ConsistentRead: true, ...projection } } }),
        { ...(abortSignal && { abortSignal }) },
      );
      const items: Item[] = Responses?.[tableName] ?? [];
      for (const item of items) found.set(item.emailId!, item);
      keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
      // One answer holds 16 MB at most: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
      if (items.length === 0) failures += 1;
    }
  }
  return found;
}
