/** Lists every alarm in the template exactly, so that a new one or another threshold is a change of this file. */

import { describe, expect, it } from 'vitest';
import { createMeasure } from '../../functions/ingest/metrics.ts';
import { createWatchMetrics } from '../../functions/watch/metrics.ts';
import { providers } from '../../shared/providers/registry.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { anEvent } from '../rigs/stored-emails.ts';
import { asText, type Resource, resourcesOf, type Synthesized, synthesize } from './synthesized.ts';

const withoutProviders = synthesize();
const withOne = synthesize({ providers: 'sendgrid' });
const withEvents = { events: true, eventsUrl: 'https://billing.example.com/mail-events' };
const withAll = synthesize({ providers: Object.keys(providers) });

/** The alarms by name, composite ones too. */
function alarmsOf(template: Synthesized): ReadonlyMap<string, Resource> {
  return new Map(
    ['AWS::CloudWatch::CompositeAlarm', 'AWS::CloudWatch::Alarm'].flatMap(type =>
      [...resourcesOf(template, type)].map(([name, alarm]) => [name.replace(/^Alarms/, ''), alarm] as const),
    ),
  );
}

interface MetricText {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

/** A metric as text: `AWS/Lambda Errors of Ingest`. */
function metricText({ Namespace, MetricName, Dimensions = [] }: MetricText): string {
  const values = Dimensions.map(({ Value }) => asText(Value));
  return [Namespace, MetricName, ...(values.length > 0 ? ['of', values.join(', ')] : [])].join(' ');
}

/** An alarm in words: value and threshold, periods, missing data, who is told, and the metrics of its expression. */
type Row = readonly [value: string, periods: string, missing: string, told: string, ...metrics: string[]];

/** The metric and the threshold of an alarm, its periods, its missing data, and the metrics of an expression. */
function condition({ Properties }: Resource): [value: string, periods: string, missing: string, metrics: string[]] {
  const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, Threshold, Metrics = [] } = Properties;
  interface Part {
    readonly Id: string;
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: MetricText; readonly Period: number; readonly Stat: string };
  }
  const parts: readonly Part[] = Metrics;
  const inputs = parts.flatMap(({ Id, MetricStat }) => (MetricStat ? [{ Id, ...MetricStat }] : []));
  const { Period = inputs[0]?.Period, ExtendedStatistic, Statistic = ExtendedStatistic } = Properties;
  const value =
    parts.find(({ Expression }) => Expression !== undefined)?.Expression ??
    `${Statistic} ${metricText(Properties as unknown as MetricText)}`;
  expect(Properties.ComparisonOperator).toBe('GreaterThanThreshold');
  return [
    `${value} > ${Threshold}`,
    `${DatapointsToAlarm} of ${EvaluationPeriods} x ${Period / 60} min`,
    Properties.TreatMissingData,
    inputs.map(({ Id, Stat, Metric }) => `${Id} = ${Stat} ${metricText(Metric)}`),
  ];
}

/** The alarms that a composite alarm tells of. */
function membersOf({ Properties: { AlarmRule } }: Resource): string[] {
  const rule = asText(AlarmRule);
  const members = [...rule.matchAll(/ALARM\("Alarms(\w+)\.Arn"\)/g)].map(([, name]) => name!);
  expect(rule).toBe(`(${members.map(name => `ALARM("Alarms${name}.Arn")`).join(' OR ')})`);
  return members;
}

/** Who gets an email: `ALARM → Operations, OK → Operations`. */
function mailsOf({
  Properties: { AlarmActions = [], OKActions = [], InsufficientDataActions = [] },
}: Resource): string {
  const told = { ALARM: AlarmActions, OK: OKActions, INSUFFICIENT_DATA: InsufficientDataActions };
  return Object.entries<unknown[]>(told)
    .flatMap(([state, topics]) => topics.map(topic => `${state} → ${asText(topic)}`))
    .join(', ');
}

function described(template: Synthesized): Readonly<Record<string, Row | readonly string[]>> {
  const alarms = alarmsOf(template);
  const composites = [...alarms].filter(([, { Type }]) => Type === 'AWS::CloudWatch::CompositeAlarm');
  return Object.fromEntries(
    [...alarms].map(([name, alarm]) => {
      if (alarm.Type === 'AWS::CloudWatch::CompositeAlarm') return [name, [mailsOf(alarm), ...membersOf(alarm)]];
      const [value, periods, missing, metrics] = condition(alarm);
      const tellers = composites
        .filter(([, composite]) => membersOf(composite).includes(name))
        .map(([teller]) => teller);
      const told = [mailsOf(alarm), ...tellers].filter(text => text !== '').join(', ');
      return [name, [value, periods, missing, told, ...metrics]];
    }),
  );
}

/** The metrics that CloudWatch bills an alarm by. */
function metricsIn({ Properties: { Metrics } }: Resource): number {
  return Metrics === undefined ? 1 : Metrics.filter((part: object) => 'MetricStat' in part).length;
}

/** The list prices of us-east-1: a metric of an alarm, and a composite alarm. */
const dollars = { metric: 0.1, composite: 0.5 } as const;

function monthlyDollars(template: Synthesized): number {
  const metrics = [...resourcesOf(template, 'AWS::CloudWatch::Alarm').values()].map(metricsIn);
  const composites = resourcesOf(template, 'AWS::CloudWatch::CompositeAlarm').size;
  const sum = metrics.reduce((all, one) => all + one, 0) * dollars.metric + composites * dollars.composite;
  return Math.round(sum * 100) / 100;
}

const mail = 'ALARM → Operations';
const mailAndRecovery = 'ALARM → Operations, OK → Operations';

const expected: ReturnType<typeof described> = {
  CallsNotRecorded: [
    mailAndRecovery,
    'CanaryFailed',
    'IngestErrors',
    'IngestThrottles',
    'IngestSlow',
    'WebhookThrottled',
    'WebhookUnavailable',
    'EventsFailing',
    'EventsLate',
    'TableThrottled',
  ],
  // Without a measurement it counts as failed, and no further period makes up for that.
  CanaryFailed: [
    'FILL(failed, 1) > 0',
    '1 of 1 x 10 min',
    'breaching',
    'CallsNotRecorded',
    'failed = Maximum Mailtrail/Mailtrail CanaryFailed of mailtrail',
  ],
  IngestErrors: ['Sum AWS/Lambda Errors of Ingest > 0', '2 of 12 x 5 min', 'notBreaching', 'CallsNotRecorded'],
  IngestThrottles: ['Sum AWS/Lambda Throttles of Ingest > 0', '2 of 2 x 5 min', 'notBreaching', 'CallsNotRecorded'],
  IngestSlow: ['p99 AWS/Lambda Duration of Ingest > 2300', '3 of 3 x 5 min', 'notBreaching', 'CallsNotRecorded'],
  WebhookThrottled: [
    'Sum Mailtrail/Mailtrail WebhookThrottled > 0',
    '1 of 6 x 5 min',
    'notBreaching',
    'CallsNotRecorded',
  ],
  WebhookUnavailable: [
    'Sum Mailtrail/Mailtrail Unavailable of mailtrail > 0',
    '2 of 6 x 5 min',
    'notBreaching',
    'CallsNotRecorded',
  ],
  EventsFailing: [
    'Sum Mailtrail/Mailtrail FailedMessages of mailtrail > 0',
    '3 of 3 x 5 min',
    'notBreaching',
    'CallsNotRecorded',
  ],
  EventsLate: [
    'MAX([FILL(retry, 0), FILL(ses, 0)]) > 900',
    '1 of 1 x 5 min',
    'notBreaching',
    'CallsNotRecorded',
    'retry = Maximum AWS/SQS ApproximateAgeOfOldestMessage of Retry.QueueName',
    'ses = Maximum AWS/SQS ApproximateAgeOfOldestMessage of SesEventsQueue.QueueName',
  ],
  TableThrottled: [
    'FILL(ofUpdateItem, 0) + FILL(ofBatchGetItem, 0) > 0',
    '3 of 3 x 5 min',
    'notBreaching',
    'CallsNotRecorded',
    'ofUpdateItem = Sum AWS/DynamoDB ThrottledRequests of UpdateItem, Emails',
    'ofBatchGetItem = Sum AWS/DynamoDB ThrottledRequests of BatchGetItem, Emails',
  ],
  NewsLate: ['p95 Mailtrail/Mailtrail Lag of mailtrail > 900000', '3 of 3 x 15 min', 'notBreaching', mailAndRecovery],
  ApiErrors: ['Sum AWS/ApiGateway 5xx of Api > 0', '3 of 6 x 5 min', 'notBreaching', mailAndRecovery],
  TokensRefused: [
    'IF(FILL(refused, 0) >= 5, FILL(refused, 0) / (FILL(refused, 0) + FILL(accepted, 0)), 0) > 0.5',
    '2 of 2 x 15 min',
    'notBreaching',
    mailAndRecovery,
    'refused = Sum Mailtrail/Mailtrail TokensRefused',
    'accepted = Sum Mailtrail/Mailtrail TokensAccepted',
  ],
  AlertsLate: [
    'MAX([FILL(batch, 0) / 60000, FILL(letter, 0) / 60]) > 15',
    '1 of 1 x 5 min',
    'notBreaching',
    mailAndRecovery,
    'batch = Maximum AWS/Lambda IteratorAge of Alert',
    'letter = Maximum AWS/SQS ApproximateAgeOfOldestMessage of Digests.QueueName',
  ],
  DigestsFailing: [
    'FILL(failed, 0) + FILL(errors, 0) > 0',
    '3 of 3 x 5 min',
    'notBreaching',
    mailAndRecovery,
    'failed = Sum Mailtrail/Mailtrail DigestsFailed',
    'errors = Sum AWS/Lambda Errors of Digest',
  ],
  AlertsUndelivered: [
    'Sum AWS/SNS NumberOfNotificationsFailed of Support.TopicName > 0',
    '1 of 4 x 15 min',
    'notBreaching',
    mail,
  ],
  ThroughputNearCeiling: [
    'MAX([100 * FILL(writes, 0) / 240000, 100 * FILL(reads, 0) / 240000]) > 70',
    '3 of 5 x 1 min',
    'notBreaching',
    mailAndRecovery,
    'writes = Sum AWS/DynamoDB ConsumedWriteCapacityUnits of Emails',
    'reads = Sum AWS/DynamoDB ConsumedReadCapacityUnits of Emails',
  ],
  WebhookRefused: ['Sum Mailtrail/Mailtrail Refused of mailtrail > 2', '1 of 1 x 60 min', 'notBreaching', mail],
};

/** The same alarms, and those that other settings add or change. */
const changedBy = (template: Synthesized) =>
  Object.fromEntries(
    Object.entries(described(template)).filter(([name, row]) => JSON.stringify(row) !== JSON.stringify(expected[name])),
  );

describe('the alarms', () => {
  it('watch these metrics, go off at these thresholds, and tell these topics', () => {
    expect(described(withoutProviders)).toEqual(expected);
  });

  it('watch the one provider in use', () => {
    expect(changedBy(withOne)).toEqual({
      WebhookRefused: [
        'Sum Mailtrail/Mailtrail Refused of sendgrid, mailtrail > 2',
        '1 of 1 x 60 min',
        'notBreaching',
        mail,
      ],
      Silence: [
        'Maximum Mailtrail/Mailtrail Silence of sendgrid, mailtrail > 1',
        '1 of 1 x 10 min',
        'breaching',
        mailAndRecovery,
      ],
    });
  });

  it('watch all providers, ten in one alarm, with one email for all of a kind', () => {
    const names = Object.keys(providers);
    expect(names.length).toBeGreaterThan(20);
    const chunk = (from: number) => names.slice(from, from + 10);
    const ofKind = (
      metric: string,
      value: string,
      missing: string,
      told: string,
      minutes: number,
      term = (name: string) => name,
    ) =>
      [0, 10, 20].map(from => [
        `MAX([${chunk(from).map(term).join(', ')}]) > ${value}`,
        `1 of 1 x ${minutes} min`,
        missing,
        told,
        ...chunk(from).map(name => `${name} = ${metric} of ${name}, mailtrail`),
      ]);
    const [refused, refused2, refused3] = ofKind(
      'Sum Mailtrail/Mailtrail Refused',
      '2',
      'notBreaching',
      'WebhooksRefused',
      60,
    );
    const [silence, silence2, silence3] = ofKind(
      'Maximum Mailtrail/Mailtrail Silence',
      '1',
      'breaching',
      'ProvidersSilent',
      10,
      // One provider without a measurement must not hide behind the others.
      name => `FILL(${name}, 2)`,
    );
    expect(changedBy(withAll)).toEqual({
      WebhooksRefused: [mail, 'WebhookRefused', 'WebhookRefused2', 'WebhookRefused3'],
      ProvidersSilent: [mailAndRecovery, 'Silence', 'Silence2', 'Silence3'],
      WebhookRefused: refused,
      WebhookRefused2: refused2,
      WebhookRefused3: refused3,
      Silence: silence,
      Silence2: silence2,
      Silence3: silence3,
    });
  });

  it('warn at 70 % of the ceilings that the settings state', () => {
    const changed = changedBy(synthesize({ maxWriteUnits: 10, maxReadUnits: 20, ingestConcurrency: 40 }));
    expect(changed).toEqual({
      NearCeiling: [mailAndRecovery, 'ThroughputNearCeiling', 'IngestConcurrencyNearCeiling'],
      ThroughputNearCeiling: [
        'MAX([100 * FILL(writes, 0) / 600, 100 * FILL(reads, 0) / 1200]) > 70',
        '3 of 5 x 1 min',
        'notBreaching',
        'NearCeiling',
        ...expected.ThroughputNearCeiling!.slice(4),
      ],
      IngestConcurrencyNearCeiling: [
        '100 * FILL(running, 0) / 40 > 70',
        '3 of 5 x 1 min',
        'notBreaching',
        'NearCeiling',
        'running = Maximum AWS/Lambda ConcurrentExecutions of Ingest',
      ],
    });
  });

  it('watch the events for other systems, whose failure is one email with that of letters', () => {
    const changes = ['Maximum AWS/Lambda IteratorAge of Changes > 900000', '1 of 1 x 5 min', 'notBreaching', 'NotTold'];
    const letters = [...expected.AlertsUndelivered!.slice(0, 3), 'NotTold'];
    expect(changedBy(synthesize({ events: true }))).toEqual({
      NotTold: [mail, 'AlertsUndelivered', 'ChangesUnpublished'],
      AlertsUndelivered: letters,
      ChangesUnpublished: changes,
    });
    expect(changedBy(synthesize(withEvents))).toEqual({
      NotTold: [mail, 'AlertsUndelivered', 'ChangesUnpublished', 'EventsUndelivered'],
      AlertsUndelivered: letters,
      ChangesUnpublished: changes,
      EventsUndelivered: [
        'Maximum AWS/SQS ApproximateNumberOfMessagesVisible of EventWebhookDeadLetters.QueueName > 0',
        '1 of 1 x 5 min',
        'notBreaching',
        'NotTold',
      ],
    });
  });

  it('cost at most $2.90 a month with one provider in use, and $0.20 for each further one', () => {
    const [ofOne, ofTwo] = ['sendgrid', 'sendgrid,app'].map(names => monthlyDollars(synthesize({ providers: names })));
    expect(ofOne).toBeLessThanOrEqual(2.9);
    expect(ofTwo! - ofOne!).toBeCloseTo(0.2);
  });

  it('have at most ten metrics each, as CloudWatch takes no more', () => {
    for (const [name, alarm] of alarmsOf(withAll)) expect(metricsIn(alarm), name).toBeLessThanOrEqual(10);
  });

  it('send at most ten emails at once, whatever fails: at more in a second SNS ends a subscription', () => {
    const withEverything = synthesize({ providers: Object.keys(providers), ingestConcurrency: 40, ...withEvents });
    for (const template of [withoutProviders, withOne, withAll, withEverything]) {
      const mailing = [...alarmsOf(template)].filter(([, alarm]) => mailsOf(alarm) !== '').map(([name]) => name);
      expect(mailing.length, mailing.join(', ')).toBeLessThanOrEqual(10);
    }
  });

  it('tell each failure once: no email by a member of a composite alarm', () => {
    for (const template of [withoutProviders, withAll, synthesize(withEvents)]) {
      const alarms = alarmsOf(template);
      const members = [...alarms.values()].flatMap(alarm => ('AlarmRule' in alarm.Properties ? membersOf(alarm) : []));
      expect(new Set(members).size).toBe(members.length);
      for (const [name, alarm] of alarms) expect([name, mailsOf(alarm) === '']).toEqual([name, members.includes(name)]);
    }
  });

  it('send no email for a single error of a function', () => {
    const onErrors = Object.entries(described(withoutProviders)).filter(([, row]) =>
      row.some(text => text.includes(' Errors ')),
    );
    expect(onErrors.map(([name]) => name)).toEqual(['IngestErrors', 'DigestsFailing']);
    for (const [name, [, periods]] of onErrors) expect(periods, name).toMatch(/^[23] of /);
  });

  it('state their impact and what to do', () => {
    for (const [name, { Properties }] of alarmsOf(withAll)) {
      expect(Properties.AlarmDescription, name).toMatch(/^Impact: .{30,}\. What to do: .{30,}\.$/);
      const [impact, whatToDo] = Properties.AlarmDescription.replace('Impact: ', '').split('What to do: ');
      for (const sentence of `${impact}${whatToDo}`.split(/(?<=\.) /)) {
        expect(sentence.split(' ').length, sentence).toBeLessThanOrEqual(25);
      }
      // CloudWatch accepts 1,024 characters.
      expect(Properties.AlarmDescription.length, name).toBeLessThanOrEqual(1024);
    }
  });

  it('watch exactly the metrics that the functions write', () => {
    const written: Record<string, unknown>[] = [];
    const { METRICS_NAMESPACE } = resourcesOf(withOne, 'AWS::Lambda::Function').get('Ingest')!.Properties.Environment
      .Variables;
    const write = (line: string) => written.push(JSON.parse(line));
    const measure = createMeasure({ namespace: METRICS_NAMESPACE, tally: { add() {} }, now: Date.now });
    const log = createLog(write);
    for (const source of ['retry', 'ses']) {
      const measured = measure('sendgrid', {
        stored: [anEvent()],
        counts: { refused: 1, unavailable: 1 },
        failedMessages: { source, count: 1 },
      });
      log('webhook.set-up', { requestId: 'r', provider: 'sendgrid' }, measured);
    }
    const watchMetrics = createWatchMetrics(METRICS_NAMESPACE, write);
    watchMetrics.canary(false);
    watchMetrics.silence('sendgrid', 0);
    const names = written.flatMap(line => {
      // biome-ignore lint/suspicious/noExplicitAny: as in the format
      const definitions: any[] = (line._aws as any).CloudWatchMetrics;
      return definitions.flatMap(({ Namespace, Dimensions, Metrics }) =>
        Metrics.flatMap(({ Name }: { Name: string }) =>
          Dimensions.map((dimensions: string[]) =>
            metricText({
              Namespace,
              MetricName: Name,
              Dimensions: dimensions.sort().map(one => ({ Name: one, Value: line[one] })),
            }),
          ),
        ),
      );
    });
    const filtered = [...resourcesOf(withOne, 'AWS::Logs::MetricFilter').values()].map(
      ({ Properties: { MetricTransformations } }) =>
        metricText({ ...MetricTransformations[0], Namespace: MetricTransformations[0].MetricNamespace }),
    );
    const watched = Object.values(described(withOne)).flatMap(([value = '', , , , ...inputs]) =>
      [value, ...inputs].flatMap(text => /(Mailtrail\/[^>]+?)(?: > .*)?$/.exec(text)?.[1] ?? []),
    );
    expect(watched.length).toBeGreaterThan(6);
    for (const metric of watched) expect([...names, ...filtered]).toContain(metric);
    // None is counted for nothing.
    for (const metric of filtered) expect(watched).toContain(metric);
  });
});

describe('two installations in one account', () => {
  it('have alarms of different names', () => {
    const namesIn = (template: Synthesized) =>
      [...resourcesOf(template, 'AWS::CloudWatch::CompositeAlarm').values()].map(
        ({ Properties }) => Properties.AlarmName,
      );
    const other = namesIn(synthesize({ stackName: 'Other' }));
    expect(other).toEqual(namesIn(withoutProviders).map(name => name.replace('Mailtrail-', 'Other-')));
    expect(other.every(name => name.startsWith('Other-'))).toBe(true);
  });
});
