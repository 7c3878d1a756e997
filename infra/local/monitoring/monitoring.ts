import type { Answered } from '../api-gateway/http-api.ts';
import { accountId, type ResolvedTemplate, type Resource, region } from '../cloudformation/template.ts';
import type { LogReader } from '../lambda/log-reader.ts';
import type { QueueSample } from '../services/queues.ts';
import { StartError } from '../start-error.ts';
import { createAlarm, type EvaluatedAlarm } from './alarm-state.ts';
import { type AlarmState, compositeRule } from './composite-rule.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { incomingBytes, logFilters } from './log-filters.ts';
import type { Clock, Measure } from './measured-functions.ts';
import { createMetricStore, type MetricStore, minute } from './metric-store.ts';

/** An alarm of the template, as it is now. */
export interface AlarmNow {
  readonly name: string;
  readonly state: AlarmState;
  readonly description: string;
  /** Whether it sends an email. The others are members of a composite alarm. */
  readonly mails: boolean;
  /** The values of its periods, the newest first; none for a composite alarm. */
  readonly points: EvaluatedAlarm['points'];
}

/** Stands in for CloudWatch: takes the metrics of a running stack, and evaluates the alarms of its template. */
export interface Monitoring {
  readonly measure: Measure;
  /** Takes an answer of the HTTP API. */
  answered(answered: Answered): void;
  /** Takes what is measured once a minute, and the functions' logs, at once. */
  sample(): Promise<void>;
  /** Every alarm, after a sample. */
  alarms(): Promise<readonly AlarmNow[]>;
  /** The same in the words of CloudWatch's DescribeAlarms, composite alarms first. */
  described(): Promise<readonly DescribedAlarm[]>;
  readonly statistic: MetricStore['statistic'];
  readonly metrics: MetricStore['metrics'];
  readonly clock: Clock;
  stop(): void;
}

/** An alarm with the properties of its template, as DescribeAlarms gives it. Times are epoch seconds. */
export interface DescribedAlarm {
  readonly type: 'MetricAlarm' | 'CompositeAlarm';
  readonly alarm: {
    readonly AlarmName: string;
    readonly AlarmArn: string;
    readonly AlarmActions: readonly string[];
    readonly StateValue: AlarmState;
    readonly StateReason: string;
    readonly StateUpdatedTimestamp: number;
    readonly [property: string]: unknown;
  };
}

export interface MonitoringOptions {
  readonly template: ResolvedTemplate;
  readonly clock: Clock;
  /** The functions' logs by the reference of their log group. */
  readonly logs: ReadonlyMap<string, LogReader>;
  readonly queueSamples: () => Promise<readonly QueueSample[]>;
}

/** @throws StartError if an alarm of the template cannot be evaluated here */
export function startMonitoring({ template, clock, logs, queueSamples }: MonitoringOptions): Monitoring {
  const store = createMetricStore();
  const alarms = template.ofType('AWS::CloudWatch::Alarm').map(({ logicalId, ref, properties }) => ({
    ref,
    properties,
    name: alarmName(logicalId),
    evaluated: readable(logicalId, () => createAlarm(properties)),
  }));
  const composites = template.ofType('AWS::CloudWatch::CompositeAlarm').map(({ logicalId, ref, properties }) => ({
    ref,
    properties,
    name: alarmName(logicalId),
    rule: readable(logicalId, () => compositeRule(properties.AlarmRule)),
  }));
  const filters = readable('the metric filters', () => logFilters(template));
  const [api] = template.ofType('AWS::ApiGatewayV2::Api');
  const apiDimensions = { ApiId: api?.ref ?? '' };

  const now = () => clock(Date.now());
  const measure: Measure = measured => store.add(measured, now());

  function answered(answer: Answered): void {
    const counts = {
      Count: 1,
      '4xx': Number(answer.statusCode >= 400 && answer.statusCode < 500),
      '5xx': Number(answer.statusCode >= 500),
    };
    for (const [name, value] of Object.entries(counts))
      measure({ namespace: 'AWS/ApiGateway', name, dimensions: apiDimensions, value });
    for (const measured of filters.ofAnswer(answer)) measure(measured);
  }

  async function sample(): Promise<void> {
    for (const [group, log] of logs) {
      for (let lines = log.read(); lines.length > 0; lines = log.read()) {
        measure(incomingBytes(group, lines));
        for (const { at, ...measured } of lines.flatMap(embeddedMetrics)) store.add(measured, clock(at));
        for (const measured of lines.flatMap(line => filters.ofLine(group, line))) measure(measured);
      }
    }
    for (const { name, visible, notVisible, oldestSentAt } of await queueSamples()) {
      const values = {
        ApproximateNumberOfMessagesVisible: visible,
        ApproximateNumberOfMessagesNotVisible: notVisible,
        ApproximateAgeOfOldestMessage: oldestSentAt === null ? 0 : Math.max(0, now() - clock(oldestSentAt)) / 1000,
      };
      for (const [metric, value] of Object.entries(values)) {
        measure({ namespace: 'AWS/SQS', name: metric, dimensions: { QueueName: name }, value });
      }
    }
  }

  /** The last state of each alarm, and since when it holds. */
  const states = new Map<string, { readonly state: AlarmState; readonly since: number }>();

  function evaluate() {
    const at = now();
    const single = alarms.map(({ ref, name, properties, evaluated }) => ({
      ref,
      ...shown(name, properties),
      ...evaluated(store, at),
    }));
    const composed = composites.map(({ ref, name, properties, rule }) => ({
      ref,
      ...shown(name, properties),
      points: [],
      state: rule(namedIn(single)) ? ('ALARM' as const) : ('OK' as const),
    }));
    const all = [...composed, ...single];
    for (const { ref, state } of all) {
      if (states.get(ref)?.state !== state) states.set(ref, { state, since: Date.now() });
    }
    return all;
  }

  async function evaluated() {
    await sample();
    return evaluate();
  }

  async function described(): Promise<readonly DescribedAlarm[]> {
    const now = await evaluated();
    const isInAlarm = (ref: string) => now.find(alarm => alarm.ref === ref)?.state === 'ALARM';
    return [...composites, ...alarms].map(({ ref, properties }) => {
      const { state, points } = now.find(alarm => alarm.ref === ref)!;
      const since = states.get(ref)!.since / 1000;
      const { AlarmName: _, AlarmActions = [], OKActions = [], InsufficientDataActions = [], ...rest } = properties;
      const rule: string | undefined = rest.AlarmRule;
      const causes = alarms.filter(one => rule?.includes(`:${one.ref}"`) && isInAlarm(one.ref)).map(one => one.name);
      return {
        type: rule === undefined ? 'MetricAlarm' : 'CompositeAlarm',
        alarm: {
          ActionsEnabled: true,
          ...rest,
          AlarmName: ref,
          AlarmArn: `arn:aws:cloudwatch:${region}:${accountId}:alarm:${ref}`,
          AlarmActions,
          OKActions,
          InsufficientDataActions,
          StateValue: state,
          StateReason: rule === undefined ? reasonOf(properties, state, points) : reasonOfComposite(state, causes),
          StateUpdatedTimestamp: since,
          StateTransitionedTimestamp: since,
        },
      };
    });
  }

  const timer = setInterval(() => void evaluated().catch(() => {}), minute);
  timer.unref();
  return {
    measure,
    answered,
    sample,
    alarms: async () => (await evaluated()).map(({ ref: _, ...alarm }) => alarm),
    described,
    statistic: store.statistic,
    metrics: store.metrics,
    clock,
    stop: () => clearInterval(timer),
  };
}

/** Rules name an alarm by its ARN, whose last part is its name. */
function namedIn(alarms: readonly { readonly ref: string; readonly state: AlarmState }[]) {
  return (nameOrArn: string): AlarmState => {
    const found = alarms.find(({ ref }) => ref === nameOrArn.split(':').at(-1));
    if (found === undefined) throw new Error(`a composite alarm names ${nameOrArn}, which the template does not hold`);
    return found.state;
  };
}

function shown(name: string, { AlarmDescription = '', AlarmActions = [] }: Resource['properties']) {
  return { name, description: AlarmDescription, mails: AlarmActions.length > 0 };
}

/** The reason of a state, close to the words of CloudWatch. */
function reasonOf(
  { EvaluationPeriods, Threshold, ComparisonOperator }: Resource['properties'],
  state: AlarmState,
  points: EvaluatedAlarm['points'],
): string {
  const known = points.filter(point => point !== null);
  if (known.length === 0) return `no datapoints were received for ${EvaluationPeriods} periods, which is ${state}`;
  const values = `the last ${known.length} datapoints [${known.join(', ')}]`;
  return `Threshold Crossed: ${values}; ${state} by the rule ${ComparisonOperator} (${Threshold}).`;
}

function reasonOfComposite(state: AlarmState, causes: readonly string[]): string {
  return causes.length === 0 ? `No alarm of the rule makes it other than ${state}.` : `${causes.join(', ')}: in ALARM.`;
}

/** The name of an alarm, without the construct around it and CDK's hash: `AlarmsApiErrors1234ABCD` → `ApiErrors`. */
export function alarmName(logicalId: string): string {
  return logicalId.replace(/^Alarms/, '').replace(/[0-9A-F]{8}$/, '');
}

function readable<Read>(logicalId: string, read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    throw new StartError(`${logicalId}: ${(error as Error).message}`);
  }
}
