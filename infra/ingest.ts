import type { Construct } from 'constructs';
import type { IngestEnv } from '../functions/ingest/env.ts';
import type { Config } from './config.ts';
import { MailtrailFunction } from './mailtrail-function.ts';
import type { QuarantineQueue } from './quarantine-queue.ts';
import type { EmailTable } from './table.ts';
import type { WebhookSecrets } from './webhook-secrets.ts';

/** The function that takes the providers' calls. */
export class Ingest extends MailtrailFunction {
  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly table: EmailTable;
      readonly webhookSecrets: WebhookSecrets;
      readonly quarantine: QuarantineQueue;
    },
  ) {
    const { config, table, webhookSecrets, quarantine } = parts;
    super(scope, id, {
      name: 'ingest',
      description: "Mailtrail: proves a provider's call genuine and records its events",
      environment: {
        TABLE_NAME: table.tableName,
        WEBHOOK_SECRETS_ARN: webhookSecrets.secretArn,
        QUARANTINE_QUEUE_URL: quarantine.queueUrl,
        RETENTION_DAYS: String(config.retentionDays),
        METADATA_ACCOUNT_ID: config.metadataAccountId,
        METADATA_REFERENCE: config.metadataReference,
      } satisfies IngestEnv,
      permissions: [
        { actions: ['dynamodb:UpdateItem'], resources: [table.tableArn] },
        { actions: ['secretsmanager:GetSecretValue'], resources: [webhookSecrets.secretArn] },
        { actions: ['sqs:SendMessage'], resources: [quarantine.queueArn] },
      ],
      // One whole vCPU: SendGrid's largest batch is some 1,500 writes, and each of them takes nearly a millisecond of it.
      // More emails in one request than can be written in time are recorded by and by, while the provider sends it again.
      memoryMegabytes: 1769,
      // The handler answers within 2.5 s; the rest is for a cold start on a bad day.
      timeoutSeconds: 10,
      logRetentionDays: config.logRetentionDays,
    });
  }
}
