import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { day } from '../../shared/runtime/time.ts';

/**
 * The pace of people's digests, shared by all invocations. SNS suspends an email subscription that gets more than ten
 * messages a second: https://repost.aws/knowledge-center/sns-email-subscription-disabled
 */
export interface Pace {
  /** Takes the next turn. The time from which one can be had, in epoch milliseconds; null if this call has it. */
  take(): Promise<number | null>;
  /** Sets when the next turn can be had, in milliseconds from now. */
  nextIn(milliseconds: number): Promise<void>;
}

const key = { guardKey: 'pace:digest' };

/** @param now epoch milliseconds */
export function createPace(
  client: DynamoDBDocumentClient,
  tableName: string,
  millisecondsBetween: number,
  now: () => number,
): Pace {
  const setting = (nextAt: number) => ({
    TableName: tableName,
    Key: key,
    UpdateExpression: 'SET nextAt = :nextAt, expiresAt = :expiresAt',
    ExpressionAttributeValues: { ':nextAt': nextAt, ':expiresAt': Math.ceil((nextAt + day) / 1000) },
  });
  return {
    async take() {
      const time = now();
      const { ExpressionAttributeValues, ...input } = setting(time + millisecondsBetween);
      try {
        await client.send(
          new UpdateCommand({
            ...input,
            ConditionExpression: 'attribute_not_exists(nextAt) OR nextAt <= :now',
            ExpressionAttributeValues: { ...ExpressionAttributeValues, ':now': time },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return null;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return Number(error.Item?.nextAt?.N ?? time);
        throw error;
      }
    },
    async nextIn(milliseconds) {
      await client.send(new UpdateCommand(setting(now() + milliseconds)));
    },
  };
}
