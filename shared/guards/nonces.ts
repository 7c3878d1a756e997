import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Nonce } from '../providers/provider.ts';

/** Longer than a queue keeps a message whose nonce is unchecked, and than any request counts as fresh. */
const keptSeconds = 15 * 24 * 60 * 60;

/**
 * The use of a request's nonces. `new`: none was used before. `own`: the same content used them all. `reused`: other
 * content used one, no later than this. `reclaimed`: other content arrived later but was checked earlier.
 */
export type NonceUse = 'new' | 'own' | 'reused' | 'reclaimed';

/**
 * Assigns each nonce to the content that arrived with it first, even if that is checked later. Rejects if the table is
 * unavailable.
 *
 * @param receivedAt epoch milliseconds
 */
export type Nonces = (provider: string, nonces: readonly Nonce[], receivedAt: number) => Promise<NonceUse>;

/** The most serious use of several nonces comes first. */
const gravest = ['reused', 'reclaimed', 'new', 'own'] as const satisfies readonly NonceUse[];

/** Stores nonces in the guard table for 15 days; no request with an older one is accepted. */
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
