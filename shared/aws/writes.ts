/** The calls that the recorder makes, through the SDK or directly. */

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { attributeValues } from './attribute-values.ts';
import type { DirectCall } from './dynamodb-calls.ts';

export interface Writes {
  /**
   * Updates one item, and returns the attributes that its `ReturnValues` ask for.
   *
   * @throws ConditionalCheckFailedException and other errors of the SDK
   */
  updateItem(input: UpdateCommandInput): Promise<{ readonly Attributes?: Record<string, unknown> | undefined }>;
}

export function sdkWrites(client: DynamoDBDocumentClient): Writes {
  return { updateItem: input => client.send(new UpdateCommand(input)) };
}

/** Only for idempotent updates: an update may be sent twice. */
export function directWrites(call: DirectCall): Writes {
  return {
    async updateItem({ Key, ExpressionAttributeValues, ...input }) {
      const { Attributes }: { Attributes?: Record<string, AttributeValue> } = await call('UpdateItem', {
        ...input,
        Key: attributeValues(Key!),
        ...(ExpressionAttributeValues && { ExpressionAttributeValues: attributeValues(ExpressionAttributeValues) }),
      });
      return { Attributes: Attributes && unmarshall(Attributes) };
    },
  };
}
