import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmBase,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import type { OperationsTopic } from '../messaging/topics.ts';
import {
  type AlarmFacts,
  alarmsOf,
  type CompositeName,
  composites,
  type Explained,
  type Watched,
} from './alarm-table.ts';

/**
 * Every alarm, with its impact and what to do. Emails go to the operations topic. Members of a composite alarm send none
 * of their own, so that one fault is one email. SNS ends a subscription that gets more than ten in a second.
 */
export class Alarms extends Construct {
  /** Every alarm, composite ones first. */
  readonly all: readonly AlarmBase[];

  constructor(scope: Construct, id: string, watched: Watched & { readonly operations: OperationsTopic }) {
    super(scope, id);
    const tell = new SnsAction(watched.operations);
    const facts = alarmsOf(watched.config);
    const alarms = new Map([...facts].map(([name, fact]) => [name, this.single(name, fact, watched)] as const));
    const made = Object.entries<Explained>(composites).flatMap(([name, explained]) => {
      const members = [...facts].filter(([, { partOf }]) => partOf === (name as CompositeName));
      if (members.length < 2) return [];
      const composite = new CompositeAlarm(this, name, {
        // CDK's own name would be the same for each stack in an account and region.
        compositeAlarmName: `${Stack.of(this).stackName}-${name}`,
        alarmDescription: describe(explained),
        alarmRule: AlarmRule.anyOf(
          ...members.map(([member]) => AlarmRule.fromAlarm(alarms.get(member)!, AlarmState.ALARM)),
        ),
      });
      return [{ composite, explained, members: members.map(([member]) => member) }];
    });
    const toldOf = new Set(made.flatMap(({ members }) => members));
    for (const [name, explained] of facts) if (!toldOf.has(name)) tells(alarms.get(name)!, explained);
    for (const { composite, explained } of made) tells(composite, explained);
    this.all = [...made.map(({ composite }) => composite), ...alarms.values()];

    function tells(alarm: AlarmBase, { tellsRecovery }: Explained): void {
      alarm.addAlarmAction(tell);
      if (tellsRecovery) alarm.addOkAction(tell);
    }
  }

  private single(name: string, facts: AlarmFacts, watched: Watched): Alarm {
    const [breaching, of] = facts.inPeriods ?? [1, 1];
    return new Alarm(this, name, {
      alarmDescription: describe(facts),
      metric: facts.metric(watched, Duration.minutes(facts.minutes)),
      threshold: facts.above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: of,
      datapointsToAlarm: breaching,
      treatMissingData: facts.missing === 'breaching' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
  }
}

function describe({ impact, whatToDo }: Explained): string {
  return `Impact: ${impact} What to do: ${whatToDo}`;
}
