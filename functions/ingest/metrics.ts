import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { type CanonicalEvent, canaryAccountId } from '../../shared/email/event.ts';
import type { Tally } from '../../shared/news/tally.ts';
import { metricNames, metricService, overallMetrics } from '../../shared/runtime/metric-names.ts';

type Counted = Exclude<keyof typeof metricNames, 'events' | 'lag' | 'failedMessages'>;

export interface IngestMetrics {
  /** Queue messages that failed and will be retried. */
  failedMessages(source: string, messages: number): void;
  /** Counts by provider; counts of 0 are not written. */
  count(provider: string, counts: Readonly<Partial<Record<Counted, number>>>): void;
  /** Genuine events as they arrive. */
  arrived(provider: string, events: readonly CanonicalEvent[]): void;
  /**
   * Events that are in the table now, at least one of them newly recorded.
   *
   * @param at epoch milliseconds
   */
  recorded(provider: string, events: readonly CanonicalEvent[], at: number): void;
}

/** The format allows 100 values per metric in a line. */
const maxValues = 90;

/** The same line, in which some metrics also count over all providers. */
function withOverall(line: ReturnType<Metrics['serializeMetrics']>): typeof line {
  const { CloudWatchMetrics } = line._aws;
  const overall = CloudWatchMetrics.flatMap(({ Namespace, Metrics: named }) => {
    const counted = named.filter(({ Name }) => overallMetrics.has(Name));
    return counted.length === 0 ? [] : [{ Namespace, Dimensions: [['service']] as [string[]], Metrics: counted }];
  });
  return { ...line, _aws: { ...line._aws, CloudWatchMetrics: [...CloudWatchMetrics, ...overall] } };
}

/**
 * Writes metrics as log lines in CloudWatch's embedded metric format, without a call or a wait.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function createMetrics(
  namespace: string,
  write: (line: string) => unknown = line => process.stdout.write(line),
): IngestMetrics {
  const metrics = new Metrics({ namespace, serviceName: metricService });
  const publish = (dimensions: Readonly<Record<string, string>>, add: () => void) => {
    for (const [name, value] of Object.entries(dimensions)) metrics.addDimension(name, value);
    add();
    if (metrics.hasStoredMetrics()) write(`${JSON.stringify(withOverall(metrics.serializeMetrics()))}\n`);
    metrics.clearMetrics();
    metrics.clearDimensions();
  };
  return {
    failedMessages(Source, messages) {
      publish({ Source }, () => metrics.addMetric(metricNames.failedMessages, MetricUnit.Count, messages));
    },
    count(Provider, counts) {
      publish({ Provider }, () => {
        for (const [name, count] of Object.entries(counts)) {
          if (count > 0) metrics.addMetric(metricNames[name as keyof typeof counts], MetricUnit.Count, count);
        }
      });
    },
    arrived(Provider, events) {
      for (const [Status, { length }] of Map.groupBy(withoutCanary(events), ({ status }) => status ?? 'note')) {
        publish({ Provider, Status }, () => metrics.addMetric(metricNames.events, MetricUnit.Count, length));
      }
    },
    recorded(Provider, all, at) {
      const events = withoutCanary(all);
      // Of more events, evenly spread ones stand for all.
      const step = Math.max(1, events.length / maxValues);
      publish({ Provider }, () => {
        for (let index = 0; index < events.length; index += step) {
          const { occurredAt } = events[Math.floor(index)]!;
          metrics.addMetric(metricNames.lag, MetricUnit.Milliseconds, Math.max(0, at - occurredAt));
        }
      });
    },
  };
}

/** The same metrics, with refused calls and quarantined pieces counted for support too. */
export function tallied(metrics: IngestMetrics, tally: Pick<Tally, 'add'>): IngestMetrics {
  return {
    ...metrics,
    count(provider, counts) {
      metrics.count(provider, counts);
      tally.add(provider, counts);
    },
  };
}

/** The canary's events are no traffic. */
function withoutCanary(events: readonly CanonicalEvent[]): readonly CanonicalEvent[] {
  return events.some(isCanary) ? events.filter(event => !isCanary(event)) : events;
}

function isCanary({ accountId }: CanonicalEvent): boolean {
  return accountId === canaryAccountId;
}
