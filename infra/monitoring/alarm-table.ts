/**
 * Every alarm: its metric and threshold, its impact, and the first step.
 *
 * The page docs/on-call.md is written from this table, and the dashboard shows each metric with its threshold.
 */

import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { chunks } from '../../shared/runtime/chunks.ts';
import { metricNames, watchMetricNames } from '../../shared/runtime/metric-names.ts';
import type { MailtrailApi } from '../api/http-api.ts';
import type { MailtrailFunction } from '../compute/mailtrail-function.ts';
import type { Config } from '../config.ts';
import type { EventWebhook } from '../messaging/event-webhook.ts';
import type { QuarantineQueue } from '../messaging/quarantine-queue.ts';
import type { SesEvents } from '../messaging/ses-events.ts';
import type { SupportTopic } from '../messaging/topics.ts';
import type { WorkerQueue } from '../messaging/worker-queue.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { LogMetrics } from './log-metrics.ts';
import type { Question } from './questions.ts';
import {
  consumedUnits,
  expression,
  highest,
  type Measured,
  oldestIn,
  ownMetric,
  throttledRequests,
} from './watched-metrics.ts';

/** The parts of the stack that alarms and the dashboard watch. */
export interface Watched {
  readonly config: Config;
  readonly ingest: MailtrailFunction;
  readonly alert: MailtrailFunction;
  readonly api: MailtrailApi;
  readonly changes: MailtrailFunction;
  readonly digest: MailtrailFunction;
  readonly digests: WorkerQueue;
  readonly logMetrics: LogMetrics;
  readonly table: EmailTable;
  readonly quarantine: QuarantineQueue;
  readonly retryQueue: WorkerQueue;
  readonly sesEvents: SesEvents;
  readonly support: SupportTopic;
  readonly watch: MailtrailFunction;
  readonly eventWebhook: EventWebhook | null;
}

export interface Explained {
  /** The effect on people while the alarm lasts. */
  readonly impact: string;
  /** The first step of whoever gets its email. */
  readonly whatToDo: string;
  /** An email also tells when the alarm is over: for one that lasts, and that ends by itself. */
  readonly tellsRecovery?: true;
}

export interface AlarmFacts extends Explained {
  /** The question of an operator to which it belongs; the dashboard has a part for each. */
  readonly asks: Question;
  /** The metric in words. */
  readonly measures: string;
  /** A failure that sets it off on one machine. */
  readonly tryIt: string;
  readonly metric: (watched: Watched, period: Duration) => Measured;
  readonly minutes: number;
  readonly above: number;
  /** In so many of the last periods; 1 of 1 by default. */
  readonly inPeriods?: readonly [breaching: number, of: number];
  /** The alarm also goes off where nothing is measured any more. */
  readonly missing?: 'breaching';
  /** The composite alarm that tells of it: it sends no email of its own. */
  readonly partOf?: CompositeName;
  /** It exists only where this setting is given, and not false. */
  readonly onlyWith?: Exclude<keyof Config, 'providers'>;
}

/** Alarms that send one email for all of their members. Each exists only where it has more than one. */
export const composites = {
  CallsNotRecorded: {
    impact:
      'Calls of email providers are not recorded in time. Statuses are late, and lost once the providers give up.',
    whatToDo: 'See which of its members are on. Each says where to look.',
    tellsRecovery: true,
  },
  NearCeiling: {
    impact: 'A limit of the settings is near. Beyond it calls wait, and statuses are late.',
    whatToDo: 'See which of its members are on. Each names the setting.',
    tellsRecovery: true,
  },
  NotTold: {
    impact: 'Somebody who subscribed learns nothing, or too late: support, or another system.',
    whatToDo: 'See which of its members are on. Each says whom it is about.',
  },
  WebhooksRefused: {
    impact: 'Calls in the name of some providers are refused. If a secret here is wrong, statuses no longer change.',
    whatToDo: 'Find the provider in the lines `webhook.refused` of the ingest log.',
  },
  ProvidersSilent: {
    impact: 'Providers in use are silent for unusually long: the statuses of their emails may be out of date.',
    whatToDo: 'Run npm run doctor, or open the page /ui: both show when each provider last reported.',
    tellsRecovery: true,
  },
} as const satisfies Record<string, Explained>;

export type CompositeName = keyof typeof composites;

const raiseQuota = "Raise the account's quota of concurrent Lambda executions, or find out what else uses it up.";
const findCause = 'Check the table for throttling, and the log of the ingest function for `queue.message-failed`.';

/** The percentage of a limit of the settings from which on operators are warned. */
const nearPercent = 70;

const alarms = {
  CanaryFailed: {
    asks: 'arriving',
    partOf: 'CallsNotRecorded',
    impact: "A signed event of Mailtrail's own did not come back: calls of email providers probably fail too.",
    whatToDo:
      'Find the leg in the lines `canary.failed` of the log of the watch function. Without such a line the function itself does not run: see its errors, and its schedule.',
    measures: 'whether the canary failed twice in a row; nothing measured counts as a failure',
    tryIt: 'Let the table fail, and wait for the next run of the watch function.',
    // Further periods would make up for missing data, and tell of a dead watch function half an hour late.
    metric: ({ watch }, period) =>
      expression(
        'failed',
        { failed: ownMetric(watch, watchMetricNames.canaryFailed, Stats.MAXIMUM, period) },
        period,
        1,
      ),
    // It runs every five minutes, and a run may come a minute late.
    minutes: 10,
    above: 0,
    missing: 'breaching',
  },
  IngestErrors: {
    asks: 'recorded',
    partOf: 'CallsNotRecorded',
    impact: 'Calls of email providers fail. The providers retry for hours or days and then give up.',
    whatToDo: 'Check the log of the ingest function. If it began with the last deployment, roll that back.',
    measures: 'errors of the ingest function',
    tryIt: "Kill the ingest function's process during a call, twice and more than five minutes apart.",
    metric: ({ ingest }, period) => ingest.metricErrors({ period, statistic: Stats.SUM }),
    minutes: 5,
    above: 0,
    // The provider's next try repairs a single one.
    inPeriods: [2, 12],
  },
  IngestThrottles: {
    asks: 'failed',
    partOf: 'CallsNotRecorded',
    impact: 'Calls of email providers are turned away, and the providers retry later: statuses are late.',
    whatToDo: raiseQuota,
    measures: 'throttled invocations of the ingest function',
    tryIt: 'Start with one process per function, and let the table hang while three providers call.',
    metric: ({ ingest }, period) => ingest.metricThrottles({ period, statistic: Stats.SUM }),
    minutes: 5,
    above: 0,
    inPeriods: [2, 2],
  },
  IngestSlow: {
    asks: 'late',
    partOf: 'CallsNotRecorded',
    impact: 'Calls of email providers take so long that some providers give up waiting and call again.',
    whatToDo: 'Check the table for throttling, and the metric `Queued`: its events wait in the retry queue.',
    measures: 'milliseconds of the slowest hundredth of invocations of the ingest function',
    tryIt: 'Let the table and the queues hang while a provider calls.',
    metric: ({ ingest }, period) => ingest.metricDuration({ period, statistic: Stats.percentile(99) }),
    minutes: 5,
    // The function answers within 2.5 s.
    above: 2_300,
    inPeriods: [3, 3],
  },
  WebhookThrottled: {
    asks: 'failed',
    partOf: 'CallsNotRecorded',
    impact: 'API Gateway answers calls 429 before any function sees them. Some providers do not call again after that.',
    whatToDo: "Compare the rate of calls with the account's quota of API Gateway in this region, and have it raised.",
    measures: 'calls that the gateway answered 429 by itself',
    tryIt: 'Send more calls in a second than the gateway takes.',
    metric: ({ logMetrics }, period) => logMetrics.count('WebhookThrottled', period),
    minutes: 5,
    above: 0,
    // One burst is one alarm of half an hour.
    inPeriods: [1, 6],
  },
  WebhookUnavailable: {
    asks: 'recorded',
    partOf: 'CallsNotRecorded',
    impact: 'Events could not be stored. The providers were asked to send them again: statuses are late.',
    whatToDo:
      'Find provider and cause in the lines `webhook.unavailable` of the ingest log: the table, a queue, or the secret.',
    measures: 'calls that could not be stored, of all providers',
    tryIt: 'Let table and queues fail while a provider calls, twice and more than five minutes apart.',
    metric: ({ ingest }, period) => ownMetric(ingest, metricNames.unavailable, Stats.SUM, period),
    minutes: 5,
    above: 0,
    // The provider's next try repairs those of one moment.
    inPeriods: [2, 6],
  },
  EventsFailing: {
    asks: 'failed',
    partOf: 'CallsNotRecorded',
    impact: 'Events in the retry queue or of Amazon SES still cannot be recorded: their statuses are out of date.',
    whatToDo: findCause,
    measures: 'failed messages of the retry queue and of the queue of Amazon SES',
    tryIt: 'Let the table fail for a quarter of an hour while a provider calls.',
    metric: ({ ingest }, period) => ownMetric(ingest, metricNames.failedMessages, Stats.SUM, period),
    minutes: 5,
    above: 0,
    inPeriods: [3, 3],
  },
  EventsLate: {
    asks: 'late',
    partOf: 'CallsNotRecorded',
    impact: 'Events have waited in a queue for more than 15 minutes: their statuses are out of date.',
    whatToDo: `${findCause} Retries go on by themselves for some 8 hours.`,
    measures: 'seconds that the oldest message waits in the retry queue or in that of Amazon SES',
    tryIt: 'Let the table fail while a provider calls, and wait 15 minutes.',
    metric: ({ retryQueue, sesEvents }, period) => oldestIn({ retry: retryQueue, ses: sesEvents.queue }, period),
    minutes: 5,
    above: Duration.minutes(15).toSeconds(),
  },
  TableThrottled: {
    asks: 'failed',
    partOf: 'CallsNotRecorded',
    impact: 'DynamoDB throttles requests: statuses are late, and people may see an error.',
    whatToDo:
      'Find out which tenant or job causes the load. If the whole table is at its limit, raise the settings maxWriteUnits or maxReadUnits.',
    measures: 'throttled requests to the table of emails, by UpdateItem and BatchGetItem',
    tryIt: 'Let a proxy in front of the table answer that its throughput is exceeded.',
    metric: ({ table }, period) => throttledRequests(table, period),
    minutes: 5,
    above: 0,
    inPeriods: [3, 3],
  },
  NewsLate: {
    asks: 'late',
    impact: 'Providers report events late, or retries after an outage catch up: statuses lag behind.',
    whatToDo: 'Look at the metric `Lag` by provider. If it is one provider, see its status page.',
    measures: 'milliseconds from an event until it is recorded, for the latest twentieth of all events',
    tryIt: 'Report events of an hour ago for three quarters of an hour.',
    tellsRecovery: true,
    metric: ({ ingest }, period) => ownMetric(ingest, metricNames.lag, Stats.percentile(95), period),
    minutes: 15,
    above: Duration.minutes(15).toMilliseconds(),
    inPeriods: [3, 3],
  },
  ApiErrors: {
    asks: 'failed',
    impact: 'Some requests get a server error: people see no status, host pages no emails, or an erasure fails.',
    whatToDo:
      'Find the route in the access log, then check the log of its function. If no function has a line of it, raise the quota of concurrent Lambda executions.',
    measures: 'requests that the API answered 5xx',
    tryIt: 'Let the table fail for a quarter of an hour while somebody reads a list.',
    tellsRecovery: true,
    metric: ({ api }, period) => api.metricServerError({ period, statistic: Stats.SUM }),
    minutes: 5,
    above: 0,
    inPeriods: [3, 6],
  },
  TokensRefused: {
    asks: 'failed',
    impact: 'Most tokens are refused: people and host pages see no emails.',
    whatToDo:
      "Compare the settings oidcIssuer and oidcAudience with the issuer's tokens, and open its discovery document.",
    measures: 'the share of refused tokens, once five or more were refused',
    tryIt: 'Read a list with a token of another issuer, ten times in each quarter of an hour.',
    tellsRecovery: true,
    metric: ({ logMetrics }, period) =>
      expression(
        'IF(refused >= 5, refused / (refused + accepted), 0)',
        {
          refused: logMetrics.count('TokensRefused', period),
          accepted: logMetrics.count('TokensAccepted', period),
        },
        period,
      ),
    minutes: 15,
    above: 0.5,
    inPeriods: [2, 2],
  },
  AlertsLate: {
    asks: 'late',
    impact: 'Alerts about hard bounces and spam marks are more than 15 minutes late.',
    whatToDo:
      'Check the logs of the alert and of the digest function for `fault`. Lambda tries again by itself; after a day alerts are given up.',
    measures: "minutes that the oldest batch of the stream or the oldest of people's alerts waits",
    tryIt: 'Let SNS fail for the alert function while an email bounces, and wait 15 minutes.',
    tellsRecovery: true,
    metric: ({ alert, digests }, period) =>
      expression(
        'MAX([batch / 60000, letter / 60])',
        {
          batch: alert.metric('IteratorAge', { period, statistic: Stats.MAXIMUM }),
          letter: digests.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM }),
        },
        period,
      ),
    minutes: 5,
    above: 15,
  },
  DigestsFailing: {
    asks: 'told',
    impact: 'Letters about hard bounces and spam marks cannot be sent to people.',
    whatToDo:
      'Check the log of the digest function for `fault`: it names what failed. It tries again each minute for some 8 hours.',
    measures: "batches of people's alerts that failed, and errors of the digest function",
    tryIt: 'Let SNS fail for the digest function while an email bounces, for a quarter of an hour.',
    tellsRecovery: true,
    metric: ({ digest, logMetrics }, period) =>
      expression(
        'failed + errors',
        {
          failed: logMetrics.count('DigestsFailed', period),
          errors: digest.metricErrors({ period, statistic: Stats.SUM }),
        },
        period,
      ),
    minutes: 5,
    above: 0,
    inPeriods: [3, 3],
  },
  AlertsUndelivered: {
    asks: 'told',
    partOf: 'NotTold',
    impact: 'Letters to support did not reach a subscriber of the topic: support may miss hard bounces and spam marks.',
    whatToDo:
      "Look at the topic's subscriptions (output SupportTopicArn). Subscribe support again, and confirm so that only a signed-in person can unsubscribe.",
    measures: 'deliveries of letters that SNS gave up',
    tryIt: "Publish eleven messages to support's topic within a second.",
    metric: ({ support }, period) => support.metricNumberOfNotificationsFailed({ period, statistic: Stats.SUM }),
    minutes: 15,
    above: 0,
    // One burst is one alarm of an hour.
    inPeriods: [1, 4],
  },
  ChangesUnpublished: {
    asks: 'told',
    partOf: 'NotTold',
    onlyWith: 'events',
    impact: 'Other systems learn of changes of statuses more than 15 minutes late.',
    whatToDo:
      'Check the log of the changes function for `fault`. Lambda tries again by itself, up to 100 times; then the records go to the failure bucket. Meanwhile news waits, too: providers may look silent.',
    measures: 'milliseconds that the oldest batch of the stream waits for the changes function',
    tryIt: 'Let EventBridge fail for the changes function while an email bounces, and wait 15 minutes.',
    metric: ({ changes }, period) => changes.metric('IteratorAge', { period, statistic: Stats.MAXIMUM }),
    minutes: 5,
    above: Duration.minutes(15).toMilliseconds(),
  },
  EventsUndelivered: {
    asks: 'told',
    partOf: 'NotTold',
    onlyWith: 'eventsUrl',
    impact: 'The receiver of eventsUrl refused events, or took none for a day: its view of statuses is out of date.',
    whatToDo:
      'See what its server answers, and mend that. Then post the messages of the queue again (output EventsDeadLettersQueueUrl, kept for 14 days).',
    measures: 'events in the dead-letter queue of eventsUrl',
    tryIt: 'Let eventsUrl answer 400: EventBridge does not repeat such a call.',
    metric: ({ eventWebhook }, period) =>
      eventWebhook!.deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
    minutes: 5,
    above: 0,
  },
  ThroughputNearCeiling: {
    asks: 'cost',
    partOf: 'NearCeiling',
    impact: 'The table of emails takes nearly as much as the settings allow. Beyond that, events wait and lists fail.',
    whatToDo:
      'Find out which tenant or job causes the load. Where it is right, raise maxWriteUnits or maxReadUnits and deploy: the change is in force at once.',
    measures: 'the percentage of maxWriteUnits or maxReadUnits that the table of emails uses',
    tryIt: 'Start with -- --metered and MAILTRAIL_MAX_WRITE_UNITS=1, and send a few events a second for five minutes.',
    tellsRecovery: true,
    metric: ({ config, table }, period) =>
      expression(
        `MAX([100 * writes / ${config.maxWriteUnits * period.toSeconds()}, 100 * reads / ${config.maxReadUnits * period.toSeconds()}])`,
        consumedUnits(table, period),
        period,
      ),
    minutes: 1,
    above: nearPercent,
    inPeriods: [3, 5],
  },
  IngestConcurrencyNearCeiling: {
    asks: 'cost',
    partOf: 'NearCeiling',
    onlyWith: 'ingestConcurrency',
    impact: 'Nearly all executions that are set aside for callbacks are in use. Beyond that, calls are turned away.',
    whatToDo:
      'See whether the function is slow (IngestSlow), and mend that first. Else raise ingestConcurrency and deploy.',
    measures: 'the percentage of ingestConcurrency that runs at once',
    tryIt: 'Set ingestConcurrency to 23, and let the table hang while 17 providers call.',
    tellsRecovery: true,
    metric: ({ config, ingest }, period) =>
      expression(
        `100 * running / ${config.ingestConcurrency}`,
        { running: ingest.metric('ConcurrentExecutions', { period, statistic: Stats.MAXIMUM }) },
        period,
      ),
    minutes: 1,
    above: nearPercent,
    inPeriods: [3, 5],
  },
} as const satisfies Record<string, AlarmFacts>;

type Providers = readonly Config['providers'][number][];

/**
 * Alarms over the providers in use. The metric of each provider is told apart, and CloudWatch takes ten of them in one
 * alarm: more providers have a further alarm.
 */
const providerAlarms = {
  WebhookRefused: providers => ({
    asks: 'arriving',
    partOf: 'WebhooksRefused',
    impact: 'Calls of a provider are refused. If its secret here is wrong, its statuses no longer change.',
    whatToDo:
      'Find the provider in the lines `webhook.refused` of the ingest log. Compare its secret (output WebhookSecretsArn) with the one at the provider. If its statuses still change, strangers call.',
    measures: 'refused calls in the name of a provider in use, of that provider with the most',
    tryIt: 'Send three calls with a wrong signature.',
    metric: ({ ingest }, period) =>
      ofProviders(
        providers,
        dimensions => ownMetric(ingest, metricNames.refused, Stats.SUM, period, dimensions),
        period,
      ),
    // One or two stray calls are harmless. An hour is long enough to notice a wrong secret of a provider with few
    // emails.
    minutes: 60,
    above: 2,
  }),
  Silence: providers => ({
    asks: 'arriving',
    partOf: 'ProvidersSilent',
    impact:
      'Nothing has come from a provider in use for unusually long: the statuses of its emails may be out of date.',
    whatToDo:
      'Run npm run doctor: it names the provider. Check there that the webhook is switched on and leads here. If it rarely reports, state its gap by expectNews.',
    measures: 'the silence of the provider in use that is silent for longest, of which 1 is as long as usual',
    tryIt: 'Stop its events for three times the gap that the setting expectNews states.',
    tellsRecovery: true,
    metric: ({ watch }, period) =>
      ofProviders(
        providers,
        dimensions => ownMetric(watch, watchMetricNames.silence, Stats.MAXIMUM, period, dimensions),
        period,
        // A provider that nobody judges any more is as good as silent, and must not hide behind the others.
        // So is one that was just added, until the first run: more periods would not help, since earlier ones lack it, too.
        2,
      ),
    minutes: 10,
    above: 1,
    missing: 'breaching',
  }),
} as const satisfies Record<string, (providers: Providers) => AlarmFacts>;

/** The highest metric of these providers; that over all providers where none is listed. */
function ofProviders(
  providers: Providers,
  metricOf: (dimensions: { Provider?: string }) => ReturnType<typeof ownMetric>,
  period: Duration,
  missing?: number,
): Measured {
  if (providers.length === 0) return metricOf({});
  return highest(Object.fromEntries(providers.map(Provider => [Provider, metricOf({ Provider })])), period, missing);
}

export type AlarmName = keyof typeof alarms | keyof typeof providerAlarms;

const metricsInAlarm = 10;

/** Every alarm of an installation, by name. Those of more than ten providers have a number: `Silence-2`. */
export function alarmsOf(
  config: { readonly providers: Providers } & Partial<Omit<Config, 'providers'>>,
): ReadonlyMap<string, AlarmFacts> {
  const groups = chunks(config.providers, metricsInAlarm);
  return new Map<string, AlarmFacts>([
    ...Object.entries<AlarmFacts>(alarms).filter(
      ([, { onlyWith }]) => onlyWith === undefined || (config[onlyWith] !== undefined && config[onlyWith] !== false),
    ),
    // Nothing is known about the silence of providers that are not listed.
    ...(groups.length === 0 ? [['WebhookRefused', providerAlarms.WebhookRefused([])] as const] : []),
    ...Object.entries(providerAlarms).flatMap(([name, facts]) =>
      groups.map((providers, index) => [index === 0 ? name : `${name}-${index + 1}`, facts(providers)] as const),
    ),
  ]);
}
