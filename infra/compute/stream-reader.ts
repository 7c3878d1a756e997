import { Duration } from 'aws-cdk-lib';
import { type EventSourceMappingOptions, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { FailureBucket } from '../storage/failure-bucket.ts';
import type { Permission } from './mailtrail-function.ts';

/** The permissions to read the table's stream, and to leave the records of failed batches in the bucket. */
export function streamPermissions(streamArn: string, failures: FailureBucket): readonly Permission[] {
  return [
    {
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
      resources: [streamArn],
    },
    { actions: ['s3:ListBucket'], resources: [failures.bucketArn] },
    { actions: ['s3:PutObject'], resources: [failures.recordsArn] },
  ];
}

/** The options that every reader of the stream has. A shard takes two readers. */
export function streamOptions(streamArn: string, failures: FailureBucket, filters: readonly object[]) {
  return {
    eventSourceArn: streamArn,
    // The mapping also reads records from before its own creation.
    startingPosition: StartingPosition.TRIM_HORIZON,
    filters: filters.map(filter => ({ pattern: JSON.stringify(filter) })),
    parallelizationFactor: 1,
    // The stream keeps records for 24 hours; after 23 they go to the bucket.
    maxRecordAge: Duration.hours(23),
    // The construct for this destination would also grant reading and deleting; the role has only the permissions that
    // Lambda needs.
    onFailure: { bind: () => ({ destination: failures.bucketArn }) },
    supportS3OnFailureDestination: true,
  } as const satisfies EventSourceMappingOptions;
}
