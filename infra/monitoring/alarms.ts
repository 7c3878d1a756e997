import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import type { OperationsTopic } from '../messaging/topics.ts';
import { alarmsOf, type CompositeName, composites, type Explained, type Watched } from './alarm-table.ts';
import { LogMetrics } from './log-metrics.ts';

/**
 * Every alarm, with its impact and what to do. Emails go to the operations topic. Members of a composite alarm send none
 * of their own, so that one fault is one email. SNS ends a subscription that gets more than ten in a second.
 */
export class Alarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    parts: Omit<Watched, 'logMetrics'> & { readonly config: Config; readonly operations: OperationsTopic },
  ) {
    super(scope, id);
    const tell = new SnsAction(parts.operations);
    const logMetrics = new LogMetrics(this, 'Logs', { access: parts.api.accessLogs, digest: parts.digest.logs });
    const watched = { ...parts, logMetrics };
    const members = new Map<CompositeName, Alarm[]>();

    for (const [name, facts] of alarmsOf(parts.config.providers)) {
      const [breaching, of] = facts.inPeriods ?? [1, 1];
      const alarm = new Alarm(this, name, {
        alarmDescription: describe(facts),
        metric: facts.metric(watched, Duration.minutes(facts.minutes)),
        threshold: facts.above,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: of,
        datapointsToAlarm: breaching,
        treatMissingData: facts.missing === 'breaching' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      if (facts.partOf !== undefined) members.set(facts.partOf, [...(members.get(facts.partOf) ?? []), alarm]);
      else if (facts.toldBy === undefined) tells(alarm, facts);
    }
    for (const [name, alarms] of members) {
      const [only, ...others] = alarms;
      if (others.length === 0) tells(only!, composites[name]);
      else {
        const composite = new CompositeAlarm(this, name, {
          // CDK's own name would be the same for each stack in an account and region.
          compositeAlarmName: `${Stack.of(this).stackName}-${name}`,
          alarmDescription: describe(composites[name]),
          alarmRule: AlarmRule.anyOf(...alarms.map(alarm => AlarmRule.fromAlarm(alarm, AlarmState.ALARM))),
        });
        tells(composite, composites[name]);
      }
    }

    function tells(alarm: Alarm | CompositeAlarm, { tellsRecovery }: Explained): void {
      alarm.addAlarmAction(tell);
      if (tellsRecovery) alarm.addOkAction(tell);
    }
  }
}

function describe({ impact, whatToDo }: Explained): string {
  return `Impact: ${impact} What to do: ${whatToDo}`;
}
