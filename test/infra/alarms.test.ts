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
    'QueuesNotRead',
    'TableThrottled',
  ],
  NewsMissing: [mailAndRecovery, 'ChangesLate', 'ChangesGivenUp'],
  SupportNotAlerted: [mailAndRecovery, 'AlertErrors', 'AlertsLate', 'DigestsLate', 'DigestsFailing'],
  EventsSetAside: [mail, 'EventsGivenUp', 'QuarantineNotEmpty'],
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
    'FILL(retry, 0) + FILL(ses, 0) > 0',
    '3 of 3 x 5 min',
    'notBreaching',
    'CallsNotRecorded',
    'retry = Sum Mailtrail/Mailtrail FailedMessages of retry, mailtrail',
    'ses = Sum Mailtrail/Mailtrail FailedMessages of ses, mailtrail',
  ],
  EventsLate: [
    'MAX([FILL(retry, 0), FILL(ses, 0)]) > 900',
    '1 of 1 x 5 min',
    'notBreaching',
    'CallsNotRecorded',
    'retry = Maximum AWS/SQS ApproximateAgeOfOldestMessage of Retry.QueueName',
    'ses = Maximum AWS/SQS ApproximateAgeOfOldestMessage of SesEventsQueue.QueueName',
  ],
  QueuesNotRead: [
    'MAX([FILL(retry, 0), FILL(ses, 0)]) > 0',
    '3 of 3 x 5 min',
    'notBreaching',
    'CallsNotRecorded',
    'retry = Minimum AWS/SQS ApproximateNumberOfMessagesVisible of Retry.QueueName',
    'ses = Minimum AWS/SQS ApproximateNumberOfMessagesVisible of SesEventsQueue.QueueName',
  ],
  TableThrottled: [
    'FILL(ofUpdateItem, 0) + FILL(ofPutItem, 0) + FILL(ofBatchGetItem, 0) + FILL(ofGetItem, 0) + FILL(ofQuery, 0) > 0',
    '3 of 3 x 5 min',
    'notBreaching',
    'CallsNotRecorded',
    'ofUpdateItem = Sum AWS/DynamoDB ThrottledRequests of UpdateItem, Emails',
    'ofPutItem = Sum AWS/DynamoDB ThrottledRequests of PutItem, Emails',
    'ofBatchGetItem = Sum AWS/DynamoDB ThrottledRequests of BatchGetItem, Emails',
    'ofGetItem = Sum AWS/DynamoDB ThrottledRequests of GetItem, Emails',
    'ofQuery = Sum AWS/DynamoDB ThrottledRequests of Query, Emails',
  ],
  EventsGivenUp: [
    'FILL(retry, 0) + FILL(retryHeld, 0) + FILL(ses, 0) + FILL(sesHeld, 0) > 0',
    '1 of 1 x 5 min',
    'notBreaching',
    'EventsSetAside',
    'retry = Maximum AWS/SQS ApproximateNumberOfMessagesVisible of RetryDeadLetters.QueueName',
    'retryHeld = Maximum AWS/SQS ApproximateNumberOfMessagesNotVisible of RetryDeadLetters.QueueName',
    'ses = Maximum AWS/SQS ApproximateNumberOfMessagesVisible of SesEventsQueueDeadLetters.QueueName',
    'sesHeld = Maximum AWS/SQS ApproximateNumberOfMessagesNotVisible of SesEventsQueueDeadLetters.QueueName',
  ],
  QuarantineNotEmpty: [
    'FILL(quarantine, 0) + FILL(quarantineHeld, 0) > 0',
    '1 of 1 x 5 min',
    'notBreaching',
    'EventsSetAside',
    'quarantine = Maximum AWS/SQS ApproximateNumberOfMessagesVisible of Quarantine.QueueName',
    'quarantineHeld = Maximum AWS/SQS ApproximateNumberOfMessagesNotVisible of Quarantine.QueueName',
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
  AlertErrors: [
    'FILL(found, 0) + FILL(told, 0) > 0',
    '2 of 6 x 5 min',
    'notBreaching',
    'SupportNotAlerted',
    'found = Sum AWS/Lambda Errors of Alert',
    'told = Sum AWS/Lambda Errors of Digest',
  ],
  AlertsLate: [
    'Maximum AWS/Lambda IteratorAge of Alert > 600000',
    '1 of 1 x 5 min',
    'notBreaching',
    'SupportNotAlerted',
  ],
  DigestsLate: [
    'Maximum AWS/SQS ApproximateAgeOfOldestMessage of Digests.QueueName > 900',
    '1 of 1 x 5 min',
    'notBreaching',
    'SupportNotAlerted',
  ],
  DigestsFailing: ['Sum Mailtrail/Mailtrail DigestsFailed > 0', '3 of 3 x 5 min', 'notBreaching', 'SupportNotAlerted'],
  AlertsUndelivered: [
    'FILL(failed, 0) + IF(FILL(published, 0) > 0 && FILL(delivered, 0) == 0, FILL(published, 0), 0) > 0',
    '2 of 96 x 15 min',
    'notBreaching',
    mail,
    'published = Sum AWS/SNS NumberOfMessagesPublished of Support.TopicName',
    'delivered = Sum AWS/SNS NumberOfNotificationsDelivered of Support.TopicName',
    'failed = Sum AWS/SNS NumberOfNotificationsFailed of Support.TopicName',
  ],
  AlertsGivenUp: [
    'FILL(kept, 0) + FILL(dropped, 0) + FILL(lost, 0) + FILL(letters, 0) + FILL(lettersHeld, 0) > 0',
    '1 of 1 x 5 min',
    'notBreaching',
    mail,
    'kept = Sum AWS/Lambda OnFailureDestinationDeliveredEventCount of AlertStream',
    'dropped = Sum AWS/Lambda DroppedEventCount of AlertStream',
    'lost = Sum AWS/Lambda DestinationDeliveryFailures of Alert',
    'letters = Maximum AWS/SQS ApproximateNumberOfMessagesVisible of DigestsDeadLetters.QueueName',
    'lettersHeld = Maximum AWS/SQS ApproximateNumberOfMessagesNotVisible of DigestsDeadLetters.QueueName',
  ],
  ChangesLate: ['Maximum AWS/Lambda IteratorAge of Changes > 600000', '1 of 1 x 5 min', 'notBreaching', 'NewsMissing'],
  ChangesGivenUp: [
    'FILL(kept, 0) + FILL(dropped, 0) + FILL(lost, 0) > 0',
    '1 of 1 x 5 min',
    'notBreaching',
    'NewsMissing',
    'kept = Sum AWS/Lambda OnFailureDestinationDeliveredEventCount of ChangesStream',
    'dropped = Sum AWS/Lambda DroppedEventCount of ChangesStream',
    'lost = Sum AWS/Lambda DestinationDeliveryFailures of Changes',
  ],
  WebhookRefused: ['Sum Mailtrail/Mailtrail Refused of mailtrail > 2', '1 of 1 x 60 min', 'notBreaching', mail],
};

describe('the alarms', () => {
  it('watch these metrics, go off at these thresholds, and tell these topics', () => {
    expect(described(withoutProviders)).toEqual(expected);
  });

  it('have each provider in use apart, and one email for all of them', () => {
    const more = (template: Synthesized) => Object.entries(described(template)).filter(([name]) => !(name in withNone));
    const { NewsMissing, ...withNone } = expected;
    const ofOne = (provider: string, refusedTold: string): Record<string, Row> => ({
      [`WebhookRefused${provider}`]: [
        `Sum Mailtrail/Mailtrail Refused of ${provider}, mailtrail > 2`,
        '1 of 1 x 60 min',
        'notBreaching',
        refusedTold,
      ],
      [`Silence${provider}`]: [
        `Maximum Mailtrail/Mailtrail Silence of ${provider}, mailtrail > 1`,
        '1 of 1 x 10 min',
        'breaching',
        'NewsMissing',
      ],
    });
    const ofNews = (names: readonly string[]) => [...NewsMissing!, ...names.map(name => `Silence${name}`)];
    expect(Object.fromEntries(more(withOne))).toEqual({
      NewsMissing: ofNews(['sendgrid']),
      ...ofOne('sendgrid', mail),
    });
    const names = Object.keys(providers);
    expect(Object.fromEntries(more(withAll))).toEqual({
      NewsMissing: ofNews(names),
      WebhooksRefused: [mail, ...names.map(name => `WebhookRefused${name}`)],
      ...Object.assign({}, ...names.map(name => ofOne(name, 'WebhooksRefused'))),
    });
    for (const template of [withOne, withAll]) expect(described(template)).not.toHaveProperty('WebhookRefused');
  });

  it('are at most 34 with one provider in use', () => {
    expect(alarmsOf(withOne).size).toBeLessThanOrEqual(34);
  });

  it('send at most ten emails at once, whatever fails: at more in a second SNS ends a subscription', () => {
    for (const template of [withoutProviders, withOne, withAll]) {
      const mailing = [...alarmsOf(template)].filter(([, alarm]) => mailsOf(alarm) !== '').map(([name]) => name);
      expect(mailing.length, mailing.join(', ')).toBeLessThanOrEqual(10);
    }
  });

  it('tell each failure once: no email by a member of a composite alarm', () => {
    for (const template of [withoutProviders, withAll]) {
      const alarms = alarmsOf(template);
      const members = [...alarms.values()].flatMap(alarm => ('AlarmRule' in alarm.Properties ? membersOf(alarm) : []));
      expect(new Set(members).size).toBe(members.length);
      for (const [name, alarm] of alarms) {
        const isToldOf = members.includes(name);
        expect([name, mailsOf(alarm) === '']).toEqual([name, isToldOf]);
      }
    }
  });

  it('send no email for a single error of a function', () => {
    const onErrors = Object.entries(described(withoutProviders)).filter(([, row]) =>
      row.some(text => text.includes(' Errors ')),
    );
    expect(onErrors.map(([name]) => name)).toEqual(['IngestErrors', 'AlertErrors']);
    for (const [name, [, periods]] of onErrors) expect(periods, name).toMatch(/^2 of /);
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
