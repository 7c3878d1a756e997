import { type CanonicalEvent, canaryAccountId } from '../../shared/email/event.ts';
import type { Tally } from '../../shared/news/tally.ts';
import { type MetricMembers, type MetricValues, metricMembers } from '../../shared/runtime/embedded-metrics.ts';
import { metricNames, overallMetrics, statusMetrics } from '../../shared/runtime/metric-names.ts';

/** Everything about a request, or about a batch of messages, that metrics count. */
export interface Measurable {
  /** Genuine events, once they are durable or in a queue. */
  readonly arrived?: readonly CanonicalEvent[];
  /** Events that are in the table now, at least one of them newly recorded. */
  readonly stored?: readonly CanonicalEvent[];
  readonly counts?: Readonly<Partial<Record<keyof typeof countMetrics, number>>>;
  /** Queue messages that failed and will be retried. */
  readonly failedMessages?: { readonly source: string; readonly count: number };
}

/**
 * The metrics of a request or batch, for its log line.
 *
 * @param provider null for messages that name none
 */
export type Measure = (provider: string | null, measurable: Measurable) => MetricMembers;

/** The metrics of counts, which leave out counts of 0. */
const countMetrics = {
  duplicate: metricNames.duplicates,
  queued: metricNames.queued,
  quarantined: metricNames.quarantined,
  refused: metricNames.refused,
  unavailable: metricNames.unavailable,
} as const satisfies Record<string, string>;

interface MeasureParts {
  readonly namespace: string;
  /** Counts refused calls and quarantined pieces for support, too. */
  readonly tally: Pick<Tally, 'add'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export function createMeasure({ namespace, tally, now }: MeasureParts): Measure {
  return (provider, { arrived = [], stored = [], counts = {}, failedMessages }) => {
    if (provider !== null) tally.add(provider, counts);
    const at = now();
    const byStatus = Map.groupBy(withoutCanary(arrived), ({ status }) => statusMetrics[status ?? 'note']);
    const lags = withoutCanary(stored).map(({ occurredAt }) => Math.max(0, at - occurredAt));
    const failed = failedMessages?.count ?? 0;
    const byProvider = [
      ...[...byStatus].map(([name, { length }]) => metric('Provider', name, [length])),
      ...Object.entries(countMetrics).flatMap(([count, name]) =>
        positive('Provider', name, counts[count as keyof typeof counts]),
      ),
      metric('Provider', metricNames.lag, lags, 'Milliseconds'),
    ];
    return metricMembers({
      namespace,
      dimensions: {
        ...(provider !== null && { Provider: provider }),
        ...(failed > 0 && { Source: failedMessages!.source }),
      },
      metrics: [...(provider === null ? [] : byProvider), ...positive('Source', metricNames.failedMessages, failed)],
    });
  };
}

function metric(
  dimension: 'Provider' | 'Source',
  name: string,
  values: readonly number[],
  unit: MetricValues['unit'] = null,
): MetricValues {
  const dimensions = [['service', dimension], ...(overallMetrics.has(name) ? [['service']] : [])];
  return { name, unit, values, dimensions };
}

function positive(dimension: 'Provider' | 'Source', name: string, count = 0): readonly MetricValues[] {
  return count > 0 ? [metric(dimension, name, [count])] : [];
}

/** The canary's events are no traffic. */
function withoutCanary(events: readonly CanonicalEvent[]): readonly CanonicalEvent[] {
  return events.some(isCanary) ? events.filter(event => !isCanary(event)) : events;
}

function isCanary({ accountId }: CanonicalEvent): boolean {
  return accountId === canaryAccountId;
}
