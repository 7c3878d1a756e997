import { Duration, Stack } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { IngestEnv } from '../../functions/ingest/env.ts';
import { type Config, retryConcurrency } from '../config.ts';
import type { QuarantineQueue } from '../messaging/quarantine-queue.ts';
import type { SesEvents } from '../messaging/ses-events.ts';
import type { WorkerQueue } from '../messaging/worker-queue.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import type { WebhookSecrets } from '../storage/webhook-secrets.ts';
import { MailtrailFunction } from './mailtrail-function.ts';

/** The namespace of the metrics in CloudWatch, one per installation in an account and region. */
export function metricsNamespaceOf(scope: Construct): string {
  return `Mailtrail/${Stack.of(scope).stackName}`;
}

/** The longest wait of an event of Amazon SES for others. Nobody waits for its answer, and no alarm or promise is as close. */
const sesBatchingWindow = Duration.seconds(2);

/** The function that takes the providers' calls, the events of Amazon SES and those of the retry queue. */
export class Ingest extends MailtrailFunction {
  /** The event source mappings, which read the retry queue and that of Amazon SES for the function. */
  readonly queueReaders: Readonly<Record<'retry' | 'ses', EventSourceMapping>>;

  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly table: EmailTable;
      readonly webhookSecrets: WebhookSecrets;
      readonly guards: GuardTable;
      readonly quarantine: QuarantineQueue;
      readonly retryQueue: WorkerQueue;
      readonly sesEvents: SesEvents;
    },
  ) {
    const { config, table, webhookSecrets, guards, quarantine, retryQueue, sesEvents } = parts;
    // Concurrent batches per queue: retries after an outage must not displace new events.
    const drained = {
      Retry: { queue: retryQueue, maxConcurrency: retryConcurrency, batchSize: 10 },
      Ses: {
        queue: sesEvents.queue,
        maxConcurrency: config.sesConcurrency,
        // SES publishes Send and Delivery of an email seconds apart. Found in one batch, they share a write.
        batchSize: 100,
        maxBatchingWindow: sesBatchingWindow,
      },
    };
    super(scope, id, {
      name: 'ingest',
      description: "Mailtrail: proves a provider's call genuine and records its events",
      environment: {
        TABLE_NAME: table.tableName,
        WEBHOOK_SECRETS_ARN: webhookSecrets.secretArn,
        GUARD_TABLE_NAME: guards.tableName,
        QUARANTINE_QUEUE_URL: quarantine.queueUrl,
        RETRY_QUEUE_URL: retryQueue.queueUrl,
        RETRY_QUEUE_ARN: retryQueue.queueArn,
        SES_QUEUE_ARN: sesEvents.queue.queueArn,
        RETENTION_DAYS: String(config.retentionDays),
        METADATA_ACCOUNT_ID: config.metadataAccountId,
        METADATA_REFERENCE: config.metadataReference,
        DEFAULT_ACCOUNT_ID: config.defaultAccountId ?? '',
        ACCEPTED_PROVIDERS: config.onlyListed ? config.providers.join(',') : '',
        SENDER_NAMES: config.senderNames.join(','),
        METRICS_NAMESPACE: metricsNamespaceOf(scope),
      } satisfies IngestEnv,
      permissions: [
        // A tombstone needs PutItem.
        { actions: ['dynamodb:UpdateItem', 'dynamodb:PutItem'], resources: [table.tableArn] },
        { actions: ['dynamodb:UpdateItem', 'dynamodb:BatchGetItem'], resources: [guards.tableArn] },
        { actions: ['secretsmanager:GetSecretValue'], resources: [webhookSecrets.secretArn] },
        { actions: ['sqs:SendMessage'], resources: [quarantine.queueArn, retryQueue.queueArn] },
        {
          actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          resources: Object.values(drained).map(({ queue }) => queue.queueArn),
        },
      ],
      // Emails of a large request that this share of a CPU cannot write in time are recorded from the retry queue.
      memoryMegabytes: config.ingestMemory,
      // The handler answers within 2.5 s; the rest covers a slow cold start.
      timeoutSeconds: 10,
      logging: config,
      reservedConcurrency: config.ingestConcurrency,
    });
    const reader = (name: keyof typeof drained) => {
      const { queue, ...batches } = drained[name];
      return new EventSourceMapping(this, name, {
        target: this,
        eventSourceArn: queue.queueArn,
        reportBatchItemFailures: true,
        ...batches,
      });
    };
    this.queueReaders = { retry: reader('Retry'), ses: reader('Ses') };
  }
}
