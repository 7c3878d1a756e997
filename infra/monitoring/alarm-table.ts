/** Every alarm: its metric and threshold, its impact, and the first step. docs/alarms.md is written from this table. */

import { Duration } from 'aws-cdk-lib';
import { type IMetric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { providerTitles } from '../../shared/providers/titles.ts';
import { metricNames, watchMetricNames } from '../../shared/runtime/metric-names.ts';
import type { MailtrailApi } from '../api/http-api.ts';
import type { Alert } from '../compute/alert.ts';
import type { Changes } from '../compute/changes.ts';
import type { MailtrailFunction } from '../compute/mailtrail-function.ts';
import type { QuarantineQueue } from '../messaging/quarantine-queue.ts';
import type { SesEvents } from '../messaging/ses-events.ts';
import type { SupportTopic } from '../messaging/topics.ts';
import type { WorkerQueue } from '../messaging/worker-queue.ts';
import type { EmailTable } from '../storage/email-table.ts';
import type { LogMetrics } from './log-metrics.ts';
import {
  alwaysWaitingIn,
  expression,
  givenUpBy,
  messageCounts,
  messagesIn,
  oldestIn,
  ownMetric,
  throttledRequests,
  undelivered,
} from './watched-metrics.ts';

/** The parts of the stack that alarms watch. */
export interface Watched {
  readonly ingest: MailtrailFunction;
  readonly alert: Alert;
  readonly api: MailtrailApi;
  readonly changes: Changes;
  readonly digest: MailtrailFunction;
  readonly digests: WorkerQueue;
  readonly logMetrics: LogMetrics;
  readonly table: EmailTable;
  readonly quarantine: QuarantineQueue;
  readonly retryQueue: WorkerQueue;
  readonly sesEvents: SesEvents;
  readonly support: SupportTopic;
  readonly watch: MailtrailFunction;
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
  /** The metric in words. */
  readonly measures: string;
  /** A failure that sets it off on one machine. */
  readonly tryIt: string;
  readonly metric: (watched: Watched, period: Duration) => IMetric;
  readonly minutes: number;
  readonly above: number;
  /** In so many of the last periods; 1 of 1 by default. */
  readonly inPeriods?: readonly [breaching: number, of: number];
  /** The alarm also goes off where nothing is measured any more. */
  readonly missing?: 'breaching';
  /** The composite alarm that tells of it: it sends no email of its own. */
  readonly partOf?: CompositeName;
  /** Another email that tells of it: it sends none of its own. */
  readonly toldBy?: string;
}

/** Alarms that send one email for all of their members. */
export const composites = {
  CallsNotRecorded: {
    impact:
      'Calls of email providers are not recorded in time. Statuses are late, and lost once the providers give up.',
    whatToDo: 'See which of its members are on. Each says where to look.',
    tellsRecovery: true,
  },
  NewsMissing: {
    impact: 'A provider in use is silent for unusually long, or nobody counts its news: statuses may be out of date.',
    whatToDo:
      'See which of its members are on. The route GET /providers and the page /ui show when each last reported.',
    tellsRecovery: true,
  },
  SupportNotAlerted: {
    impact: 'Support does not hear of hard bounces and spam marks in time.',
    whatToDo: 'See which of its members are on. Until then, the attention lists have the emails.',
    tellsRecovery: true,
  },
  EventsSetAside: {
    impact: 'Some genuine events were not recorded, and wait for a person: their statuses may be out of date.',
    whatToDo: 'See which of its members are on: the quarantine or the dead letters. They are kept for 14 days.',
  },
  WebhooksRefused: {
    impact: 'Calls in the name of some providers are refused. If a secret here is wrong, statuses no longer change.',
    whatToDo: 'See which of its members are on: each is about one provider.',
  },
} as const satisfies Record<string, Explained>;

export type CompositeName = keyof typeof composites;

const raiseQuota = "Raise the account's quota of concurrent Lambda executions, or find out what else uses it up.";
const findCause = 'Check the table for throttling, and the log of the ingest function for `queue.message-failed`.';
const replay =
  'Find the cause in the lines `queue.message-failed` of the ingest log. Once it is fixed: npm run replay -- --queue dead-letter. They expire 14 days after arrival.';

const drained = ({ retryQueue, sesEvents }: Watched) => ({ retry: retryQueue, ses: sesEvents.queue });

const alarms = {
  CanaryFailed: {
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
    partOf: 'CallsNotRecorded',
    impact: 'Events in the retry queue or of Amazon SES still cannot be recorded: their statuses are out of date.',
    whatToDo: findCause,
    measures: 'failed messages of the retry queue and of the queue of Amazon SES',
    tryIt: 'Let the table fail for a quarter of an hour while a provider calls.',
    metric: ({ ingest }, period) =>
      expression(
        'retry + ses',
        {
          retry: ownMetric(ingest, metricNames.failedMessages, Stats.SUM, period, { Source: 'retry' }),
          ses: ownMetric(ingest, metricNames.failedMessages, Stats.SUM, period, { Source: 'ses' }),
        },
        period,
      ),
    minutes: 5,
    above: 0,
    inPeriods: [3, 3],
  },
  EventsLate: {
    partOf: 'CallsNotRecorded',
    impact: 'Events have waited in a queue for more than 15 minutes: their statuses are out of date.',
    whatToDo: `${findCause} Retries go on by themselves for some 8 hours.`,
    measures: 'seconds that the oldest message waits in the retry queue or in that of Amazon SES',
    tryIt: 'Let the table fail while a provider calls, and wait 15 minutes.',
    metric: (watched, period) => oldestIn(drained(watched), period),
    minutes: 5,
    above: Duration.minutes(15).toSeconds(),
  },
  QueuesNotRead: {
    partOf: 'CallsNotRecorded',
    impact:
      'Nobody takes the messages of the retry queue or of the queue of Amazon SES: their statuses stay as they are.',
    whatToDo:
      "Look whether the queue's event source mapping is enabled, and whether the ingest function's role may read it.",
    measures: 'messages that waited in the retry queue or in that of Amazon SES all the time',
    tryIt: 'Let the table hang for a quarter of an hour while more events of Amazon SES come than the function takes.',
    metric: (watched, period) => alwaysWaitingIn(drained(watched), period),
    minutes: 5,
    above: 0,
    inPeriods: [3, 3],
  },
  TableThrottled: {
    partOf: 'CallsNotRecorded',
    impact: 'DynamoDB throttles requests: statuses are late, and people may see an error.',
    whatToDo: 'Find out which tenant or job causes the load. Raise the ceiling in infra/storage/throughput-ceiling.ts.',
    measures: 'throttled requests to the table of emails',
    tryIt: 'Let a proxy in front of the table answer that its throughput is exceeded.',
    metric: ({ table }, period) => throttledRequests(table, period),
    minutes: 5,
    above: 0,
    inPeriods: [3, 3],
  },
  EventsGivenUp: {
    partOf: 'EventsSetAside',
    impact: 'Some genuine events could not be recorded for some 8 hours: their statuses are out of date.',
    whatToDo: replay,
    measures: 'messages in the dead-letter queues of the retry queue and of Amazon SES',
    tryIt: 'Let the table fail for eight hours after an event of Amazon SES came.',
    metric: ({ retryQueue, sesEvents }, period) =>
      messagesIn({ retry: retryQueue.deadLetters, ses: sesEvents.queue.deadLetters }, period),
    minutes: 5,
    above: 0,
  },
  QuarantineNotEmpty: {
    partOf: 'EventsSetAside',
    impact: 'Some genuine events could not be parsed or recorded: the status of their emails may be out of date.',
    whatToDo:
      'npm run replay -- --queue quarantine --dry-run --show lists them with the reason. Once they can be parsed, the same without --dry-run --show records them. They expire 14 days after arrival.',
    measures: 'messages in quarantine',
    tryIt: 'Send a genuine call with an event that no adapter knows.',
    metric: ({ quarantine }, period) => messagesIn({ quarantine }, period),
    minutes: 5,
    above: 0,
  },
  NewsLate: {
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
  AlertErrors: {
    partOf: 'SupportNotAlerted',
    impact: 'Alerts about hard bounces and spam marks are late, and are not sent at all if it lasts.',
    whatToDo: 'Check the logs of the alert and of the digest function. Lambda tries again by itself.',
    measures: 'errors of the alert and the digest function',
    tryIt: "Kill the alert function's process during a batch, twice and more than five minutes apart.",
    metric: ({ alert, digest }, period) =>
      expression(
        'found + told',
        {
          found: alert.metricErrors({ period, statistic: Stats.SUM }),
          told: digest.metricErrors({ period, statistic: Stats.SUM }),
        },
        period,
      ),
    minutes: 5,
    above: 0,
    // Lambda's next try repairs a single one.
    inPeriods: [2, 6],
  },
  AlertsLate: {
    partOf: 'SupportNotAlerted',
    impact: 'Alerts about hard bounces and spam marks are more than 10 minutes late; after a day they are lost.',
    whatToDo: 'Check the log of the alert function for `fault`, and how long a batch takes.',
    measures: 'milliseconds that the oldest batch of the stream waits for the alert function',
    tryIt: 'Let SNS fail while an email bounces, and wait 10 minutes.',
    metric: ({ alert }, period) => alert.metric('IteratorAge', { period, statistic: Stats.MAXIMUM }),
    minutes: 5,
    above: Duration.minutes(10).toMilliseconds(),
  },
  DigestsLate: {
    partOf: 'SupportNotAlerted',
    impact: 'Alerts have waited for more than 15 minutes to be told to people.',
    whatToDo:
      'Look whether the event source mapping of the digest function is enabled, and at the log of the function.',
    measures: "seconds that the oldest message waits in the queue of people's alerts",
    tryIt: 'Let the table of guards hang while many emails bounce, and wait 15 minutes.',
    metric: ({ digests }, period) => digests.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM }),
    minutes: 5,
    above: Duration.minutes(15).toSeconds(),
  },
  DigestsFailing: {
    partOf: 'SupportNotAlerted',
    impact: 'Letters about hard bounces and spam marks cannot be sent to people.',
    whatToDo:
      'Check the log of the digest function for `fault`: it names what failed. It tries again each minute for some 8 hours.',
    measures: "batches of people's alerts that failed",
    tryIt: 'Let SNS fail for the digest function while an email bounces, for a quarter of an hour.',
    metric: ({ logMetrics }, period) => logMetrics.count('DigestsFailed', period),
    minutes: 5,
    above: 0,
    inPeriods: [3, 3],
  },
  // It stays on for up to a day: in a composite alarm it would hide what comes meanwhile.
  AlertsUndelivered: {
    impact: 'Alerts are published, and reach nobody: support hears of no hard bounce and no spam mark.',
    whatToDo:
      "Look at the topic's subscriptions (output SupportTopicArn). Subscribe support again, and confirm so that only a signed-in person can unsubscribe.",
    measures: 'alerts that reached no subscriber of the topic',
    tryIt: 'Open the unsubscribe link of an alert, and let two emails bounce, more than 15 minutes apart.',
    metric: ({ support }, period) => undelivered(support, period),
    minutes: 15,
    above: 0,
    // Publishing and delivery may be counted in different minutes, so that one period proves nothing.
    inPeriods: [2, 96],
  },
  AlertsGivenUp: {
    impact: 'Some alerts about hard bounces or spam marks were not sent, and will not be.',
    whatToDo:
      "Inform support. The records of machines' alerts are in the failure bucket (output AlertFailuresBucketName), and those of people's in the queue of the output DigestDeadLettersQueueUrl. All emails are in their attention lists, also those whose records are lost.",
    measures: "records of the stream that were given up, and messages in the dead-letter queue of people's alerts",
    tryIt: 'Let SNS fail while an email bounces, until the last of eleven tries.',
    metric: ({ alert, digests }, period) =>
      expression(
        'kept + dropped + lost + letters + lettersHeld',
        {
          ...givenUpBy(alert, period),
          ...messageCounts({ letters: digests.deadLetters }, period),
        },
        period,
      ),
    minutes: 5,
    above: 0,
  },
  ChangesLate: {
    partOf: 'NewsMissing',
    impact:
      "The news of the last ten minutes or more is not counted: a provider's silence is noticed late or for nothing.",
    whatToDo: 'Check the log of the changes function for `fault`, and the table of guards for throttling.',
    measures: 'milliseconds that the oldest batch of the stream waits for the changes function',
    tryIt: 'Let the table of guards fail for the changes function while an event comes, and wait 10 minutes.',
    metric: ({ changes }, period) => changes.metric('IteratorAge', { period, statistic: Stats.MAXIMUM }),
    minutes: 5,
    above: Duration.minutes(10).toMilliseconds(),
  },
  ChangesGivenUp: {
    partOf: 'NewsMissing',
    impact: 'Some news was not counted and will not be: for a day a provider may seem silent that is not.',
    whatToDo:
      'Find the cause in the log of the changes function. No status is lost. The records are in the failure bucket (output AlertFailuresBucketName).',
    measures: 'records of the stream that were given up before the changes function counted them',
    tryIt: 'Let the table of guards fail for the changes function while an event comes, until the last try.',
    metric: ({ changes }, period) => expression('kept + dropped + lost', givenUpBy(changes, period), period),
    minutes: 5,
    above: 0,
  },
} as const satisfies Record<string, AlarmFacts>;

/** Alarms that each provider in use has, or all together where the setting `providers` names none. */
const providerAlarms = {
  WebhookRefused: provider => ({
    ...(provider === null
      ? {
          impact: 'Calls of a provider are refused. If its secret here is wrong, its statuses no longer change.',
          whatToDo:
            'Find the provider in the lines `webhook.refused` of the ingest log. Compare its secret (output WebhookSecretsArn) with the one at the provider. If its statuses still change, strangers call.',
        }
      : {
          impact: `Calls in the name of ${providerTitles[provider]} are refused. If the secret here is wrong, the statuses of its emails no longer change.`,
          whatToDo: `Compare the secret of ${provider} (output WebhookSecretsArn) with the one at the provider. If its statuses still change, the calls are not from the provider, and nothing of them is stored.`,
        }),
    measures: `refused calls ${provider === null ? 'of all providers' : `in the name of ${providerTitles[provider]}`}`,
    tryIt: 'Send three calls with a wrong signature.',
    metric: ({ ingest }, period) =>
      ownMetric(ingest, metricNames.refused, Stats.SUM, period, provider === null ? {} : { Provider: provider }),
    // One or two stray calls are harmless. An hour is long enough to notice a wrong secret of a provider with few
    // emails.
    minutes: 60,
    above: 2,
    partOf: 'WebhooksRefused',
  }),
} as const satisfies Record<string, (provider: keyof typeof providerTitles | null) => AlarmFacts>;

/** A provider in use, by its name and in a sentence. */
interface Listed {
  readonly name: string;
  readonly title: string;
}

/** Alarms that each provider in use has, and none where the setting `providers` names none. */
const listedAlarms = {
  Silence: ({ name, title }) => ({
    partOf: 'NewsMissing',
    impact: `Nothing has come from ${title} for unusually long: the statuses of its emails may be out of date.`,
    whatToDo: `Check at ${title} that the webhook is switched on and leads here. If it rarely reports, state its gap by expectNews. If all alarms of silence are on, check the log of the watch function.`,
    measures: `the silence of ${title}, of which 1 is as long as usual`,
    tryIt: 'Stop its events for three times the gap that the setting expectNews states.',
    metric: ({ watch }, period) =>
      ownMetric(watch, watchMetricNames.silence, Stats.MAXIMUM, period, { Provider: name }),
    minutes: 10,
    above: 1,
    missing: 'breaching',
  }),
} as const satisfies Record<string, (provider: Listed) => AlarmFacts>;

export type AlarmName = keyof typeof alarms | keyof typeof providerAlarms | keyof typeof listedAlarms;

/**
 * Every alarm of an installation, by name. Those of a provider have its name at the end: `WebhookRefused-postmark`.
 *
 * @param providers those in use; none stands for all
 */
export function alarmsOf(providers: readonly (keyof typeof providerTitles)[]): ReadonlyMap<string, AlarmFacts> {
  const each = providers.length === 0 ? [null] : providers;
  return new Map<string, AlarmFacts>([
    ...Object.entries<AlarmFacts>(alarms),
    ...Object.entries(providerAlarms).flatMap(([name, facts]) =>
      each.map(provider => [provider === null ? name : `${name}-${provider}`, facts(provider)] as const),
    ),
    ...Object.entries(listedAlarms).flatMap(([name, facts]) =>
      providers.map(
        provider => [`${name}-${provider}`, facts({ name: provider, title: providerTitles[provider] })] as const,
      ),
    ),
  ]);
}

/** The alarms that exist for providers in use alone, of any of them. */
export function alarmsOfAnyListed(): ReadonlyMap<string, AlarmFacts> {
  const any = { name: '<provider>', title: 'the provider' };
  return new Map(Object.entries(listedAlarms).map(([name, facts]) => [name, facts(any)]));
}
