import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Nonce } from '../../shared/providers/provider.ts';

/** Longer than a queue keeps a message whose nonce is still to be looked up, and than any request is taken for fresh. */
const keptSeconds = 15 * 24 * 60 * 60;

/**
 * Whether all nonces are this content's: each is new, or the same content came with it before. Rejects where that cannot
 * be looked up.
 *
 * @param receivedAt epoch milliseconds
 */
export type Nonces = (provider: string, nonces: readonly Nonce[], receivedAt: number) => Promise<boolean>;

/** Nonces in a table of their own, which forgets them once nothing that came with them can be taken any more. */
export function createNonces(client: DynamoDBDocumentClient, tableName: string): Nonces {
  return async (provider, nonces, receivedAt) => {
    const outcomes = await Promise.all(nonces.map(nonce => isOfContent(provider, nonce, receivedAt)));
    return !outcomes.includes(false);
  };

  async function isOfContent(provider: string, { value, content }: Nonce, receivedAt: number): Promise<boolean> {
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
  }
}
