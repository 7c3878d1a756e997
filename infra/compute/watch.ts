import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { WatchEnv } from '../../functions/watch/env.ts';
import type { Config } from '../config.ts';
import type { OperationsTopic } from '../messaging/topics.ts';
import type { CanaryKey } from '../storage/canary-key.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import { metricsNamespaceOf } from './ingest.ts';
import { MailtrailFunction } from './mailtrail-function.ts';

/** The function that watches the installation itself: the canary's way, and the silence of the providers. */
export class Watch extends MailtrailFunction {
  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly apiUrl: string;
      readonly guards: GuardTable;
      readonly canaryKey: CanaryKey;
      readonly query: MailtrailFunction;
      readonly operations: OperationsTopic;
    },
  ) {
    const { config, apiUrl, guards, canaryKey, query, operations } = parts;
    super(scope, id, {
      name: 'watch',
      description: 'Mailtrail: proves every five minutes that calls are recorded, and tells of silent providers',
      environment: {
        GUARD_TABLE_NAME: guards.tableName,
        API_URL: apiUrl,
        CANARY_KEY_ARN: canaryKey.secretArn,
        QUERY_FUNCTION_NAME: query.functionName,
        ACCOUNT_CLAIM: config.accountClaim,
        OPERATIONS_TOPIC_ARN: operations.topicArn,
        METRICS_NAMESPACE: metricsNamespaceOf(scope),
        PROVIDERS: config.providers.join(','),
        EXPECT_NEWS: config.expectNews.map(({ provider, minutes }) => `${provider}=${minutes}`).join(','),
      } satisfies WatchEnv,
      permissions: [
        { actions: ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'], resources: [guards.tableArn] },
        { actions: ['secretsmanager:GetSecretValue'], resources: [canaryKey.secretArn] },
        { actions: ['lambda:InvokeFunction'], resources: [query.functionArn] },
        { actions: ['sns:Publish'], resources: [operations.topicArn] },
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
