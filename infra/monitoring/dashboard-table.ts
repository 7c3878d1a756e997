/** The graphs of the dashboard that no alarm watches. Each alarm of infra/monitoring/alarm-table.ts has one besides. */

import type { Duration } from 'aws-cdk-lib';
import { MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { metricNames, statusMetrics } from '../../shared/runtime/metric-names.ts';
import { metricsNamespaceOf } from '../compute/ingest.ts';
import type { AlarmName, Watched } from './alarm-table.ts';
import type { Question } from './questions.ts';
import { consumedUnits, logBytes, type Measured, ownMetric } from './watched-metrics.ts';

/** Lines of a graph by their labels. */
export type Lines = Readonly<Record<string, Measured>>;

export interface Graph {
  readonly asks: Question;
  readonly title: string;
  readonly minutes: number;
  readonly lines: (watched: Watched, period: Duration) => Lines;
  /** Levels that matter, by what they say. */
  readonly levels?: Readonly<Record<string, number>>;
}

/** Notes change no status. */
const { note: _, ...byStatus } = statusMetrics;

export const graphs: readonly Graph[] = [
  {
    asks: 'arriving',
    title: 'Webhooks, and batches of queues, a minute',
    minutes: 1,
    lines: ({ ingest }, period) => ({
      'invocations of the ingest function': ingest.metricInvocations({ period, statistic: Stats.SUM }),
    }),
  },
  {
    asks: 'arriving',
    title: 'Events by status',
    minutes: 5,
    lines: (watched, period) =>
      Object.fromEntries(Object.values(byStatus).map(name => [name, eventsOf(watched, name, period)])),
  },
  {
    asks: 'arriving',
    title: 'Hard bounces, percent of Sent, by day',
    minutes: 24 * 60,
    lines: (watched, period) => ratesOf(watched, statusMetrics.hard_bounced, statusMetrics.sent, period),
    levels: { warning: 5, 'act now': 10 },
  },
  {
    asks: 'arriving',
    title: 'Spam marks, percent of Delivered, by day',
    minutes: 24 * 60,
    lines: (watched, period) => ratesOf(watched, statusMetrics.marked_spam, statusMetrics.delivered, period),
    levels: { warning: 0.1, 'act now': 0.3 },
  },
  {
    asks: 'recorded',
    title: 'Events that were recorded before, or wait in the retry queue',
    minutes: 5,
    lines: (watched, period) => ({
      duplicates: eventsOf(watched, metricNames.duplicates, period),
      queued: eventsOf(watched, metricNames.queued, period),
    }),
  },
  {
    asks: 'late',
    title: 'Wait of the news that the watch function judges',
    minutes: 5,
    lines: ({ changes }, period) => ({
      'milliseconds in the stream': changes.metric('IteratorAge', { period, statistic: Stats.MAXIMUM }),
    }),
  },
  {
    asks: 'waiting',
    title: 'Messages that functions take by themselves',
    minutes: 5,
    lines: ({ retryQueue, sesEvents, digests }, period) =>
      messagesIn({ retry: retryQueue, 'Amazon SES': sesEvents.queue, "people's alerts": digests }, period),
  },
  {
    asks: 'waiting',
    title: 'Messages that wait for a person',
    minutes: 5,
    lines: ({ quarantine, retryQueue, sesEvents, digests }, period) =>
      messagesIn(
        {
          quarantine,
          'dead letters of retries': retryQueue.deadLetters,
          'dead letters of Amazon SES': sesEvents.queue.deadLetters,
          "dead letters of people's alerts": digests.deadLetters,
        },
        period,
      ),
  },
  {
    asks: 'cost',
    title: 'Units of the table of emails, without its indexes',
    minutes: 5,
    lines: ({ table }, period) => consumedUnits(table, period) as unknown as Lines,
  },
  {
    asks: 'cost',
    title: 'Bytes of logs',
    minutes: 5,
    lines: ({ ingest, api }, period) => ({
      'ingest function': logBytes(ingest.logs, period),
      'access log': logBytes(api.accessLogs, period),
    }),
  },
];

/** Further lines in the graphs of alarms. */
export const besideAlarms: Partial<Record<AlarmName, Graph['lines']>> = {
  NewsLate: ({ ingest }, period) => ({
    'half of all events': ownMetric(ingest, metricNames.lag, Stats.percentile(50), period),
    'latest hundredth': ownMetric(ingest, metricNames.lag, Stats.percentile(99), period),
  }),
  AlertsUndelivered: ({ support }, period) => ({
    delivered: support.metricNumberOfNotificationsDelivered({ period, statistic: Stats.SUM }),
  }),
};

/** A count of the ingest function over the providers in use, or over all where none is listed. */
function eventsOf({ config: { providers }, ingest }: Watched, name: string, period: Duration): Measured {
  if (providers.length === 0) {
    const namespace = metricsNamespaceOf(ingest);
    const search = `'{"${namespace}",service,Provider} MetricName="${name}"', 'Sum', ${period.toSeconds()}`;
    return new MathExpression({ expression: `SUM(SEARCH(${search}))`, usingMetrics: {}, period });
  }
  const each = providers.map(Provider => ownMetric(ingest, name, Stats.SUM, period, { Provider }));
  const [only, ...others] = each;
  if (others.length === 0) return only!;
  const usingMetrics = Object.fromEntries(each.map((metric, index) => [`${providers[index]}${name}`, metric]));
  return new MathExpression({ expression: `SUM([${Object.keys(usingMetrics).join(', ')}])`, usingMetrics, period });
}

/** A share in percent for each provider in use; where none is listed, of all together. */
function ratesOf(watched: Watched, part: string, whole: string, period: Duration): Lines {
  const { providers } = watched.config;
  const rate = (given: Watched, id: string) =>
    new MathExpression({
      expression: `100 * ${id}Part / ${id}Whole`,
      usingMetrics: { [`${id}Part`]: eventsOf(given, part, period), [`${id}Whole`]: eventsOf(given, whole, period) },
      period,
    });
  if (providers.length === 0) return { 'all providers': rate(watched, 'all') };
  return Object.fromEntries(
    providers.map(provider => [
      provider,
      rate({ ...watched, config: { ...watched.config, providers: [provider] } }, provider),
    ]),
  );
}

function messagesIn(queues: Readonly<Record<string, IQueue>>, period: Duration): Lines {
  return Object.fromEntries(
    Object.entries(queues).map(([label, queue]) => [
      label,
      queue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
    ]),
  );
}
