import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** DynamoDB's bound for one BatchGetItem. */
const keysPerCall = 100;

/** How often what DynamoDB left unprocessed is asked for before the caller has to try again. */
const attempts = 4;

/**
 * Items by email id, strongly consistent; an email that is not there is not in the map.
 *
 * @param attributes the attributes to read; all of them when not given
 * @throws if DynamoDB leaves keys unprocessed again and again
 */
export async function batchGet(
  client: DynamoDBDocumentClient,
  tableName: string,
  emailIds: readonly string[],
  attributes?: readonly string[],
): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  const found = new Map<string, Record<string, unknown>>();
  for (let start = 0; start < emailIds.length; start += keysPerCall) {
    let keys: Record<string, unknown>[] = emailIds.slice(start, start + keysPerCall).map(emailId => ({ emailId }));
    for (let attempt = 1; keys.length > 0; attempt += 1) {
      if (attempt > attempts) throw new Error('DynamoDB left keys unprocessed');
      const request = {
        Keys: keys,
        ConsistentRead: true,
        ...(attributes && { ProjectionExpression: attributes.join(', ') }),
      };
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [tableName]: request } }),
      );
      for (const item of Responses?.[tableName] ?? []) found.set(item.emailId as string, item);
      keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
    }
  }
  return found;
}
