/** The local stand-in for CloudWatch: metrics in log lines, statistics, expressions, rules and the states of alarms. */

import { describe, expect, it } from 'vitest';
import { type AlarmProperties, createAlarm } from '../../infra/local/monitoring/alarm-state.ts';
import { compositeRule } from '../../infra/local/monitoring/composite-rule.ts';
import { embeddedMetrics } from '../../infra/local/monitoring/embedded-metrics.ts';
import { incomingBytes, linePattern } from '../../infra/local/monitoring/log-filters.ts';
import { metricMath } from '../../infra/local/monitoring/metric-math.ts';
import { createMetricStore, minute } from '../../infra/local/monitoring/metric-store.ts';

const noon = Date.parse('2026-11-30T12:00:00Z');
const metric = { namespace: 'Tests', name: 'Failures', dimensions: { Part: 'one', Kind: 'all' } };

describe('a metric', () => {
  const store = createMetricStore();
  for (const [value, at] of [
    [5, noon - 1],
    [1, noon],
    [2, noon + 59_999],
    [9, noon + minute],
    [3, noon + 2 * minute],
  ] as const) {
    store.add({ ...metric, value }, at);
  }
  const over = (statistic: string) => store.statistic(metric, statistic, noon, noon + 2 * minute);

  it.each([
    ['Sum', 12],
    ['SampleCount', 3],
    ['Average', 4],
    ['Minimum', 1],
    ['Maximum', 9],
    ['p50', 2],
    ['p99', 9],
  ])('has the statistic %s over its period', (statistic, value) => {
    expect(over(statistic)).toBe(value);
  });

  it('has no value where nothing was measured, or for other dimensions', () => {
    expect(store.statistic(metric, 'Sum', noon + 3 * minute, noon + 4 * minute)).toBeNull();
    expect(store.statistic({ ...metric, dimensions: { Part: 'one' } }, 'Sum', noon, noon + minute)).toBeNull();
    const reordered = { ...metric, dimensions: { Kind: 'all', Part: 'one' } };
    expect(store.statistic(reordered, 'Sum', noon, noon + 2 * minute)).toBe(12);
  });

  it('refuses a statistic that no alarm of ours uses', () => {
    expect(() => over('TM(10%:90%)')).toThrow('the statistic TM(10%:90%) is not understood here');
  });

  it('is kept for a day, and not forever', () => {
    const long = createMetricStore();
    for (let hour = 0; hour < 30; hour += 1) long.add({ ...metric, value: 1 }, noon + hour * 60 * minute);
    const end = noon + 30 * 60 * minute;
    expect(long.statistic(metric, 'Sum', end - 24 * 60 * minute, end)).toBe(24);
    expect(long.statistic(metric, 'Sum', noon, noon + minute)).toBeNull();
  });
});

describe('a log line with metrics', () => {
  const line = (members: object, definition: object = {}) =>
    JSON.stringify({
      _aws: {
        Timestamp: noon,
        CloudWatchMetrics: [
          {
            Namespace: 'Tests',
            Dimensions: [['service'], ['service', 'Provider']],
            Metrics: [{ Name: 'Lag', Unit: 'Milliseconds' }],
            ...definition,
          },
        ],
      },
      service: 'mailtrail',
      Provider: 'app',
      ...members,
    });

  it('counts each of its values in each of its sets of dimensions', () => {
    const values = embeddedMetrics(line({ Lag: [5, 7] }));
    expect(values).toHaveLength(4);
    expect(values).toEqual(
      [5, 7].flatMap(value =>
        [{ service: 'mailtrail' }, { service: 'mailtrail', Provider: 'app' }].map(dimensions => ({
          namespace: 'Tests',
          name: 'Lag',
          dimensions,
          value,
          at: noon,
        })),
      ),
    );
    expect(embeddedMetrics(line({ Lag: 5 }, { Dimensions: [[]] }))).toMatchObject([{ dimensions: {}, value: 5 }]);
  });

  it.each([
    ['without the value it names', line({})],
    ['with a dimension that it lacks', line({ Lag: 1 }, { Dimensions: [['Region']] })],
    ['with a dimension that is no text', line({ Lag: 1, Provider: 7 })],
    ['with more than 100 values', line({ Lag: Array(101).fill(1) })],
    ['with a unit that does not exist', line({ Lag: 1 }, { Metrics: [{ Name: 'Lag', Unit: 'Fortnights' }] })],
    ['with a text for a value', line({ Lag: 'long' })],
    ['that is cut off', line({ Lag: 1 }).slice(0, -2)],
    ['of another kind', 'START RequestId: 1'],
  ])('%s counts as nothing', (_, text) => {
    expect(embeddedMetrics(text)).toEqual([]);
  });
});

describe('an expression', () => {
  const known: Readonly<Record<string, number | null>> = { one: 3, two: 4, none: null };
  const value = (text: string) => metricMath(text)(id => known[id]!);

  it.each([
    ['one + two * 2', 11],
    ['(one + two) * 2', 14],
    ['two - one - 1', 0],
    ['-one + 5', 2],
    ['one / 2', 1.5],
    ['one / 0', null],
    ['one > 2 && two >= 4', 1],
    ['one == 4 OR two != 4', 0],
    ['none + 1', null],
    ['FILL(none, 0) + one', 3],
    ['IF(one > 2, two, 0)', 4],
    ['IF(one < 2, two, 0)', 0],
    ['IF(none > 2, two, 0)', null],
    ['SUM([one, two, none])', 7],
    ['MAX([one, FILL(none, 9)])', 9],
    ['MIN([one, two])', 3],
  ])('%s is %s', (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  it.each([
    ['ANOMALY_DETECTION_BAND(one, 2)', 'ANOMALY_DETECTION_BAND is not understood here'],
    ['SEARCH(one)', 'SEARCH is not understood here'],
    ['SUM(one)', 'over a list of metrics alone'],
    ['one two', 'two is not understood here'],
    ['one +', 'it ends too early'],
    ['one; two', '";" is not understood here'],
  ])('%s is refused', (text, message) => {
    expect(() => value(text)).toThrow(message);
  });
});

describe('the rule of a composite alarm', () => {
  const states = { on: 'ALARM', off: 'OK', new: 'INSUFFICIENT_DATA' } as const;
  const holds = (text: string) => compositeRule(text)(name => states[name as keyof typeof states]);

  it.each([
    ['ALARM("on")', true],
    ['ALARM(off)', false],
    ['(ALARM("off") OR ALARM("on"))', true],
    ['ALARM("on") AND NOT ALARM("off")', true],
    ['ALARM("on") AND OK("on") OR INSUFFICIENT_DATA("new")', true],
    ['NOT (ALARM("on") OR FALSE)', false],
  ])('%s is %s', (text, expected) => {
    const names = text.replace(/\((on|off)\)/g, '("$1")');
    expect(holds(names)).toBe(expected);
  });

  it.each(['ALARM("on") XOR ALARM("off")', 'ALARM("on"', 'ALARM("on") ALARM("off")'])('%s is refused', text => {
    expect(() => holds(text)).toThrow('the rule');
  });
});

describe('the filter pattern of a log', () => {
  const line = { status: '429', route: 'GET /emails', failed: 2 };

  it.each([
    ['{ $.status = "429" }', true],
    ['{ ($.status = "429") && ($.route != "GET /emails") }', false],
    ['{ $.status = "401" || ($.status = "429" && $.route = "GET /emails") }', true],
    ['{ $.token != "-" }', false],
    ['{ $.failed > 1 }', true],
    ['{ $.failed < 2 }', false],
    ['{ $.status > 1 }', false],
  ])('%s is %s', (text, expected) => {
    expect(linePattern(text)(line)).toBe(expected);
  });

  it.each(['{ $.status = 4* }', '{ $.status = "4*" }', '[ip, user]', '{ $.status > "400" }'])('%s is refused', text => {
    expect(() => linePattern(text)).toThrow('the filter pattern');
  });
});

describe('the bytes of a log', () => {
  it('are those of its lines in UTF-8, as CloudWatch Logs measures them', () => {
    expect(incomingBytes('IngestLogs', ['{"a":1}', 'é'])).toEqual({
      namespace: 'AWS/Logs',
      name: 'IncomingBytes',
      dimensions: { LogGroupName: 'IngestLogs' },
      value: 9,
    });
  });
});

describe('an alarm', () => {
  const alarmOn = (properties: Partial<AlarmProperties>): AlarmProperties => ({
    Namespace: metric.namespace,
    MetricName: metric.name,
    Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: 'Sum',
    Period: 300,
    EvaluationPeriods: 3,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
    ...properties,
  });
  /** The state after five periods, from the oldest: 0, X for a value that breaches, or - for none. */
  const stateAfter = (periods: string, properties: Partial<AlarmProperties>) => {
    const store = createMetricStore();
    for (const [index, sign] of periods.split(' ').entries()) {
      if (sign !== '-') store.add({ ...metric, value: sign === 'X' ? 1 : 0 }, noon + index * 5 * minute);
    }
    return createAlarm(alarmOn(properties))(store, noon + 25 * minute - 1).state;
  };

  // As in the tables of CloudWatch's guide.
  it.each([
    ['0 - X - X', 3, 'OK', 'OK'],
    ['0 - - - -', 3, 'OK', 'OK'],
    ['- - - - -', 3, 'ALARM', 'OK'],
    ['0 X X - X', 3, 'ALARM', 'ALARM'],
    ['- - X - -', 3, 'ALARM', 'OK'],
    ['0 - X - X', 2, 'ALARM', 'ALARM'],
    ['0 0 X 0 X', 2, 'ALARM', 'ALARM'],
    ['0 - X - -', 2, 'ALARM', 'OK'],
    ['- - - - 0', 2, 'ALARM', 'OK'],
    ['- - - X -', 2, 'ALARM', 'OK'],
  ])('over %s, %i of 3 periods: %s if missing data breaches, else %s', (periods, DatapointsToAlarm, breaching, not) => {
    expect(stateAfter(periods, { DatapointsToAlarm, TreatMissingData: 'breaching' })).toBe(breaching);
    expect(stateAfter(periods, { DatapointsToAlarm })).toBe(not);
  });

  it('on an expression has its value in each period', () => {
    const stat = (name: string) => ({
      Metric: { Namespace: 'Tests', MetricName: name, Dimensions: [] },
      Period: 60,
      Stat: 'Sum',
    });
    const { MetricName: _, Namespace: __, Dimensions: ___, Statistic: ____, Period: _____, ...rest } = alarmOn({});
    const alarm = createAlarm({
      ...rest,
      EvaluationPeriods: 1,
      Metrics: [
        { Id: 'all', Expression: 'IF(published > 0 && FILL(delivered, 0) == 0, 1, 0)' },
        { Id: 'published', MetricStat: stat('published'), ReturnData: false },
        { Id: 'delivered', MetricStat: stat('delivered'), ReturnData: false },
      ],
    });
    const store = createMetricStore();
    store.add({ namespace: 'Tests', name: 'published', dimensions: {}, value: 1 }, noon);
    expect(alarm(store, noon)).toEqual({ state: 'ALARM', points: [1] });
    store.add({ namespace: 'Tests', name: 'delivered', dimensions: {}, value: 1 }, noon);
    expect(alarm(store, noon)).toEqual({ state: 'OK', points: [0] });
    expect(alarm(store, noon + 5 * minute).state).toBe('OK');
  });

  it.each([
    [{ TreatMissingData: 'ignore' }, 'missing data treated as ignore is not understood here'],
    [{ ComparisonOperator: 'LessThanLowerThreshold' }, 'the comparison LessThanLowerThreshold is not understood here'],
  ])('with %j is refused', (properties, message) => {
    expect(() => createAlarm(alarmOn(properties))).toThrow(message);
  });
});
