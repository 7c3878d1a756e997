/** The facts of a template that cost money or that tell how often a function runs. */

import type { ResolvedTemplate, Resource } from '../../local/cloudformation/template.ts';
import { timesOf } from '../../local/event-sources/schedules.ts';
import { assumed } from './assumptions.ts';

/** The mapping through which a function gets batches. */
export interface BatchSource {
  readonly kind: 'stream' | 'queue';
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** The queue's or stream's source, as environment variables name it. */
  readonly ref: string;
}

/** How a function comes to run. */
export interface FunctionFacts {
  readonly name: string;
  readonly memoryMegabytes: number;
  readonly platformLines: boolean;
  /** Whether the gateway calls it. */
  readonly serves: boolean;
  readonly sources: readonly BatchSource[];
  readonly environment: readonly string[];
}

export function functionFacts(template: ResolvedTemplate): readonly FunctionFacts[] {
  const mappings = enabledMappings(template).map(({ properties }) => {
    const queue = template.byArn('AWS::SQS::Queue', properties.EventSourceArn);
    const source: BatchSource = {
      kind: queue === undefined ? 'stream' : 'queue',
      batchSize: properties.BatchSize ?? (queue === undefined ? 100 : 10),
      windowSeconds: properties.MaximumBatchingWindowInSeconds ?? 0,
      ref: queue?.ref ?? String(properties.EventSourceArn),
    };
    return { target: functionAt(template, properties.FunctionName), source };
  });
  const served = template
    .ofType('AWS::ApiGatewayV2::Integration')
    .map(({ properties }) => functionAt(template, String(properties.IntegrationUri)));
  return template.ofType('AWS::Lambda::Function').map(({ ref, properties }) => ({
    name: ref,
    memoryMegabytes: properties.MemorySize ?? 128,
    platformLines: writesPlatformLines(properties.LoggingConfig),
    serves: served.includes(ref),
    sources: mappings.filter(({ target }) => target === ref).map(({ source }) => source),
    environment: Object.values<string>(properties.Environment?.Variables ?? {}),
  }));
}

/** Lambda's own lines are of the level INFO. In the format of text nothing leaves them out. */
function writesPlatformLines({ LogFormat = 'Text', SystemLogLevel = 'INFO' }: LoggingConfig = {}): boolean {
  return LogFormat !== 'JSON' || ['INFO', 'DEBUG'].includes(SystemLogLevel);
}

interface LoggingConfig {
  readonly LogFormat?: string;
  readonly SystemLogLevel?: string;
}

function functionAt(template: ResolvedTemplate, nameOrArn: string): string | undefined {
  return template.byArn('AWS::Lambda::Function', nameOrArn)?.ref ?? nameOrArn;
}

export function enabledMappings(template: ResolvedTemplate): readonly Resource[] {
  return template.ofType('AWS::Lambda::EventSourceMapping').filter(({ properties }) => properties.Enabled !== false);
}

/** Runs of scheduled functions a month, by the function's name. */
export function scheduledRuns(template: ResolvedTemplate): Readonly<Record<string, number>> {
  const runs: Record<string, number> = {};
  for (const { properties } of template.ofType('AWS::Events::Rule')) {
    if (properties.ScheduleExpression === undefined || properties.State === 'DISABLED') continue;
    const monthMs = assumed('daysAMonth') * 86_400_000;
    for (const { Arn } of (properties.Targets ?? []) as readonly { readonly Arn: string }[]) {
      const name = functionAt(template, Arn) ?? Arn;
      runs[name] = (runs[name] ?? 0) + monthMs / timesOf(properties.ScheduleExpression).intervalMs;
    }
  }
  return runs;
}

/** The URLs that get every event of the bus. */
export function urlTargets(template: ResolvedTemplate): number {
  return template
    .ofType('AWS::Events::Rule')
    .filter(({ properties }) => properties.EventPattern !== undefined && properties.State !== 'DISABLED')
    .flatMap(({ properties }) => (properties.Targets ?? []) as readonly { readonly Arn: string }[])
    .filter(({ Arn }) => template.byArn('AWS::Events::ApiDestination', Arn) !== undefined).length;
}

/** The metrics that alarms watch: each metric of an expression counts. */
export function alarmMetrics(template: ResolvedTemplate): number {
  return template.ofType('AWS::CloudWatch::Alarm').reduce((sum, { properties }) => {
    const metrics = (properties.Metrics ?? []) as readonly { readonly MetricStat?: unknown }[];
    return sum + (metrics.length === 0 ? 1 : metrics.filter(({ MetricStat }) => MetricStat !== undefined).length);
  }, 0);
}

/** Metrics of log filters that have a value for every line, so that they have data in each hour. */
export function filterMetrics(template: ResolvedTemplate): { readonly constant: number; readonly rare: number } {
  const all = template
    .ofType('AWS::Logs::MetricFilter')
    .flatMap(({ properties }) => properties.MetricTransformations as readonly { readonly DefaultValue?: number }[]);
  const constant = all.filter(({ DefaultValue }) => DefaultValue !== undefined).length;
  return { constant, rare: all.length - constant };
}

/** Event source mappings that count their events in metrics. */
export function countingMappings(template: ResolvedTemplate): number {
  return enabledMappings(template).filter(({ properties }) =>
    (properties.MetricsConfig?.Metrics ?? []).includes('EventCount'),
  ).length;
}

export interface TableFacts {
  readonly rarelyRead: boolean;
  readonly backedUp: boolean;
  /** Whether AWS bills requests for its key. */
  readonly keyBilled: boolean;
}

export function tableFacts(template: ResolvedTemplate): Readonly<Record<string, TableFacts>> {
  return Object.fromEntries(
    template.ofType('AWS::DynamoDB::Table').map(({ ref, properties }) => [
      ref,
      {
        rarelyRead: properties.TableClass === 'STANDARD_INFREQUENT_ACCESS',
        backedUp: properties.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled === true,
        keyBilled: properties.SSESpecification?.SSEEnabled === true,
      },
    ]),
  );
}

/** Pairs of a function and a name in its environment that a resource of this type has. */
export function uses(template: ResolvedTemplate, type: string): number {
  const refs = template.ofType(type).map(({ ref }) => ref);
  return functionFacts(template).reduce(
    (sum, { environment }) => sum + refs.filter(ref => environment.includes(ref)).length,
    0,
  );
}

/** The log groups, each with its retention in days and its class. */
export function logGroups(template: ResolvedTemplate) {
  return template.ofType('AWS::Logs::LogGroup').map(({ ref, properties }) => ({
    ref,
    retentionDays: (properties.RetentionInDays ?? 3_653) as number,
    rarelyRead: properties.LogGroupClass === 'INFREQUENT_ACCESS',
  }));
}
