import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** DynamoDB's bound for one BatchGetItem. */
const keysPerCall = 100;

/** How often in a row DynamoDB may leave all that it was asked for unprocessed before the caller has to try again. */
const maxAttempts = 4;

/** Where items are looked up, and what of them is read. */
export interface BatchGet {
  readonly tableName: string;
  /** The table's partition key; there is no sort key. */
  readonly keyName: string;
  /** The attributes to read; all of them when not given. */
  readonly attributes?: readonly string[] | undefined;
}

/**
 * Items by their key, strongly consistent; what is not there is not in the map.
 *
 * @throws if DynamoDB leaves keys unprocessed again and again
 */
export async function batchGetItems(
  client: DynamoDBDocumentClient,
  { tableName, keyName, attributes }: BatchGet,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  const found = new Map<string, Record<string, unknown>>();
  const distinct = [...new Set(wanted)];
  // Always by placeholder, since many a name is a reserved word.
  const projection = attributes && {
    ProjectionExpression: attributes.map(name => `#${name}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(attributes.map(name => [`#${name}`, name])),
  };
  for (let start = 0; start < distinct.length; start += keysPerCall) {
    let keys: Record<string, unknown>[] = distinct.slice(start, start + keysPerCall).map(key => ({ [keyName]: key }));
    for (let failures = 0; keys.length > 0; ) {
      if (failures === maxAttempts) throw new Error('DynamoDB left keys unprocessed');
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [tableName]: { Keys: keys, ConsistentRead: true, ...projection } } }),
      );
      for (const item of Responses?.[tableName] ?? []) found.set(item[keyName] as string, item);
      // One answer holds 16 MB at most: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
      const left = UnprocessedKeys?.[tableName]?.Keys ?? [];
      if (left.length === keys.length) failures += 1;
      keys = left;
    }
  }
  return found;
}
