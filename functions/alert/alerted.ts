import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { AlertKind } from '../../shared/status.ts';

/** DynamoDB's bound for one BatchGetItem. */
const keysPerLookup = 100;

/** How often what DynamoDB left unprocessed is asked for; after that Lambda's own retries take over. */
const attempts = 4;

/** Which alerts were sent, kept as a string set on the email's item: it lives and is erased with the email. */
export interface Alerted {
  /** The kinds sent so far, by email; an email that has been erased is not in it. */
  kindsOf(emailIds: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<AlertKind>>>;
  /** Remembers that an alert was sent; an email erased meanwhile stays erased. */
  mark(emailId: string, kind: AlertKind): Promise<void>;
}

export function createAlerted(client: DynamoDBDocumentClient, tableName: string): Alerted {
  return {
    async kindsOf(emailIds) {
      const kinds = new Map<string, ReadonlySet<AlertKind>>();
      for (let start = 0; start < emailIds.length; start += keysPerLookup) {
        let keys: Record<string, unknown>[] = emailIds
          .slice(start, start + keysPerLookup)
          .map(emailId => ({ emailId }));
        for (let attempt = 1; keys.length > 0; attempt += 1) {
          if (attempt > attempts) throw new Error('DynamoDB left keys unprocessed');
          const { Responses, UnprocessedKeys } = await client.send(
            new BatchGetCommand({
              RequestItems: {
                [tableName]: { Keys: keys, ConsistentRead: true, ProjectionExpression: 'emailId, alerted' },
              },
            }),
          );
          for (const { emailId, alerted } of Responses?.[tableName] ?? []) kinds.set(emailId, alerted ?? new Set());
          keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
        }
      }
      return kinds;
    },

    async mark(emailId, kind) {
      try {
        await client.send(
          new UpdateCommand({
            TableName: tableName,
            Key: { emailId },
            UpdateExpression: 'ADD alerted :kind',
            ConditionExpression: 'attribute_exists(emailId)',
            ExpressionAttributeValues: { ':kind': new Set([kind]) },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
  };
}
