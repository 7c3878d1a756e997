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
      'Calls of email providers fail. The providers send them again, so statuses come late; after days they give up.',
    whatToDo: 'Look into the log of the ingest function; roll the last deployment back if it began there.',
    metric: ({ ingest }) => errors(ingest),
    above: 0,
  },
  IngestThrottles: {
    impact: 'Calls of email providers are turned away and sent again later: statuses come late.',
    whatToDo: "Raise the account's quota of concurrent Lambda executions, or find out what else uses it up.",
    metric: ({ ingest }) => throttles(ingest),
    above: 0,
    periods: 2,
  },
  QueryErrors: {
    impact: 'People see an error in place of the status of their emails.',
    whatToDo: 'Look into the log of the query function; roll the last deployment back if it began there.',
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
      'Look into the log of the manage function; roll the last deployment back if it began there. Erase again then: what was erased stays so.',
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
  AlertErrors: {
    impact: 'Support is told late about hard bounces and spam marks, and not at all if it lasts.',
    whatToDo: 'Look into the log of the alert function. Lambda tries again by itself, ten times.',
    metric: ({ alert }) => errors(alert),
    above: 0,
  },
  AlertThrottles: {
    impact: 'Support is told late about hard bounces and spam marks.',
    whatToDo: "Raise the account's quota of concurrent Lambda executions, or find out what else uses it up.",
    metric: ({ alert }) => throttles(alert),
    above: 0,
    periods: 2,
  },
  AlertsLate: {
    impact: 'Support hears of hard bounces and spam marks more than ten minutes late; after a day they would be lost.',
    whatToDo: 'Look into the log of the alert function for `fault`, and for how long one batch takes.',
    metric: ({ alert }) => alert.metric('IteratorAge', { period: Duration.minutes(5), statistic: Stats.MAXIMUM }),
    above: Duration.minutes(10).toMilliseconds(),
  },
  AlertsNotSent: {
    impact: 'Support was not told about some hard bounces or spam marks: the records are in the failure bucket.',
    whatToDo:
      'Read the newest objects in the bucket (output AlertFailuresBucketName) and tell support; they expire in 14 days.',
    metric: watched => streamReaderMetric('OnFailureDestinationDeliveredEventCount', watched),
    above: 0,
  },
  AlertsLost: {
    impact:
      'Support was not told about some hard bounces or spam marks, and the failure bucket did not take the records.',
    whatToDo: "Check the alert function's role and the bucket. The emails are in the account's attention list.",
    metric: ({ alert }) => alert.metric('DestinationDeliveryFailures', fiveMinutes),
    above: 0,
  },
  QuarantineNotEmpty: {
    impact: 'Some genuine events could not be read or recorded: the status of their emails may be out of date.',
    whatToDo:
      'npm run replay -- --queue quarantine --dry-run says which and why; without --dry-run it feeds them back once they can be read. They are gone 14 days after they came.',
    metric: ({ quarantine }) => waiting(quarantine),
    above: 0,
  },
  RetriesLate: {
    impact: 'Events that could not be recorded when they came still wait: the status of their emails is out of date.',
    whatToDo:
      'Look at the table for throttling, and for `queue.message-failed` in the log of the ingest function. It goes on by itself, for some eight hours.',
    metric: ({ retryQueue }) => oldest(retryQueue),
    above: Duration.minutes(15).toSeconds(),
  },
  RetriesGivenUp: {
    impact: 'Some genuine events were not recorded in some eight hours: the status of their emails is out of date.',
    whatToDo:
      'Find the cause in the lines `queue.message-failed` of the ingest log, and when it is mended: npm run replay -- --queue dead-letter. They are gone 14 days after they came.',
    metric: ({ retryQueue }) => waiting(retryQueue.deadLetters),
    above: 0,
  },
  RetriesFailing: {
    impact:
      'Events that could not be recorded when they came still cannot be: the status of their emails is out of date.',
    whatToDo: 'Look at the table for throttling, and for `queue.message-failed` in the log of the ingest function.',
    metric: ({ ingest }) => failedMessages(ingest, 'retry'),
    above: 0,
    periods: 3,
  },
  SesEventsFailing: {
    impact: 'Events of Amazon SES cannot be recorded: the status of emails sent through it is out of date.',
    whatToDo: 'Look at the table for throttling, and for `queue.message-failed` in the log of the ingest function.',
    metric: ({ ingest }) => failedMessages(ingest, 'ses'),
    above: 0,
    periods: 3,
  },
  SesEventsLate: {
    impact: 'Events of Amazon SES wait in their queue: the status of emails sent through it is out of date.',
    whatToDo: 'Look for `queue.message-failed` in the log of the ingest function, and at the table for throttling.',
    metric: ({ sesEvents }) => oldest(sesEvents.queue),
    above: Duration.minutes(15).toSeconds(),
  },
  SesEventsGivenUp: {
    impact: 'Some events of Amazon SES were not recorded in some eight hours: statuses are out of date.',
    whatToDo:
      'Find the cause in the lines `queue.message-failed` of the ingest log, and when it is mended: npm run replay -- --queue dead-letter. They are gone 14 days after they came.',
    metric: ({ sesEvents }) => waiting(sesEvents.queue.deadLetters),
    above: 0,
  },
  ApiErrors: {
    impact: 'Some requests are answered with a server error: people see no status, or providers have to call again.',
    whatToDo: 'Look into the access log for the route, then into the log of its function.',
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
      `Calls in the name of ${provider} are refused: with a wrong secret here, no status of its emails is kept up any more.`,
    whatToDo: provider =>
      `Compare the secret of ${provider} (output WebhookSecretsArn) with the one at the provider. If statuses keep coming, somebody else is knocking: nothing is stored.`,
    // One or two stray calls are harmless. An hour is long enough to notice a wrong secret of a provider with few
    // emails.
    above: 2,
    period: Duration.hours(1),
  },
  Unavailable: {
    metricName: metricNames.unavailable,
    impact: provider => `Events of ${provider} could not be kept; it was asked to send them again: statuses come late.`,
    whatToDo: () =>
      'Look at the cause in the lines `webhook.unavailable` of the ingest log: the table and the retry queue, the quarantine queue, or the secret.',
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
