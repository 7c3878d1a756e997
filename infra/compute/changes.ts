import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { ChangesEnv } from '../../functions/changes/env.ts';
import { canaryAccountId } from '../../shared/email/event.ts';
import type { Config } from '../config.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { FailureBucket } from '../storage/failure-bucket.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import { MailtrailFunction } from './mailtrail-function.ts';
import { streamOptions, streamPermissions } from './stream-reader.ts';

/** Every new or changed item passes, except those of the canary. */
export const changesFilters = [
  {
    eventName: ['INSERT', 'MODIFY'],
    dynamodb: { NewImage: { accountId: { S: [{ 'anything-but': [canaryAccountId] }] } } },
  },
  { eventName: ['INSERT', 'MODIFY'], dynamodb: { NewImage: { accountId: { S: [{ exists: false }] } } } },
] as const;

/** The function that keeps the news of each provider; the stream's second reader, and a shard takes no third. */
export class Changes extends MailtrailFunction {
  /** The event source mapping, which reads the stream for the function. */
  readonly streamReader: EventSourceMapping;

  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly table: EmailTable;
      readonly guards: GuardTable;
      readonly failures: FailureBucket;
    },
  ) {
    const { config, table, guards, failures } = parts;
    const streamArn = table.tableStreamArn!;
    super(scope, id, {
      name: 'changes',
      description: 'Mailtrail: keeps when each provider reported, and links emails that are sent again',
      environment: { TABLE_NAME: table.tableName, GUARD_TABLE_NAME: guards.tableName } satisfies ChangesEnv,
      permissions: [
        ...streamPermissions(streamArn, failures),
        { actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], resources: [table.tableArn] },
        {
          actions: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
          resources: [guards.tableArn],
        },
      ],
      memoryMegabytes: 512,
      timeoutSeconds: 60,
      logging: config,
    });
    this.streamReader = new EventSourceMapping(this, 'Stream', {
      target: this,
      ...streamOptions(streamArn, failures, changesFilters),
      // Few invocations and writes, which the window saves: silence is judged every five minutes.
      batchSize: 10_000,
      maxBatchingWindow: Duration.minutes(2),
      // A batch that comes again is known by its first record: it must come again whole.
      bisectBatchOnError: false,
      retryAttempts: 100,
    });
  }
}
