import { GetMetricDataCommand, paginateListMetrics } from '@aws-sdk/client-cloudwatch';
import { metricService } from '../../../shared/runtime/metric-names.ts';
import { environmentOf } from '../doctor/functions.ts';
import type { Installation } from '../doctor/installation.ts';
import type { Poll } from './emails.ts';

const minute = 60_000;

/** Metrics that are no counts. */
const noCounts: readonly string[] = ['Lag', 'Silence'];

/** Metrics that one call takes. */
const maxQueries = 500;

/**
 * The counts of each provider's callbacks by the minute, out of the metrics. A minute is given once it is over.
 *
 * @param since epoch milliseconds
 */
export async function followCounts(installation: Installation, since: number): Promise<Poll> {
  const { METRICS_NAMESPACE: Namespace = '' } = await environmentOf(installation, 'Ingest');
  const client = installation.clients.cloudWatch;
  let next = Math.floor(since / minute) * minute;

  async function providersMetrics() {
    const found: { readonly provider: string; readonly name: string }[] = [];
    for await (const { Metrics = [] } of paginateListMetrics({ client }, { Namespace, RecentlyActive: 'PT3H' })) {
      for (const { MetricName: name = '', Dimensions = [] } of Metrics) {
        const provider = Dimensions.find(({ Name }) => Name === 'Provider')?.Value;
        if (provider !== undefined && Dimensions.length === 2 && !noCounts.includes(name))
          found.push({ provider, name });
      }
    }
    return found.slice(0, maxQueries);
  }

  return async () => {
    const end = Math.floor(Date.now() / minute) * minute;
    if (end <= next) return [];
    const metrics = await providersMetrics();
    const [from] = [next];
    next = end;
    if (metrics.length === 0) return [];
    const { MetricDataResults = [] } = await client.send(
      new GetMetricDataCommand({
        StartTime: new Date(from),
        EndTime: new Date(end),
        ScanBy: 'TimestampAscending',
        MetricDataQueries: metrics.map(({ provider, name }, index) => ({
          Id: `m${index}`,
          MetricStat: {
            Metric: {
              Namespace,
              MetricName: name,
              Dimensions: [
                { Name: 'service', Value: metricService },
                { Name: 'Provider', Value: provider },
              ],
            },
            Period: 60,
            Stat: 'Sum',
          },
        })),
      }),
    );
    const values = MetricDataResults.flatMap(({ Id = '', Timestamps = [], Values = [] }) =>
      Timestamps.map((at, index) => ({ ...metrics[Number(Id.slice(1))]!, at: at.getTime(), count: Values[index]! })),
    ).filter(({ count }) => count > 0);
    const lines = Map.groupBy(values, ({ at, provider }) => `${at} ${provider}`);
    return [...lines.values()]
      .sort(([one], [other]) => one!.at - other!.at)
      .map(all => ({
        kind: 'counts' as const,
        at: new Date(all[0]!.at).toISOString(),
        provider: all[0]!.provider,
        counts: Object.fromEntries(all.map(({ name, count }) => [name, count])),
      }));
  };
}
