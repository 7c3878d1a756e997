import { type LoopbackServer, startLoopbackServer } from '../services/loopback-server.ts';
import { InvalidQuery, type MetricDataQuery, metricData } from './metric-query.ts';
import type { Monitoring } from './monitoring.ts';

export interface CloudWatch extends LoopbackServer {
  /** The metrics and alarms of a running stack. */
  serve(monitoring: Pick<Monitoring, 'sample' | 'metrics' | 'statistic' | 'described' | 'clock'>): void;
}

type Served = Parameters<CloudWatch['serve']>[0];

interface DimensionFilter {
  readonly Name: string;
  readonly Value?: string;
}

/** Pages, as CloudWatch cuts them. The token of the next page is its first place. */
function page<Member>(members: readonly Member[], size: number, token = '0') {
  const from = Number(token);
  const next = from + size;
  return { shown: members.slice(from, next), ...(next < members.length && { NextToken: String(next) }) };
}

const maxMetricsPerPage = 500;

const operations = {
  /** The caller's times are the machine's, and a test may have moved those of the metrics. */
  async GetMetricData(
    { sample, statistic, clock },
    input: {
      readonly MetricDataQueries: readonly MetricDataQuery[];
      readonly StartTime: number;
      readonly EndTime: number;
      readonly ScanBy?: string;
    },
  ) {
    await sample();
    const ahead = clock(Date.now()) - Date.now();
    const from = input.StartTime * 1000 + ahead;
    const series = metricData(input.MetricDataQueries, statistic, from, input.EndTime * 1000 + ahead);
    return {
      MetricDataResults: series.map(({ id: Id, label: Label, points }) => {
        const inOrder = input.ScanBy === 'TimestampAscending' ? points : points.toReversed();
        return {
          Id,
          Label,
          Timestamps: inOrder.map(({ at }) => Math.round((at - ahead) / 1000)),
          Values: inOrder.map(({ value }) => value),
          StatusCode: 'Complete',
        };
      }),
      Messages: [],
    };
  },

  async ListMetrics(
    { sample, metrics },
    input: {
      readonly Namespace?: string;
      readonly MetricName?: string;
      readonly Dimensions?: readonly DimensionFilter[];
      readonly NextToken?: string;
    },
  ) {
    await sample();
    const { Namespace, MetricName, Dimensions = [] } = input;
    const found = metrics().filter(
      ({ namespace, name, dimensions }) =>
        (Namespace ?? namespace) === namespace &&
        (MetricName ?? name) === name &&
        Dimensions.every(({ Name, Value }) => Name in dimensions && (Value ?? dimensions[Name]) === dimensions[Name]),
    );
    const { shown, ...more } = page(found, maxMetricsPerPage, input.NextToken);
    return {
      Metrics: shown.map(({ namespace, name, dimensions }) => ({
        Namespace: namespace,
        MetricName: name,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      })),
      ...more,
    };
  },

  /** Without `AlarmTypes` the answer has no composite alarms, as in AWS. */
  async DescribeAlarms(
    { described },
    input: {
      readonly AlarmNames?: readonly string[];
      readonly AlarmNamePrefix?: string;
      readonly AlarmTypes?: readonly string[];
      readonly StateValue?: string;
      readonly ActionPrefix?: string;
      readonly MaxRecords?: number;
      readonly NextToken?: string;
    },
  ) {
    const { AlarmNames, AlarmNamePrefix = '', AlarmTypes = ['MetricAlarm'], StateValue, ActionPrefix } = input;
    const found = (await described()).filter(
      ({ type, alarm }) =>
        AlarmTypes.includes(type) &&
        (AlarmNames?.includes(alarm.AlarmName) ?? alarm.AlarmName.startsWith(AlarmNamePrefix)) &&
        (StateValue ?? alarm.StateValue) === alarm.StateValue &&
        (ActionPrefix === undefined || alarm.AlarmActions.some(action => action.startsWith(ActionPrefix))),
    );
    const { shown, ...more } = page(found, input.MaxRecords ?? 50, input.NextToken);
    const ofType = (wanted: string) => shown.filter(({ type }) => type === wanted).map(({ alarm }) => alarm);
    return { MetricAlarms: ofType('MetricAlarm'), CompositeAlarms: ofType('CompositeAlarm'), ...more };
  },
  // biome-ignore lint/suspicious/noExplicitAny: each operation documents its own input
} as const satisfies Record<string, (monitoring: Served, input: any) => Promise<object>>;

const contentType = 'application/x-amz-json-1.0';

const refused = (name: string, message: string) => ({
  status: 400,
  contentType,
  body: JSON.stringify({ __type: `com.amazonaws.cloudwatch#${name}`, message }),
});

/** CloudWatch's GetMetricData, ListMetrics and DescribeAlarms in the AWS JSON protocol, which the SDK's client speaks. */
export async function startCloudWatch(): Promise<CloudWatch> {
  let monitoring: Served | null = null;
  const server = await startLoopbackServer(async ({ headers }, body) => {
    const operation = String(headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1)!;
    if (!Object.hasOwn(operations, operation)) return refused('InvalidAction', `${operation} is not understood here`);
    if (monitoring === null) return { status: 503, contentType, body: '{}' };
    try {
      const run: (monitoring: Served, input: never) => Promise<object> =
        operations[operation as keyof typeof operations];
      const output = await run(monitoring, JSON.parse(body) as never);
      return { status: 200, contentType, body: JSON.stringify(output) };
    } catch (error) {
      if (error instanceof InvalidQuery) return refused('ValidationException', error.message);
      throw error;
    }
  });
  return {
    ...server,
    serve(served) {
      monitoring = served;
    },
  };
}
