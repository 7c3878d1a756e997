import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { ChangesEnv } from '../../functions/changes/env.ts';
import { canaryAccountId } from '../../shared/email/event.ts';
import type { Config } from '../config.ts';
import type { EventBus } from '../messaging/event-bus.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { FailureBucket } from '../storage/failure-bucket.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import { MailtrailFunction } from './mailtrail-function.ts';
import { streamOptions, streamPermissions } from './stream-reader.ts';

/** Every new or changed item passes, except those of the canary. */
const changesFilters = [
  {
    eventName: ['INSERT', 'MODIFY'],
    dynamodb: { NewImage: { accountId: { S: [{ 'anything-but': [canaryAccountId] }] } } },
  },
  { eventName: ['INSERT', 'MODIFY'], dynamodb: { NewImage: { accountId: { S: [{ exists: false }] } } } },
] as const;

/** Without a bus: few invocations and writes, which the window saves. Silence is judged every five minutes. */
const counting = {
  batchSize: 10_000,
  maxBatchingWindow: Duration.minutes(2),
  // A batch that comes again is known by its first record: it must come again whole.
  bisectBatchOnError: false,
} as const;

/**
 * With a bus: an event is out within some seconds, and a record whose event is refused holds up no other for long.
 *
 * Splitting may cost the counts of news a little. If their write fails half-way, the halves of the batch come again
 * under other names. The hours already written count the second half twice.
 */
const publishing = {
  batchSize: 500,
  maxBatchingWindow: Duration.seconds(5),
  reportBatchItemFailures: true,
  bisectBatchOnError: true,
} as const;

/**
 * The function that keeps the news of each provider, and publishes changes of statuses. It is the stream's second reader,
 * and a shard takes no third.
 */
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
      /** null if nobody wants events. */
      readonly bus: EventBus | null;
    },
  ) {
    const { config, table, guards, failures, bus } = parts;
    const streamArn = table.tableStreamArn!;
    super(scope, id, {
      name: 'changes',
      description: 'Mailtrail: publishes changes of statuses, links resent emails, and keeps when providers reported',
      environment: {
        TABLE_NAME: table.tableName,
        GUARD_TABLE_NAME: guards.tableName,
        EVENT_BUS_NAME: bus?.eventBusName ?? '',
      } satisfies ChangesEnv,
      permissions: [
        ...streamPermissions(streamArn, failures),
        { actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], resources: [table.tableArn] },
        {
          actions: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
          resources: [guards.tableArn],
        },
        ...(bus === null ? [] : [{ actions: ['events:PutEvents'], resources: [bus.eventBusArn] }]),
      ],
      memoryMegabytes: 512,
      timeoutSeconds: 60,
      logging: config,
    });
    this.streamReader = new EventSourceMapping(this, 'Stream', {
      target: this,
      ...streamOptions(streamArn, failures, changesFilters),
      ...(bus === null ? counting : publishing),
      retryAttempts: 100,
    });
  }
}
