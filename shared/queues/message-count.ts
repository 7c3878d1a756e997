import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

const countNames = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

/**
 * The messages in a queue. A person who looks at messages makes them invisible for a while: they count too. The counts of
 * SQS are approximate, and right again within a minute.
 */
export async function messageCount(client: Pick<SQSClient, 'send'>, QueueUrl: string): Promise<number> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...countNames] }),
  );
  return countNames.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}
