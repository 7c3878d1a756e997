import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { day } from '../../shared/runtime/time.ts';

/**
 * The pace of people's letters, shared by all invocations. SNS suspends an email subscription that gets more than ten
 * messages a second: https://repost.aws/knowledge-center/sns-email-subscription-disabled
 */
export interface Pace {
  /**
   * Takes a turn. Alerts that came after the last letter wait for the usual time between two letters. Alerts that had
   * waited before it, and found no room in it, wait for one second.
   *
   * @param oldest when the oldest alert entered the queue, in epoch milliseconds
   * @returns milliseconds until a turn can be had; 0 if this call has it
   */
  take(oldest: number): Promise<number>;
}

const key = { guardKey: 'pace:digest' };
const shortGapMs = 1_000;

/**
 * @param gapMs the usual time between two letters
 * @param now epoch milliseconds
 */
export function createPace(client: DynamoDBDocumentClient, tableName: string, gapMs: number, now: () => number): Pace {
  return {
    async take(oldest) {
      const time = now();
      try {
        await client.send(
          new UpdateCommand({
            TableName: tableName,
            Key: key,
            UpdateExpression: 'SET lastAt = :now, expiresAt = :expiresAt',
            // Another clock may be ahead, but never by a whole gap.
            ConditionExpression:
              'attribute_not_exists(lastAt) OR lastAt <= :gapAgo OR lastAt > :gapAhead OR lastAt BETWEEN :oldest AND :secondAgo',
            ExpressionAttributeValues: {
              ':now': time,
              ':gapAgo': time - gapMs,
              ':gapAhead': time + gapMs,
              ':oldest': Math.min(oldest, time - shortGapMs),
              ':secondAgo': time - shortGapMs,
              ':expiresAt': Math.ceil((time + day) / 1000),
            },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return 0;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const lastAt = Number(error.Item?.lastAt?.N ?? time);
        const gap = oldest <= lastAt ? shortGapMs : gapMs;
        return Math.min(Math.max(lastAt + gap - time, shortGapMs), gapMs);
      }
    },
  };
}
