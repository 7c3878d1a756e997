import { GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { Installation } from './installation.ts';

/** A metric to read, and its statistic. */
export interface WantedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Maximum' | 'Sum';
}

/** Metrics that one call takes. */
const maxQueries = 500;

/** The values of each metric over the last minutes, in periods of a minute, the newest first. */
export async function recentValues(
  { clients }: Installation,
  wanted: readonly WantedMetric[],
  minutes: number,
): Promise<readonly (readonly number[])[]> {
  if (wanted.length === 0) return [];
  const MetricDataQueries: MetricDataQuery[] = wanted
    .slice(0, maxQueries)
    .map(({ namespace, name, ...metric }, index) => ({
      Id: `m${index}`,
      MetricStat: {
        Metric: {
          Namespace: namespace,
          MetricName: name,
          Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: 60,
        Stat: metric.statistic,
      },
    }));
  const end = Date.now() + 60_000;
  const { MetricDataResults = [] } = await clients.cloudWatch.send(
    new GetMetricDataCommand({
      MetricDataQueries,
      StartTime: new Date(end - (minutes + 1) * 60_000),
      EndTime: new Date(end),
      ScanBy: 'TimestampDescending',
    }),
  );
  return wanted.map((_, index) => MetricDataResults.find(({ Id }) => Id === `m${index}`)?.Values ?? []);
}
