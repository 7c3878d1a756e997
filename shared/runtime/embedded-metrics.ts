/**
 * Metrics as members of a log line, in CloudWatch's embedded metric format: they cost neither a call nor a wait.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */

import { chunks } from './chunks.ts';

/** A metric's values in one line. */
export interface MetricValues {
  readonly name: string;
  /** null for a count, which a line need not say. */
  readonly unit: 'Milliseconds' | 'Percent' | null;
  readonly values: readonly number[];
  /** The sets of dimensions that the values count under. */
  readonly dimensions: readonly (readonly string[])[];
}

export interface Measured {
  readonly namespace: string;
  /** The values of the dimensions that the line does not have by itself. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metrics: readonly MetricValues[];
}

/**
 * The members that make a log line count metrics.
 *
 * @param at epoch milliseconds
 */
export type MetricMembers = (at: number) => Readonly<Record<string, unknown>>;

/** The format's bounds. */
const maxValues = 100;
const maxMetrics = 100;

/** Of more than 100 values of a metric, evenly spread ones stand for all. */
export function metricMembers({ namespace, dimensions, metrics }: Measured): MetricMembers {
  const counted = metrics.filter(({ values }) => values.length > 0);
  if (counted.length === 0) return () => ({});
  const directives = [...Map.groupBy(counted, metric => JSON.stringify(metric.dimensions)).values()].flatMap(alike =>
    chunks(alike, maxMetrics).map(some => ({
      Namespace: namespace,
      Dimensions: some[0]!.dimensions,
      Metrics: some.map(({ name, unit }) => ({ Name: name, ...(unit && { Unit: unit }) })),
    })),
  );
  const values = Object.fromEntries(counted.map(metric => [metric.name, memberOf(metric.values)]));
  return at => ({ _aws: { Timestamp: at, CloudWatchMetrics: directives }, ...dimensions, ...values });
}

function memberOf(values: readonly number[]): number | readonly number[] {
  if (values.length === 1) return values[0]!;
  if (values.length <= maxValues) return values;
  return Array.from({ length: maxValues }, (_, index) => values[Math.floor((index * values.length) / maxValues)]!);
}
