import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, MetricType, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { AlertEnv } from '../../functions/alert/env.ts';
import type { Config } from '../config.ts';
import type { SupportTopic } from '../messaging/topics.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { FailureBucket } from '../storage/failure-bucket.ts';
import { alertFilters } from './alert-filters.ts';
import { MailtrailFunction } from './mailtrail-function.ts';

/** The function that tells support about hard bounces and spam marks, fed by the table's stream. */
export class Alert extends MailtrailFunction {
  /** What reads the stream on the function's behalf. */
  readonly streamReader: EventSourceMapping;

  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly table: EmailTable;
      readonly topic: SupportTopic;
      readonly failures: FailureBucket;
    },
  ) {
    const { config, table, topic, failures } = parts;
    const streamArn = table.tableStreamArn!;
    super(scope, id, {
      name: 'alert',
      description: 'Mailtrail: tells support about hard bounces and spam marks',
      environment: {
        TABLE_NAME: table.tableName,
        ALERT_TOPIC_ARN: topic.topicArn,
        EMAIL_PAGE_URL: config.emailPageUrl ?? '',
      } satisfies AlertEnv,
      permissions: [
        {
          actions: [
            'dynamodb:DescribeStream',
            'dynamodb:GetRecords',
            'dynamodb:GetShardIterator',
            'dynamodb:ListStreams',
          ],
          resources: [streamArn],
        },
        { actions: ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'], resources: [table.tableArn] },
        { actions: ['sns:Publish'], resources: [topic.topicArn] },
        { actions: ['s3:ListBucket'], resources: [failures.bucketArn] },
        { actions: ['s3:PutObject'], resources: [failures.recordsArn] },
      ],
      memoryMegabytes: 512,
      timeoutSeconds: 60,
      logRetentionDays: config.logRetentionDays,
    });
    this.streamReader = new EventSourceMapping(this, 'Stream', {
      target: this,
      eventSourceArn: streamArn,
      // Nothing is missed between the table's creation and the mapping's.
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: alertFilters.map(filter => ({ pattern: JSON.stringify(filter) })),
      // Longer than a burst of a minute: each shard of the stream gives one batch of it, in which every account has one
      // message. A table of this kind begins with four shards, so that 1,000 bounces of one account are four messages.
      batchSize: 1_000,
      maxBatchingWindow: Duration.seconds(75),
      parallelizationFactor: 1,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: 10,
      // The stream keeps records for 24 hours: before they are gone, they go to the bucket.
      maxRecordAge: Duration.hours(23),
      // The construct for this destination would also grant reading and deleting; the role has what Lambda needs.
      onFailure: { bind: () => ({ destination: failures.bucketArn }) },
      supportS3OnFailureDestination: true,
      // Metrics of the mapping, of which an alarm tells that records went to the bucket.
      metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
    });
  }
}
