import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { batchGet } from '../../shared/email/batch-get.ts';
import { expressionNames } from '../../shared/email/item.ts';
import type { AlertKind } from '../../shared/status/catalogue.ts';

/** The alerts that were sent, as a string set on the email's item, so that an erasure removes them too. */
export interface SentAlerts {
  /** The kinds sent so far, by email. Erased emails are not in the map. */
  kindsOf(emailIds: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<AlertKind>>>;
  /** Records that an alert was sent; an email erased meanwhile stays erased. */
  mark(emailId: string, kind: AlertKind): Promise<void>;
}

export function createSentAlerts(client: DynamoDBDocumentClient, tableName: string): SentAlerts {
  return {
    async kindsOf(emailIds) {
      const items = await batchGet(client, tableName, emailIds, ['emailId', 'alerted']);
      return new Map([...items].map(([emailId, { alerted = new Set<AlertKind>() }]) => [emailId, alerted]));
    },

    async mark(emailId, kind) {
      try {
        const UpdateExpression = 'ADD #alerted :kind';
        const ConditionExpression = 'attribute_exists(#emailId) AND attribute_not_exists(#erasedAt)';
        await client.send(
          new UpdateCommand({
            TableName: tableName,
            Key: { emailId },
            UpdateExpression,
            ConditionExpression,
            ExpressionAttributeNames: expressionNames(UpdateExpression, ConditionExpression),
            ExpressionAttributeValues: { ':kind': new Set([kind]) },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
  };
}
