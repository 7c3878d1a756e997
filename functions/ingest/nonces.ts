import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Nonce } from '../../shared/providers/provider.ts';

/** Longer than any provider's request with a nonce is taken for fresh. */
const keptSeconds = 12 * 60 * 60;

/**
 * Whether a nonce is this content's: it is new, or the same content came with it before. Rejects where that cannot be
 * looked up.
 *
 * @param receivedAt epoch milliseconds
 */
export type Nonces = (provider: string, nonce: Nonce, receivedAt: number) => Promise<boolean>;

/** Nonces in a table of their own, which forgets them once their requests are too old to be taken anyway. */
export function createNonces(client: DynamoDBDocumentClient, tableName: string): Nonces {
  return async (provider, { value, content }, receivedAt) => {
    try {
      await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { nonce: `${provider} ${value}` },
          UpdateExpression: 'SET content = :content, expiresAt = :expiresAt',
          ConditionExpression: 'attribute_not_exists(content) OR content = :content',
          ExpressionAttributeValues: {
            ':content': content,
            ':expiresAt': Math.floor(receivedAt / 1000) + keptSeconds,
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };
}
