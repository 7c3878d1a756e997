import { awsJson } from './aws-json.ts';

/** The messages in a queue, by SQS's own count. */
export async function depthOf(endpoint: string, QueueUrl: string): Promise<{ waiting: number; inWork: number }> {
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
  const { Attributes } = await awsJson<{ Attributes: Record<string, string> }>(
    endpoint,
    'AmazonSQS.GetQueueAttributes',
    { QueueUrl, AttributeNames },
  );
  const [waiting, inWork] = AttributeNames.map(name => Number(Attributes[name]));
  return { waiting: waiting!, inWork: inWork! };
}
