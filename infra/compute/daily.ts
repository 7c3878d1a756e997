import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { DailyEnv } from '../../functions/daily/env.ts';
import type { Config } from '../config.ts';
import type { EventBus } from '../messaging/event-bus.ts';
import type { AlertEventsTopic, SupportTopic } from '../messaging/topics.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import { MailtrailFunction } from './mailtrail-function.ts';

/** The function that tells once a day which emails need action. It exists only with the setting `dailyDigestHour`. */
export class Daily extends MailtrailFunction {
  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      /** The UTC hour. */
      readonly hour: number;
      readonly apiUrl: string;
      readonly table: EmailTable;
      readonly guards: GuardTable;
      readonly support: SupportTopic;
      readonly alertEvents: AlertEventsTopic;
      readonly bus: EventBus | null;
    },
  ) {
    const { config, hour, apiUrl, table, guards, support, alertEvents, bus } = parts;
    super(scope, id, {
      name: 'daily',
      description: 'Mailtrail: tells once a day which emails need action',
      environment: {
        TABLE_NAME: table.tableName,
        GUARD_TABLE_NAME: guards.tableName,
        SUPPORT_TOPIC_ARN: support.topicArn,
        ALERT_EVENTS_TOPIC_ARN: alertEvents.topicArn,
        EVENT_BUS_NAME: bus?.eventBusName ?? '',
        RETENTION_DAYS: String(config.retentionDays),
        DIGEST_HOUR: String(hour),
        ACCOUNT_DIGESTS: String(config.accountDigests) as 'true' | 'false',
        UI_URL: config.uiClientId === undefined ? '' : `${apiUrl}/ui`,
        API_URL: apiUrl,
      } satisfies DailyEnv,
      permissions: [
        { actions: ['dynamodb:BatchGetItem'], resources: [table.tableArn] },
        {
          actions: ['dynamodb:Query'],
          resources: (['byAttention', 'byAttentionDay'] as const).map(name => table.indexArn(name)),
        },
        { actions: ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'], resources: [guards.tableArn] },
        { actions: ['sns:Publish'], resources: [support.topicArn, alertEvents.topicArn] },
        ...(bus === null ? [] : [{ actions: ['events:PutEvents'], resources: [bus.eventBusArn] }]),
      ],
      memoryMegabytes: 512,
      // Up to 5,000 emails are read, and as many accounts told.
      timeoutSeconds: 120,
      logging: config,
    });
    // Lambda tries a failed run again after one minute and two more. Later the watch function tells of it.
    this.configureAsyncInvoke({ retryAttempts: 2, maxEventAge: Duration.hours(1) });
    new Rule(this, 'Schedule', {
      description: 'Mailtrail: runs the daily function',
      schedule: Schedule.cron({ minute: '0', hour: String(hour) }),
      targets: [new LambdaFunction(this, { maxEventAge: Duration.hours(1) })],
    });
  }
}
