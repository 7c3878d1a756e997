import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { DigestEnv } from '../../functions/digest/env.ts';
import type { AlertLinks } from '../../shared/alerts/links.ts';
import type { Config } from '../config.ts';
import type { SupportTopic } from '../messaging/topics.ts';
import type { WorkerQueue } from '../messaging/worker-queue.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import { MailtrailFunction } from './mailtrail-function.ts';

/**
 * The function that tells people of alerts, one letter for all accounts. SNS suspends an email subscription that gets
 * more than 10 messages a second. So all alerts pass one queue, and letters leave at a pace.
 */
export class Digest extends MailtrailFunction {
  /** The event source mapping, which reads the queue for the function. */
  readonly queueReader: EventSourceMapping;

  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly table: EmailTable;
      readonly guards: GuardTable;
      readonly topic: SupportTopic;
      readonly digests: WorkerQueue;
      readonly links: AlertLinks;
    },
  ) {
    const { config, table, guards, topic, digests, links } = parts;
    super(scope, id, {
      name: 'digest',
      description: 'Mailtrail: tells people of hard bounces and spam marks',
      environment: {
        TABLE_NAME: table.tableName,
        GUARD_TABLE_NAME: guards.tableName,
        SUPPORT_TOPIC_ARN: topic.topicArn,
        DIGEST_QUEUE_URL: digests.queueUrl,
        SECONDS_BETWEEN_DIGESTS: '60',
        EMAIL_PAGE_URL: links.emailPageUrl,
        API_URL: links.apiUrl,
      } satisfies DigestEnv,
      permissions: [
        { actions: ['dynamodb:BatchGetItem'], resources: [table.tableArn] },
        {
          actions: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
          resources: [guards.tableArn],
        },
        { actions: ['sns:Publish'], resources: [topic.topicArn] },
        {
          actions: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          resources: [digests.queueArn],
        },
      ],
      memoryMegabytes: 512,
      timeoutSeconds: 10,
      logging: config,
    });
    this.queueReader = new EventSourceMapping(this, 'Digests', {
      target: this,
      eventSourceArn: digests.queueArn,
      // Batches of more than ten messages need a window of at least 1 s.
      batchSize: 100,
      maxBatchingWindow: Duration.seconds(1),
      reportBatchItemFailures: true,
      // The least that Lambda allows.
      maxConcurrency: 2,
    });
  }
}
