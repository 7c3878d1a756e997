import { metricMath, type Point } from './metric-math.ts';
import type { MetricName } from './metric-store.ts';
import { minute } from './metric-store.ts';

interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

/** A query of CloudWatch's GetMetricData. */
export interface MetricDataQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions?: readonly Dimension[];
    };
    readonly Period: number;
    readonly Stat: string;
  };
  readonly Label?: string;
  readonly ReturnData?: boolean;
  /** Of an expression without metrics, in seconds. */
  readonly Period?: number;
}

export interface MetricSeries {
  readonly id: string;
  readonly label: string;
  /** The beginning of each period that has a value, the oldest first; epoch milliseconds. */
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

/** A query that CloudWatch would refuse. */
export class InvalidQuery extends Error {}

/** A statistic of a metric, as the metric store gives it. */
export type Statistic = (metric: MetricName, statistic: string, from: number, to: number) => Point;

/**
 * The values of the queries that return data. Periods begin with the minute of `from`; the last one may be cut short.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 *
 * @throws InvalidQuery
 */
export function metricData(
  queries: readonly MetricDataQuery[],
  statistic: Statistic,
  from: number,
  to: number,
): readonly MetricSeries[] {
  const known = new Map(queries.map(query => [query.Id, query]));
  if (queries.length === 0) throw new InvalidQuery('The collection MetricDataQueries must not be empty');
  if (known.size < queries.length) throw new InvalidQuery('The values of Id must be unique');
  const invalid = queries.find(({ Id }) => !/^[a-z]\w*$/.test(Id));
  if (invalid !== undefined)
    throw new InvalidQuery(`The value ${invalid.Id} for parameter Id does not match [a-z]\\w*`);
  if (from >= to) throw new InvalidQuery('The parameter StartTime must be less than the parameter EndTime');
  const start = Math.floor(from / minute) * minute;
  return queries
    .filter(({ ReturnData = true }) => ReturnData)
    .map(query => {
      const period = periodOf(query, []) * 1000;
      const pointAt = readerOf(query, period, []);
      const begins = Array.from({ length: Math.ceil((to - start) / period) }, (_, index) => start + index * period);
      const points = begins.flatMap(at => {
        const value = pointAt(at);
        return value === null ? [] : [{ at, value }];
      });
      return { id: query.Id, label: query.Label ?? query.MetricStat?.Metric.MetricName ?? query.Id, points };
    });

  function queryOf(id: string, above: readonly string[]): MetricDataQuery {
    const found = known.get(id);
    if (found === undefined) throw new InvalidQuery(`${above.at(-1)}: there is no query ${id}`);
    if (above.includes(id)) throw new InvalidQuery(`${id} refers to itself`);
    return found;
  }

  function periodOf({ Id, Expression, MetricStat, Period }: MetricDataQuery, above: readonly string[]): number {
    if (MetricStat !== undefined) {
      if (MetricStat.Period % 60 !== 0 || MetricStat.Period === 0)
        throw new InvalidQuery(`${Id}: a period is a multiple of 60 seconds here`);
      return MetricStat.Period;
    }
    const here = [...above, Id];
    const [period = Period ?? 60, ...others] = new Set(
      idsIn(Expression ?? '').map(id => periodOf(queryOf(id, here), here)),
    );
    if (others.length > 0) throw new InvalidQuery(`${Id}: the metrics of an expression have one period`);
    return period;
  }

  function readerOf(query: MetricDataQuery, period: number, above: readonly string[]): (at: number) => Point {
    const { Id, Expression, MetricStat } = query;
    if (MetricStat !== undefined) {
      const metric = metricOf(MetricStat.Metric);
      return at => statistic(metric, MetricStat.Stat, at, Math.min(at + period, to));
    }
    if (Expression === undefined) throw new InvalidQuery(`${Id} has neither MetricStat nor Expression`);
    const here = [...above, Id];
    const readers = new Map(idsIn(Expression).map(id => [id, readerOf(queryOf(id, here), period, here)]));
    const expression = readable(Expression);
    return at => expression(id => readers.get(id)!(at));
  }
}

function idsIn(expression: string): readonly string[] {
  return [...new Set(expression.match(/\b[a-z]\w*/g) ?? [])];
}

function readable(expression: string) {
  try {
    return metricMath(expression);
  } catch (error) {
    throw new InvalidQuery((error as Error).message);
  }
}

function metricOf({
  Namespace: namespace,
  MetricName: name,
  Dimensions = [],
}: NonNullable<MetricDataQuery['MetricStat']>['Metric']): MetricName {
  return { namespace, name, dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])) };
}
