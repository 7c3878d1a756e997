import { randomUUID } from 'node:crypto';
import { accountId, region } from '../cloudformation/template.ts';
import { StartError } from '../start-error.ts';

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

/** Keeps a batch that was given up. Rejects where it cannot. */
export type FailureDestination = (failed: FailedBatch) => Promise<void>;

/** Puts invocation records with their events into a bucket, the only destination that is understood here. */
export function createFailureDestination(arn: string, s3Endpoint: string): FailureDestination {
  const [, bucket] = arn.split(/^arn:aws:s3:::/);
  if (bucket === undefined) throw new StartError(`${arn} is no failure destination that is understood here`);
  return async failed => {
    const now = new Date().toISOString();
    const time = now.slice(0, 19).replaceAll(':', '.');
    const key = `aws/lambda/local/${failed.shardId}/${now.slice(0, 10).replaceAll('-', '/')}/${time}-${randomUUID()}`;
    const response = await fetch(`${s3Endpoint}/${bucket}/${key}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...invocationRecord(failed), payload: JSON.stringify(failed.event) }),
    });
    if (!response.ok) throw new Error(`the failure bucket answered ${response.status}`);
  };
}

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
