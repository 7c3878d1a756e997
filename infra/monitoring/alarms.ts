import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { providers } from '../../shared/providers/registry.ts';
import type { queueParsers } from '../../shared/queues/queue-parsers.ts';
import { metricNames, metricService } from '../../shared/runtime/metric-names.ts';
import type { MailtrailApi } from '../api/http-api.ts';
import type { Alert } from '../compute/alert.ts';
import { metricsNamespaceOf } from '../compute/ingest.ts';
import type { MailtrailFunction } from '../compute/mailtrail-function.ts';
import type { SesEvents } from '../messaging/ses-events.ts';
import type { OperationsTopic } from '../messaging/topics.ts';
import type { WorkerQueue } from '../messaging/worker-queue.ts';

export interface Watched {
  readonly ingest: MailtrailFunction;
  readonly query: MailtrailFunction;
  readonly manage: MailtrailFunction;
  readonly alert: Alert;
  readonly ui: MailtrailFunction;
  readonly api: MailtrailApi;
  readonly quarantine: IQueue;
  readonly retryQueue: WorkerQueue;
  readonly sesEvents: SesEvents;
}

interface AlarmFacts {
  /** The effect on people while the alarm lasts. */
  readonly impact: string;
  readonly whatToDo: string;
  readonly metric: (watched: Watched) => IMetric;
  /** The alarm goes off when the metric is above this... */
  readonly above: number;
  /** ...for so many of its periods in a row; 1 by default. */
  readonly periods?: number;
}

const fiveMinutes = { period: Duration.minutes(5), statistic: Stats.SUM } as const;
const errors = (watched: IFunction) => watched.metricErrors(fiveMinutes);
const throttles = (watched: IFunction) => watched.metricThrottles(fiveMinutes);

const waiting = (queue: IQueue) =>
  queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: Stats.MAXIMUM });
/** SQS leaves out messages that were received more than three times; our own metric covers repeated failures. */
const oldest = (queue: IQueue) =>
  queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(5), statistic: Stats.MAXIMUM });

const failedMessages = (ingest: MailtrailFunction, Source: keyof typeof queueParsers) =>
  new Metric({
    namespace: metricsNamespaceOf(ingest),
    metricName: metricNames.failedMessages,
    dimensionsMap: { service: metricService, Source },
    ...fiveMinutes,
  });

/** A metric of the stream reader; `metricsConfig` turns it on. */
const streamReaderMetric = (metricName: string, { alert }: Watched) =>
  new Metric({
    namespace: 'AWS/Lambda',
    metricName,
    dimensionsMap: { EventSourceMappingUUID: alert.streamReader.eventSourceMappingId },
    ...fiveMinutes,
  });

const alarms = {
  IngestErrors: {
    impact:
      'Calls of email providers fail. The providers retry for hours or days and then give up: statuses are late, then lost.',
    whatToDo: 'Check the log of the ingest function. If it began with the last deployment, roll that back.',
    metric: ({ ingest }) => errors(ingest),
    above: 0,
  },
  IngestThrottles: {
    impact: 'Calls of email providers are turned away, and the providers retry later: statuses are late.',
    whatToDo: "Raise the account's quota of concurrent Lambda executions, or find out what else uses it up.",
    metric: ({ ingest }) => throttles(ingest),
    above: 0,
    periods: 2,
  },
  QueryErrors: {
    impact: 'People see an error in place of the status of their emails.',
    whatToDo: 'Check the log of the query function. If it began with the last deployment, roll that back.',
    metric: ({ query }) => errors(query),
    above: 0,
  },
  QueryThrottles: {
    impact: 'People see an error in place of the status of their emails.',
    whatToDo: "Raise the account's quota of concurrent Lambda executions, or find out what else uses it up.",
    metric: ({ query }) => throttles(query),
    above: 0,
    periods: 2,
  },
  ManageErrors: {
    impact: 'Data of a recipient was not erased, although somebody asked for it: they saw an error.',
    whatToDo:
      'Check the log of the manage function. If it began with the last deployment, roll that back. Then repeat the erasure, which is safe.',
    metric: ({ manage }) => errors(manage),
    above: 0,
  },
  ManageThrottles: {
    impact: 'Data of a recipient was not erased, although somebody asked for it: they saw an error.',
    whatToDo: "Raise the account's quota of concurrent Lambda executions, or find out what else uses it up.",
    metric: ({ manage }) => throttles(manage),
    above: 0,
    periods: 2,
  },
  UiErrors: {
    impact: 'Pages that embed the elements show no emails, and the page /ui does not open.',
    whatToDo: 'Check the log of the ui function. If it began with the last deployment, roll that back.',
    metric: ({ ui }) => errors(ui),
    above: 0,
  },
  UiThrottles: {
    impact: 'Pages that embed the elements show no emails, and the page /ui does not open.',
    whatToDo: "Raise the account's quota of concurrent Lambda executions, or find out what else uses it up.",
    metric: ({ ui }) => throttles(ui),
    above: 0,
    periods: 2,
  },
  AlertErrors: {
    impact: 'Alerts about hard bounces and spam marks are late, and are not sent at all if it lasts.',
    whatToDo: 'Check the log of the alert function. Lambda retries ten times by itself.',
    metric: ({ alert }) => errors(alert),
    above: 0,
  },
  AlertThrottles: {
    impact: 'Alerts about hard bounces and spam marks are late.',
    whatToDo: "Raise the account's quota of concurrent Lambda executions, or find out what else uses it up.",
    metric: ({ alert }) => throttles(alert),
    above: 0,
    periods: 2,
  },
  AlertsLate: {
    impact: 'Alerts about hard bounces and spam marks are more than 10 minutes late; after a day they are lost.',
    whatToDo: 'Check the log of the alert function for `fault`, and how long a batch takes.',
    metric: ({ alert }) => alert.metric('IteratorAge', { period: Duration.minutes(5), statistic: Stats.MAXIMUM }),
    above: Duration.minutes(10).toMilliseconds(),
  },
  AlertsNotSent: {
    impact: 'Some alerts about hard bounces or spam marks were not sent: their records are in the failure bucket.',
    whatToDo:
      'Read the newest objects in the bucket (output AlertFailuresBucketName) and inform support. They expire after 14 days.',
    metric: watched => streamReaderMetric('OnFailureDestinationDeliveredEventCount', watched),
    above: 0,
  },
  AlertsLost: {
    impact:
      'Some alerts about hard bounces or spam marks were not sent, and the failure bucket did not take their records.',
    whatToDo: "Check the alert function's role and the bucket. The emails are in their account's attention list.",
    metric: ({ alert }) => alert.metric('DestinationDeliveryFailures', fiveMinutes),
    above: 0,
  },
  QuarantineNotEmpty: {
    impact: 'Some genuine events could not be parsed or recorded: the status of their emails may be out of date.',
    whatToDo:
      'npm run replay -- --queue quarantine --dry-run --show lists them with the reason. Once they can be parsed, the same without --dry-run --show records them. They expire 14 days after arrival.',
    metric: ({ quarantine }) => waiting(quarantine),
    above: 0,
  },
  RetriesLate: {
    impact:
      'Events have waited in the retry queue for more than 15 minutes: the status of their emails is out of date.',
    whatToDo:
      'Check the table for throttling, and the log of the ingest function for `queue.message-failed`. Retries go on by themselves for some 8 hours.',
    metric: ({ retryQueue }) => oldest(retryQueue),
    above: Duration.minutes(15).toSeconds(),
  },
  RetriesGivenUp: {
    impact: 'Some genuine events could not be recorded for some 8 hours: the status of their emails is out of date.',
    whatToDo:
      'Find the cause in the lines `queue.message-failed` of the ingest log. Once it is fixed: npm run replay -- --queue dead-letter. They expire 14 days after arrival.',
    metric: ({ retryQueue }) => waiting(retryQueue.deadLetters),
    above: 0,
  },
  RetriesFailing: {
    impact: 'Events in the retry queue still cannot be recorded: the status of their emails is out of date.',
    whatToDo: 'Check the table for throttling, and the log of the ingest function for `queue.message-failed`.',
    metric: ({ ingest }) => failedMessages(ingest, 'retry'),
    above: 0,
    periods: 3,
  },
  SesEventsFailing: {
    impact: 'Events of Amazon SES cannot be recorded: the status of emails sent through it is out of date.',
    whatToDo: 'Check the table for throttling, and the log of the ingest function for `queue.message-failed`.',
    metric: ({ ingest }) => failedMessages(ingest, 'ses'),
    above: 0,
    periods: 3,
  },
  SesEventsLate: {
    impact:
      'Events of Amazon SES have waited for more than 15 minutes: the status of emails sent through it is out of date.',
    whatToDo: 'Check the log of the ingest function for `queue.message-failed`, and the table for throttling.',
    metric: ({ sesEvents }) => oldest(sesEvents.queue),
    above: Duration.minutes(15).toSeconds(),
  },
  SesEventsGivenUp: {
    impact: 'Some events of Amazon SES could not be recorded for some 8 hours: statuses are out of date.',
    whatToDo:
      'Find the cause in the lines `queue.message-failed` of the ingest log. Once it is fixed: npm run replay -- --queue dead-letter. They expire 14 days after arrival.',
    metric: ({ sesEvents }) => waiting(sesEvents.queue.deadLetters),
    above: 0,
  },
  ApiErrors: {
    impact: 'Some requests get a server error: people see no status, or providers must call again.',
    whatToDo: 'Find the route in the access log, then check the log of its function.',
    metric: ({ api }) => api.metricServerError(fiveMinutes),
    above: 0,
    periods: 2,
  },
} as const satisfies Record<string, AlarmFacts>;

/** Alarms on the metrics that the ingest function writes by provider. */
const webhookAlarms = {
  Refused: {
    metricName: metricNames.refused,
    impact: provider =>
      `Calls in the name of ${provider} are refused. If the secret here is wrong, the statuses of its emails no longer change.`,
    whatToDo: provider =>
      `Compare the secret of ${provider} (output WebhookSecretsArn) with the one at the provider. If its statuses still change, the calls are not from the provider, and nothing of them is stored.`,
    // One or two stray calls are harmless. An hour is long enough to notice a wrong secret of a provider with few
    // emails.
    above: 2,
    period: Duration.hours(1),
  },
  Unavailable: {
    metricName: metricNames.unavailable,
    impact: provider =>
      `Events of ${provider} could not be stored. The provider was asked to send them again: statuses are late.`,
    whatToDo: () =>
      'Find the cause in the lines `webhook.unavailable` of the ingest log: the table and the retry queue, the quarantine queue, or the secret.',
    above: 1,
    period: Duration.minutes(15),
  },
} as const satisfies Record<
  string,
  {
    readonly metricName: string;
    readonly impact: (provider: string) => string;
    readonly whatToDo: (provider: string) => string;
    readonly above: number;
    readonly period: Duration;
  }
>;

/** Every alarm, with its impact and what to do. All go to the operations topic. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, parts: Watched & { readonly operations: OperationsTopic }) {
    super(scope, id);
    const tell = new SnsAction(parts.operations);
    const alarm = (name: string, facts: Omit<AlarmFacts, 'metric'>, metric: IMetric) => {
      const { impact, whatToDo, above, periods = 1 } = facts;
      const created = new Alarm(this, name, {
        alarmDescription: `Impact: ${impact} What to do: ${whatToDo}`,
        metric,
        threshold: above,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: periods,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      created.addAlarmAction(tell);
      created.addOkAction(tell);
    };

    for (const [name, facts] of Object.entries<AlarmFacts>(alarms)) alarm(name, facts, facts.metric(parts));

    const namespace = metricsNamespaceOf(this);
    for (const [name, { metricName, impact, whatToDo, above, period }] of Object.entries(webhookAlarms)) {
      // Each provider has its own alarm, so that one refused all day does not hide another.
      for (const Provider of Object.keys(providers)) {
        const facts = { impact: impact(Provider), whatToDo: whatToDo(Provider), above };
        const dimensionsMap = { service: metricService, Provider };
        alarm(
          `Webhook${name}-${Provider}`,
          facts,
          new Metric({ namespace, metricName, dimensionsMap, period, statistic: Stats.SUM }),
        );
      }
    }
  }
}
