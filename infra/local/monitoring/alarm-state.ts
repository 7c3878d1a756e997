import type { AlarmState } from './composite-rule.ts';
import { metricMath, type Point } from './metric-math.ts';
import type { MetricName, MetricStore } from './metric-store.ts';
import { minute } from './metric-store.ts';

interface MetricProperties {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
}

/** The properties of an `AWS::CloudWatch::Alarm` that are understood here. */
export interface AlarmProperties extends Partial<MetricProperties> {
  readonly AlarmDescription?: string;
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Period?: number;
  /** Of metric math: metrics, and one expression. */
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: MetricProperties; readonly Period: number; readonly Stat: string };
    readonly ReturnData?: boolean;
  }[];
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData?: string;
}

export interface EvaluatedAlarm {
  readonly state: Exclude<AlarmState, 'INSUFFICIENT_DATA'>;
  /** The values of its periods, the newest first. */
  readonly points: readonly Point[];
}

const comparisons: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/** CloudWatch looks at further periods, so that a few that are missing do not matter. */
const furtherPeriods = 2;

/**
 * Reads an alarm once, and gives its state at any time. Its periods end with the present minute.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 *
 * @throws Error for properties that our alarms do not use
 */
export function createAlarm(properties: AlarmProperties): (store: MetricStore, at: number) => EvaluatedAlarm {
  const { EvaluationPeriods: periods, DatapointsToAlarm = periods, Threshold, ComparisonOperator } = properties;
  const { TreatMissingData = 'missing' } = properties;
  const compare = comparisons[ComparisonOperator];
  if (compare === undefined) throw new Error(`the comparison ${ComparisonOperator} is not understood here`);
  if (TreatMissingData !== 'breaching' && TreatMissingData !== 'notBreaching') {
    throw new Error(`missing data treated as ${TreatMissingData} is not understood here`);
  }
  const { period, pointOf } = sourceOf(properties);

  return (store, at) => {
    const end = (Math.floor(at / minute) + 1) * minute;
    const points = Array.from({ length: periods + furtherPeriods }, (_, index) =>
      pointOf(store, end - (index + 1) * period, end - index * period),
    );
    const known = points.filter(point => point !== null).slice(0, periods);
    const breaching = known.filter(point => compare(point, Threshold)).length;
    const filled = TreatMissingData === 'breaching' ? periods - known.length : 0;
    return { state: breaching + filled >= DatapointsToAlarm ? 'ALARM' : 'OK', points: points.slice(0, periods) };
  };
}

type PointOf = (store: MetricStore, from: number, to: number) => Point;

function sourceOf(properties: AlarmProperties): { period: number; pointOf: PointOf } {
  const { Metrics, Namespace, MetricName: Name, Dimensions, Period = 60 } = properties;
  if (Metrics === undefined) {
    const metric = metricOf({ Namespace: Namespace!, MetricName: Name!, Dimensions: Dimensions ?? [] });
    const statistic = properties.ExtendedStatistic ?? properties.Statistic ?? 'Average';
    return { period: Period * 1000, pointOf: (store, from, to) => store.statistic(metric, statistic, from, to) };
  }
  const expressions = Metrics.filter(({ Expression }) => Expression !== undefined);
  const [{ Expression = '' } = {}] = expressions;
  if (expressions.length !== 1) throw new Error('an alarm has one expression here');
  const inputs = new Map(
    Metrics.filter(({ Expression }) => Expression === undefined).map(({ Id, MetricStat }) => [
      Id,
      { metric: metricOf(MetricStat!.Metric), statistic: MetricStat!.Stat, period: MetricStat!.Period },
    ]),
  );
  const [seconds, ...others] = new Set([...inputs.values()].map(({ period }) => period));
  if (seconds === undefined || others.length > 0) throw new Error('the metrics of an expression have one period here');
  const expression = metricMath(Expression);
  return {
    period: seconds * 1000,
    pointOf: (store, from, to) =>
      expression(id => {
        const input = inputs.get(id);
        if (input === undefined) throw new Error(`the expression ${Expression}: there is no metric ${id}`);
        return store.statistic(input.metric, input.statistic, from, to);
      }),
  };
}

function metricOf({ Namespace, MetricName: name, Dimensions = [] }: MetricProperties): MetricName {
  return {
    namespace: Namespace,
    name,
    dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, String(Value)])),
  };
}
