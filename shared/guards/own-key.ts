import { randomBytes } from 'node:crypto';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type OwnKeyName, ownKeyItem } from './own-key-names.ts';

/** A key in base64; rejects while the table is unavailable. */
export type OwnKey = () => Promise<string>;

const keyBytes = 32;

/**
 * A key is an item of the table of guards that never expires. Reads the key once per process, or makes it if there is none
 * yet. One lookup runs at a time, and the next request retries a failed one.
 */
export function createOwnKey(
  client: DynamoDBDocumentClient,
  tableName: string,
  name: OwnKeyName,
  random: (bytes: number) => Buffer = randomBytes,
): OwnKey {
  let lookup: Promise<string> | null = null;

  const readOrMake = async (): Promise<string> => {
    // One call does both: of two functions that start at once, the second gets the key of the first.
    const { Attributes = {} } = await client.send(
      new UpdateCommand({
        TableName: tableName,
        Key: { guardKey: ownKeyItem(name) },
        UpdateExpression: 'SET generatedKey = if_not_exists(generatedKey, :made)',
        ExpressionAttributeValues: { ':made': random(keyBytes).toString('base64') },
        ReturnValues: 'ALL_NEW',
      }),
    );
    if (typeof Attributes.generatedKey !== 'string') throw new Error('the table gave no key');
    return Attributes.generatedKey;
  };

  return () => {
    lookup ??= readOrMake();
    lookup.catch(() => {
      lookup = null;
    });
    return lookup;
  };
}
