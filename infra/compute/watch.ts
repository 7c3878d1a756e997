import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { WatchEnv } from '../../functions/watch/env.ts';
import type { Config } from '../config.ts';
import type { OperationsTopic, SupportTopic } from '../messaging/topics.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { FailureBucket } from '../storage/failure-bucket.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import { metricsNamespaceOf } from './ingest.ts';
import { MailtrailFunction } from './mailtrail-function.ts';

/** The queues whose messages wait for a person. */
export interface SetAside {
  readonly quarantine: IQueue;
  readonly retry: IQueue;
  readonly ses: IQueue;
  readonly digests: IQueue;
}

/** The function that watches the installation itself: the canary's way, and every condition that operators are told of. */
export class Watch extends MailtrailFunction {
  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly apiUrl: string;
      readonly guards: GuardTable;
      readonly query: MailtrailFunction;
      readonly operations: OperationsTopic;
      readonly table: EmailTable;
      readonly setAside: SetAside;
      readonly failures: FailureBucket;
      readonly support: SupportTopic;
      /** The mappings by names for people. */
      readonly mappings: Readonly<Record<string, IEventSourceMapping>>;
    },
  ) {
    const { config, apiUrl, guards, query, operations, table, setAside, failures, support, mappings } = parts;
    super(scope, id, {
      name: 'watch',
      description: 'Mailtrail: proves every five minutes that calls are recorded, and tells operators of what is wrong',
      environment: {
        GUARD_TABLE_NAME: guards.tableName,
        API_URL: apiUrl,
        QUERY_FUNCTION_NAME: query.functionName,
        ACCOUNT_CLAIM: config.accountClaim,
        OPERATIONS_TOPIC_ARN: operations.topicArn,
        TABLE_NAME: table.tableName,
        QUARANTINE_QUEUE_URL: setAside.quarantine.queueUrl,
        RETRY_DEAD_LETTERS_URL: setAside.retry.queueUrl,
        SES_DEAD_LETTERS_URL: setAside.ses.queueUrl,
        DIGEST_DEAD_LETTERS_URL: setAside.digests.queueUrl,
        FAILURE_BUCKET_NAME: failures.bucketName,
        SUPPORT_TOPIC_ARN: support.topicArn,
        EVENT_SOURCE_MAPPINGS: Object.entries(mappings)
          .map(([name, { eventSourceMappingId }]) => `${name}=${eventSourceMappingId}`)
          .join(','),
        METRICS_NAMESPACE: metricsNamespaceOf(scope),
        PROVIDERS: config.providers.join(','),
        EXPECT_NEWS: config.expectNews.map(({ provider, minutes }) => `${provider}=${minutes}`).join(','),
        DIGEST_HOUR: String(config.dailyDigestHour ?? ''),
      } satisfies WatchEnv,
      permissions: [
        { actions: ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'], resources: [guards.tableArn] },
        { actions: ['lambda:InvokeFunction'], resources: [query.functionArn] },
        { actions: ['sns:Publish'], resources: [operations.topicArn] },
        { actions: ['sns:GetTopicAttributes'], resources: [support.topicArn] },
        { actions: ['sqs:GetQueueAttributes'], resources: Object.values(setAside).map(({ queueArn }) => queueArn) },
        { actions: ['s3:ListBucket'], resources: [failures.bucketArn] },
        {
          actions: ['lambda:GetEventSourceMapping'],
          resources: Object.values(mappings).map(({ eventSourceMappingArn }) => eventSourceMappingArn),
        },
        { actions: ['dynamodb:BatchGetItem'], resources: [table.tableArn] },
        {
          actions: ['dynamodb:Query'],
          resources: (['byAccount', 'byAttention', 'byAttentionDay'] as const).map(name => table.indexArn(name)),
        },
        // The action takes no resource.
        { actions: ['cloudwatch:GetMetricData'], resources: ['*'] },
      ],
      memoryMegabytes: 512,
      timeoutSeconds: 120,
      logging: config,
    });
    // Lambda's own queue of events would else run a failed call twice more, and all of an outage's at once after it.
    this.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(4) });
    new Rule(this, 'Schedule', {
      description: 'Mailtrail: runs the watch function',
      schedule: Schedule.rate(Duration.minutes(5)),
      // The next run is as good as a repeated one.
      targets: [new LambdaFunction(this, { retryAttempts: 0, maxEventAge: Duration.minutes(4) })],
    });
  }
}
