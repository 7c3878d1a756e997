import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Nonce } from '../providers/provider.ts';

/** Longer than a queue keeps a message whose nonce is still to be looked up, and than any request is taken for fresh. */
const keptSeconds = 15 * 24 * 60 * 60;

/**
 * Whose the nonces of a request are. `new`: nothing came with one of them before. `own`: the same content came with all.
 * `reused`: another content came with one of them, no later. `reclaimed`: another content, which came later, was looked up
 * sooner.
 */
export type NonceUse = 'new' | 'own' | 'reused' | 'reclaimed';

/**
 * Gives each nonce to the content that came with it first, whenever that is looked up. Rejects where it cannot be.
 *
 * @param receivedAt epoch milliseconds
 */
export type Nonces = (provider: string, nonces: readonly Nonce[], receivedAt: number) => Promise<NonceUse>;

/** What several nonces amount to. */
const gravest = ['reused', 'reclaimed', 'new', 'own'] as const satisfies readonly NonceUse[];

/** Nonces in the table of guards, which forgets them once nothing that came with them can be taken any more. */
export function createNonces(client: DynamoDBDocumentClient, tableName: string): Nonces {
  return async (provider, nonces, receivedAt) => {
    const uses = await Promise.all(nonces.map(nonce => useOf(provider, nonce, receivedAt)));
    return gravest.find(use => uses.includes(use)) ?? 'own';
  };

  async function useOf(provider: string, { value, content }: Nonce, receivedAt: number): Promise<NonceUse> {
    try {
      const { Attributes: before } = await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { guardKey: `${provider} ${value}` },
          UpdateExpression: 'SET content = :content, receivedAt = :receivedAt, expiresAt = :expiresAt',
          ConditionExpression: 'attribute_not_exists(content) OR receivedAt > :receivedAt',
          ExpressionAttributeValues: {
            ':content': content,
            ':receivedAt': receivedAt,
            ':expiresAt': Math.floor(receivedAt / 1000) + keptSeconds,
          },
          ReturnValues: 'ALL_OLD',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      if (before?.content === undefined) return 'new';
      return before.content === content ? 'own' : 'reclaimed';
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException)
        return error.Item?.content?.S === content ? 'own' : 'reused';
      throw error;
    }
  }
}
