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

/** The function that alerts support to hard bounces and spam marks, fed by the table's stream. */
export class Alert extends MailtrailFunction {
  /** The event source mapping, which reads the stream for the function. */
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
      description: 'Mailtrail: alerts support to hard bounces and spam marks',
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
      // The mapping also reads records from before its own creation.
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: alertFilters.map(filter => ({ pattern: JSON.stringify(filter) })),
      // 75 s are longer than a burst of a minute. Each shard of the stream gives one batch per burst, and each account
      // has one message per batch. Such a table begins with four shards: 1,000 bounces of one account make four
      // messages.
      batchSize: 1_000,
      maxBatchingWindow: Duration.seconds(75),
      parallelizationFactor: 1,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: 10,
      // The stream keeps records for 24 hours; after 23 they go to the bucket.
      maxRecordAge: Duration.hours(23),
      // The construct for this destination would also grant reading and deleting; the role has only the permissions
      // that Lambda needs.
      onFailure: { bind: () => ({ destination: failures.bucketArn }) },
      supportS3OnFailureDestination: true,
      // Metrics of the mapping; an alarm uses them to report records in the bucket.
      metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
    });
  }
}
