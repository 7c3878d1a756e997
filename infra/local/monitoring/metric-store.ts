/** A series of values, as CloudWatch names it. */
export interface MetricName {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** One value of a metric. */
export interface MeasuredValue extends MetricName {
  readonly value: number;
}

/** The values of all metrics, kept by the minute for a day and an hour. */
export interface MetricStore {
  /** @param at epoch milliseconds */
  add(measured: MeasuredValue, at: number): void;
  /**
   * A statistic over the values from `from` up to, but without, `to`; null where there is none.
   *
   * @param statistic e.g. `Sum` or `p99`
   */
  statistic(metric: MetricName, statistic: string, from: number, to: number): number | null;
  /** Every metric that has a value. */
  metrics(): readonly MetricName[];
}

export const minute = 60_000;
const keptMinutes = 25 * 60;

/** How often each value came. */
type Values = Map<number, number>;

interface Series {
  readonly metric: MetricName;
  /** By the minute since the epoch. */
  readonly minutes: Map<number, Values>;
}

export function createMetricStore(): MetricStore {
  const series = new Map<string, Series>();
  return {
    add(measured, at) {
      const { namespace, name, dimensions } = measured;
      const key = keyOf(measured);
      const { minutes } = series.get(key) ?? { minutes: new Map<number, Values>() };
      if (!series.has(key)) series.set(key, { metric: { namespace, name, dimensions }, minutes });
      const now = Math.floor(at / minute);
      const values = minutes.get(now) ?? new Map<number, number>();
      minutes.set(now, values);
      values.set(measured.value, (values.get(measured.value) ?? 0) + 1);
      for (const [old] of minutes) {
        if (old > now - keptMinutes) break;
        minutes.delete(old);
      }
    },
    statistic(metric, statistic, from, to) {
      const minutes = series.get(keyOf(metric))?.minutes;
      if (minutes === undefined) return null;
      const values: Values = new Map();
      for (const [at, ofMinute] of minutes) {
        if (at * minute < from || at * minute >= to) continue;
        for (const [value, times] of ofMinute) values.set(value, (values.get(value) ?? 0) + times);
      }
      return values.size === 0 ? null : statisticOf(statistic, values);
    },
    metrics: () => [...series.values()].map(({ metric }) => metric),
  };
}

function keyOf({ namespace, name, dimensions }: MetricName): string {
  return JSON.stringify([namespace, name, dimensionsKey(dimensions)]);
}

/** Most values come with the very dimensions of many others. */
const dimensionsKeys = new WeakMap<MetricName['dimensions'], string>();

function dimensionsKey(dimensions: MetricName['dimensions']): string {
  const known = dimensionsKeys.get(dimensions);
  if (known !== undefined) return known;
  const key = JSON.stringify(Object.entries(dimensions).sort());
  dimensionsKeys.set(dimensions, key);
  return key;
}

const total = (values: Values, of: (value: number) => number) =>
  [...values].reduce((sum, [value, times]) => sum + of(value) * times, 0);
const sum = (values: Values) => total(values, value => value);
const count = (values: Values) => total(values, () => 1);

const statistics: Readonly<Record<string, (values: Values) => number>> = {
  Sum: sum,
  SampleCount: count,
  Average: values => sum(values) / count(values),
  Minimum: values => Math.min(...values.keys()),
  Maximum: values => Math.max(...values.keys()),
};

function statisticOf(statistic: string, values: Values): number {
  const known = statistics[statistic];
  if (known !== undefined) return known(values);
  const [, percent] = /^p(\d{1,2}(?:\.\d+)?)$/.exec(statistic) ?? [];
  if (percent === undefined) throw new Error(`the statistic ${statistic} is not understood here`);
  let left = (Number(percent) / 100) * count(values);
  const sorted = [...values].sort(([one], [other]) => one - other);
  for (const [value, times] of sorted) {
    left -= times;
    if (left <= 0) return value;
  }
  return sorted.at(-1)![0];
}
