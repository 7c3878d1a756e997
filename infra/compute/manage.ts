import type { Construct } from 'constructs';
import type { ManageEnv } from '../../functions/manage/env.ts';
import type { Config } from '../config.ts';
import type { QuarantineQueue } from '../messaging/quarantine-queue.ts';
import type { SesEvents } from '../messaging/ses-events.ts';
import type { WorkerQueue } from '../messaging/worker-queue.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { FailureBucket } from '../storage/failure-bucket.ts';
import { MailtrailFunction } from './mailtrail-function.ts';

/** The function that erases a recipient, wherever something of them is kept. A role of its own: who reads cannot erase. */
export class Manage extends MailtrailFunction {
  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly table: EmailTable;
      readonly quarantine: QuarantineQueue;
      readonly retryQueue: WorkerQueue;
      readonly sesEvents: SesEvents;
      readonly failures: FailureBucket;
    },
  ) {
    const { config, table, quarantine, retryQueue, sesEvents, failures } = parts;
    const { queue: sesQueue } = sesEvents;
    /** What others have in a message goes back into these. */
    const rewritten = [retryQueue, retryQueue.deadLetters, quarantine];
    const queues = [...rewritten, sesQueue, sesQueue.deadLetters];
    super(scope, id, {
      name: 'manage',
      description: 'Mailtrail: erases what is kept of a recipient',
      environment: {
        TABLE_NAME: table.tableName,
        RETRY_QUEUE_URL: retryQueue.queueUrl,
        RETRY_DEAD_LETTERS_QUEUE_URL: retryQueue.deadLetters.queueUrl,
        SES_QUEUE_URL: sesQueue.queueUrl,
        SES_DEAD_LETTERS_QUEUE_URL: sesQueue.deadLetters.queueUrl,
        QUARANTINE_QUEUE_URL: quarantine.queueUrl,
        FAILURE_BUCKET_NAME: failures.bucketName,
        ACCOUNT_CLAIM: config.accountClaim,
        SUPPORT_SCOPE: config.supportScope,
        METADATA_ACCOUNT_ID: config.metadataAccountId,
        METADATA_REFERENCE: config.metadataReference,
      } satisfies ManageEnv,
      permissions: [
        { actions: ['dynamodb:Query'], resources: [table.indexArn('byRecipient')] },
        { actions: ['dynamodb:BatchGetItem', 'dynamodb:PutItem'], resources: [table.tableArn] },
        {
          actions: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          resources: queues.map(({ queueArn }) => queueArn),
        },
        { actions: ['sqs:SendMessage'], resources: rewritten.map(({ queueArn }) => queueArn) },
        { actions: ['s3:ListBucket'], resources: [failures.bucketArn] },
        { actions: ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'], resources: [failures.recordsArn] },
      ],
      memoryMegabytes: 1024,
      // API Gateway waits 30 s at most; the handler begins nothing more after 24.
      timeoutSeconds: 29,
      logRetentionDays: config.logRetentionDays,
    });
  }
}
