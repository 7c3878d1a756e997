import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** DynamoDB's limit for one BatchGetItem. */
const keysPerCall = 100;

/** How often DynamoDB may leave all requested keys unprocessed before the call fails. */
const maxAttempts = 4;

/** An eventually consistent read costs half of a strongly consistent one. */
export type Consistency = 'strong' | 'eventual';

/** The table, and the attributes to read. */
export interface BatchGet {
  readonly tableName: string;
  /** The table's partition key; there is no sort key. */
  readonly keyName: string;
  /** The attributes to read; all by default. */
  readonly attributes?: readonly string[] | undefined;
  /** Strong by default. */
  readonly consistency?: Consistency | undefined;
}

/**
 * Reads items by their keys. Missing items are not in the map.
 *
 * @throws if DynamoDB leaves all remaining keys unprocessed four times
 */
export async function batchGetItems(
  client: DynamoDBDocumentClient,
  { tableName, keyName, attributes, consistency = 'strong' }: BatchGet,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  const found = new Map<string, Record<string, unknown>>();
  const distinct = [...new Set(wanted)];
  // Placeholders, since many attribute names are reserved words.
  const projection = attributes && {
    ProjectionExpression: attributes.map(name => `#${name}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(attributes.map(name => [`#${name}`, name])),
  };
  for (let start = 0; start < distinct.length; start += keysPerCall) {
    let keys: Record<string, unknown>[] = distinct.slice(start, start + keysPerCall).map(key => ({ [keyName]: key }));
    for (let failures = 0; keys.length > 0; ) {
      if (failures === maxAttempts) throw new Error('DynamoDB left keys unprocessed');
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({
          RequestItems: { [tableName]: { Keys: keys, ConsistentRead: consistency === 'strong', ...projection } },
        }),
      );
      for (const item of Responses?.[tableName] ?? []) found.set(item[keyName] as string, item);
      // One answer holds at most 16 MB:
      // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
      const left = UnprocessedKeys?.[tableName]?.Keys ?? [];
      if (left.length === keys.length) failures += 1;
      keys = left;
    }
  }
  return found;
}
