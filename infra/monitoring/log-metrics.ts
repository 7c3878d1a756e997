import type { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Route, routes } from '../../shared/http/routes.ts';
import { metricsNamespaceOf } from '../compute/ingest.ts';

/** The condition that a line is about one of the routes with this access. */
const isOf = (...accesses: readonly Route['access'][]) =>
  Object.entries<Route>(routes)
    .filter(([, { access }]) => accesses.includes(access))
    .map(([key]) => `($.route = "${key}")`)
    .join(' || ');

/**
 * Metrics that are counted from lines of a log. The gateway reports 4xx as one number, of which strangers make most. A
 * variable without a value is - in its access log.
 */
const filters = {
  /** The gateway turned a provider's call away before any function saw it. It may not have looked for a route yet. */
  WebhookThrottled: {
    log: 'access',
    pattern: `{ ($.status = "429") && ($.integration = "-") && (${isOf('provider')} || ($.route = "-")) }`,
  },
  TokensRefused: { log: 'access', pattern: '{ ($.status = "401") && ($.tokenError != "-") }' },
  TokensAccepted: {
    log: 'access',
    pattern: `{ ($.tokenError = "-") && ($.integration != "-") && (${isOf('account', 'support')}) }`,
  },
  /** Batches of people's alerts of which some were not told. */
  DigestsFailed: { log: 'digest', pattern: '{ ($.message = "digest.sent") && ($.failed > 0) }' },
} as const satisfies Record<string, { readonly log: string; readonly pattern: string }>;

export type LogMetric = keyof typeof filters;

export class LogMetrics extends Construct {
  constructor(scope: Construct, id: string, logs: Readonly<Record<(typeof filters)[LogMetric]['log'], LogGroup>>) {
    super(scope, id);
    const metricNamespace = metricsNamespaceOf(this);
    for (const [metricName, { log, pattern }] of Object.entries(filters)) {
      new MetricFilter(this, metricName, {
        logGroup: logs[log],
        metricNamespace,
        metricName,
        metricValue: '1',
        filterPattern: FilterPattern.literal(pattern),
      });
    }
  }

  /** The lines in a period. */
  count(metricName: LogMetric, period: Duration): Metric {
    return new Metric({ namespace: metricsNamespaceOf(this), metricName, statistic: Stats.SUM, period });
  }
}
