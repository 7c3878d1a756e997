/** The metrics that alarms watch and the dashboard shows. */

import type { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { metricService } from '../../shared/runtime/metric-names.ts';
import { metricsNamespaceOf } from '../compute/ingest.ts';

export type Measured = Metric | MathExpression;
export type MetricsById = Readonly<Record<string, Metric>>;

/** An expression over metrics. Where one of them has no data, it counts as `missing`. */
export function expression(text: string, usingMetrics: MetricsById, period: Duration, missing = 0): MathExpression {
  const filled = Object.keys(usingMetrics).reduce(
    (filling, name) => filling.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), `FILL(${name}, ${missing})`),
    text,
  );
  return new MathExpression({ expression: filled, usingMetrics: { ...usingMetrics }, period });
}

/**
 * The highest of some metrics; nothing where none of them has data.
 *
 * @param missing the value of one without data beside others, if it has one
 */
export function highest(metrics: MetricsById, period: Duration, missing?: number): Measured {
  const [first, ...others] = Object.entries(metrics);
  if (first !== undefined && others.length === 0) return first[1];
  const text = `MAX([${Object.keys(metrics).join(', ')}])`;
  if (missing !== undefined) return expression(text, metrics, period, missing);
  return new MathExpression({ expression: text, usingMetrics: { ...metrics }, period });
}

/** A metric that a function writes to its log, over all providers unless the dimensions name one. */
export function ownMetric(
  writer: IFunction,
  metricName: string,
  statistic: string,
  period: Duration,
  dimensions: Readonly<Record<string, string>> = {},
): Metric {
  const dimensionsMap = { service: metricService, ...dimensions };
  return new Metric({ namespace: metricsNamespaceOf(writer), metricName, dimensionsMap, statistic, period });
}

/**
 * The longest wait in any of the queues. SQS leaves out messages that were received more than three times, which count
 * as failed instead.
 */
export function oldestIn(queues: Readonly<Record<string, IQueue>>, period: Duration): MathExpression {
  const metrics = Object.fromEntries(
    Object.entries(queues).map(([name, queue]) => [
      name,
      queue.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM }),
    ]),
  );
  return expression(`MAX([${Object.keys(metrics).join(', ')}])`, metrics, period);
}

/** Most of the requests: the one that records events, and the one that reads people's lists. */
const tableOperations = ['UpdateItem', 'BatchGetItem'] as const;

/** Requests that the table or one of its indexes throttled. */
export function throttledRequests(table: ITable, period: Duration): MathExpression {
  const metrics = Object.fromEntries(
    tableOperations.map(Operation => [
      `of${Operation}`,
      tableMetric(table, 'ThrottledRequests', period, { Operation }),
    ]),
  );
  return expression(Object.keys(metrics).join(' + '), metrics, period);
}

/** Units that the table itself took in a period, without those of its indexes. */
export function consumedUnits(table: ITable, period: Duration): Record<'writes' | 'reads', Metric> {
  return {
    writes: tableMetric(table, 'ConsumedWriteCapacityUnits', period),
    reads: tableMetric(table, 'ConsumedReadCapacityUnits', period),
  };
}

function tableMetric(
  { tableName: TableName }: ITable,
  metricName: string,
  period: Duration,
  dimensions: Readonly<Record<string, string>> = {},
): Metric {
  const dimensionsMap = { TableName, ...dimensions };
  return new Metric({ namespace: 'AWS/DynamoDB', metricName, dimensionsMap, statistic: Stats.SUM, period });
}

/** Bytes that were written to a log. */
export function logBytes({ logGroupName: LogGroupName }: ILogGroup, period: Duration): Metric {
  return new Metric({
    namespace: 'AWS/Logs',
    metricName: 'IncomingBytes',
    dimensionsMap: { LogGroupName },
    statistic: Stats.SUM,
    period,
  });
}
