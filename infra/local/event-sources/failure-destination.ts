import { randomUUID } from 'node:crypto';
import { accountId, region } from '../cloudformation/template.ts';
import { awsJson } from '../services/aws-json.ts';

/** A batch that an event source mapping gave up. */
export interface FailedBatch {
  readonly condition: string;
  readonly invokeCount: number;
  readonly functionName: string;
  readonly event: unknown;
  readonly shardId: string;
  readonly sequenceNumbers: readonly string[];
  readonly eventSourceArn: string;
}

/** Keeps a batch that was given up; rejects when it cannot. */
export type FailureDestination = (failed: FailedBatch) => Promise<void>;

/** Sends invocation records to a bucket, which gets the events as well, or to a queue, which does not. */
export function createFailureDestination(arn: string, queueEndpoint: string): FailureDestination {
  const [, , service, , , name = ''] = arn.split(':');
  const keep = keepers[service ?? ''];
  if (keep === undefined) throw new Error(`${arn} is no failure destination that is understood here`);
  return failed => keep(queueEndpoint, name, failed);
}

const keepers: Readonly<Record<string, (endpoint: string, name: string, failed: FailedBatch) => Promise<void>>> = {
  async s3(endpoint, bucket, failed) {
    const now = new Date().toISOString();
    const time = now.slice(0, 19).replaceAll(':', '.');
    const key = `aws/lambda/local/${failed.shardId}/${now.slice(0, 10).replaceAll('-', '/')}/${time}-${randomUUID()}`;
    const response = await fetch(`${endpoint}/${bucket}/${key}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...invocationRecord(failed), payload: JSON.stringify(failed.event) }),
    });
    if (!response.ok) throw new Error(`the failure bucket answered ${response.status}`);
  },
  async sqs(endpoint, queue, failed) {
    await awsJson(endpoint, 'AmazonSQS.SendMessage', {
      QueueUrl: `${endpoint}/${accountId}/${queue}`,
      MessageBody: JSON.stringify(invocationRecord(failed)),
    });
  },
};

function invocationRecord({
  condition,
  invokeCount,
  functionName,
  shardId,
  sequenceNumbers,
  eventSourceArn,
}: FailedBatch) {
  return {
    requestContext: {
      requestId: randomUUID(),
      functionArn: `arn:aws:lambda:${region}:${accountId}:function:${functionName}`,
      condition,
      approximateInvokeCount: invokeCount,
    },
    version: '1.0',
    timestamp: new Date().toISOString(),
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: sequenceNumbers[0],
      endSequenceNumber: sequenceNumbers.at(-1),
      batchSize: sequenceNumbers.length,
      streamArn: eventSourceArn,
    },
  };
}
