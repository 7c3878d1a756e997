import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { AlertEnv } from '../../functions/alert/env.ts';
import type { AlertLinks } from '../../shared/alerts/links.ts';
import type { Config } from '../config.ts';
import type { AlertEventsTopic } from '../messaging/topics.ts';
import type { WorkerQueue } from '../messaging/worker-queue.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { FailureBucket } from '../storage/failure-bucket.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import { alertFilters } from './alert-filters.ts';
import { MailtrailFunction } from './mailtrail-function.ts';
import { streamOptions, streamPermissions } from './stream-reader.ts';

/**
 * The function that finds hard bounces and spam marks in the table's stream. It tells machines at once, and hands
 * people's alerts to a queue.
 */
export class Alert extends MailtrailFunction {
  /** The event source mapping, which reads the stream for the function. */
  readonly streamReader: EventSourceMapping;

  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly table: EmailTable;
      readonly guards: GuardTable;
      readonly topic: AlertEventsTopic;
      /** The queue of people's alerts. */
      readonly digests: WorkerQueue;
      readonly links: AlertLinks;
      readonly failures: FailureBucket;
    },
  ) {
    const { config, table, guards, topic, digests, links, failures } = parts;
    const streamArn = table.tableStreamArn!;
    super(scope, id, {
      name: 'alert',
      description: 'Mailtrail: finds hard bounces and spam marks, and tells machines',
      environment: {
        TABLE_NAME: table.tableName,
        GUARD_TABLE_NAME: guards.tableName,
        ALERT_EVENTS_TOPIC_ARN: topic.topicArn,
        DIGEST_QUEUE_URL: digests.queueUrl,
        EMAIL_PAGE_URL: links.emailPageUrl,
      } satisfies AlertEnv,
      permissions: [
        ...streamPermissions(streamArn, failures),
        { actions: ['dynamodb:BatchGetItem'], resources: [table.tableArn] },
        { actions: ['dynamodb:BatchGetItem', 'dynamodb:PutItem'], resources: [guards.tableArn] },
        { actions: ['sns:Publish'], resources: [topic.topicArn] },
        { actions: ['sqs:SendMessage'], resources: [digests.queueArn] },
      ],
      memoryMegabytes: 512,
      timeoutSeconds: 60,
      logging: config,
    });
    this.streamReader = new EventSourceMapping(this, 'Stream', {
      target: this,
      ...streamOptions(streamArn, failures, alertFilters),
      // Short, so that an alert is out within 5 s of its callback. The digest function keeps the pace for people.
      batchSize: 100,
      maxBatchingWindow: Duration.seconds(1),
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: 10,
    });
  }
}
