/** Checks of the parts that tell people: subscriptions, alarms, canary and silence. */

import { type CompositeAlarm, type MetricAlarm, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createNewsStore } from '../../../../shared/news/store.ts';
import { providerInWords } from '../../../../shared/providers/titles.ts';
import { metricService, watchMetricNames } from '../../../../shared/runtime/metric-names.ts';
import type { Check, Looked } from '../check.ts';
import type { Finding } from '../finding.ts';
import { environmentOf } from '../functions.ts';
import { recentValues } from '../metrics.ts';
import { type SubscriptionFault, subscriptionFaults } from '../subscriptions.ts';

/** The topics of people, by the output that names each. */
const topics = {
  SupportTopicArn: { name: "support's topic", impact: 'Support is not told about bounces and spam marks.' },
  OperationsTopicArn: { name: "the operators' topic", impact: 'Operators are not told about alarms.' },
} as const;

const anybodyEnds = 'A mail scanner that visits the link ends the subscription, and nobody is told.';

function subscriptionRemedy({ local, url, outputs }: Looked, output: string, { kind }: SubscriptionFault): string {
  if (local !== null) return `curl -X POST '${url}/_local/inbox?authenticateOnUnsubscribe=true'`;
  if (kind === 'none')
    return `aws sns subscribe --protocol email --topic-arn ${outputs[output]} --notification-endpoint ADDRESS`;
  return 'Confirm it with its token: docs/operating.md, "Confirm the subscriptions".';
}

/** Alarms without data for so long have lost their metric. */
const maxInsufficientMs = 60 * 60_000;

/** The canary runs every five minutes. */
const canaryMinutes = 15;

/** Deliveries that failed are looked for so far back. */
const failedDeliveryMinutes = 180;

type Alarm = MetricAlarm | CompositeAlarm;

/** The name without the stack's, the construct's and CloudFormation's parts: `Mailtrail-AlarmsApiErrors1234ABCD-X1` → `ApiErrors`. */
function shortName({ stackName }: Looked, { AlarmName = '' }: Alarm): string {
  return AlarmName.replace(`${stackName}-`, '')
    .replace(/^Alarms/, '')
    .replace(/[0-9A-F]{8}(?:-\w+)?$/, '');
}

/** An alarm's own description says impact and remedy. */
function explained({ AlarmDescription = '' }: Alarm): Pick<Finding, 'impact' | 'remedy'> {
  const [, impact, remedy] = /^Impact: (.*?) What to do: (.*)$/s.exec(AlarmDescription) ?? [];
  return { impact: impact ?? AlarmDescription, remedy: remedy ?? 'docs/on-call.md explains the alarm.' };
}

/** A stack whose name begins like this one's has alarms of the same prefix. */
async function alarmsOf({ clients, stackName, resources }: Looked) {
  const own = new Set(resources.filter(({ type }) => type.startsWith('AWS::CloudWatch::')).map(({ ref }) => ref));
  const isOwn = ({ AlarmName = '' }: Alarm) => own.has(AlarmName);
  const metricAlarms: MetricAlarm[] = [];
  const compositeAlarms: CompositeAlarm[] = [];
  for await (const page of paginateDescribeAlarms(
    { client: clients.cloudWatch },
    { AlarmNamePrefix: `${stackName}-`, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] },
  )) {
    metricAlarms.push(...(page.MetricAlarms ?? []).filter(isOwn));
    compositeAlarms.push(...(page.CompositeAlarms ?? []).filter(isOwn));
  }
  return { metricAlarms, compositeAlarms };
}

export const tellingChecks = {
  async subscriptions(looked) {
    const { clients, outputs } = looked;
    const known = Object.entries(topics).filter(([output]) => outputs[output] !== undefined);
    const findings: Finding[] = [];
    for (const [output, { name, impact }] of known) {
      for (const fault of await subscriptionFaults(clients.sns, name, outputs[output]!)) {
        findings.push({
          wrong: `${fault.says[0]!.toUpperCase()}${fault.says.slice(1)}.`,
          impact: fault.kind === 'ends by a link' ? anybodyEnds : impact,
          remedy: subscriptionRemedy(looked, output, fault),
        });
      }
    }
    const failed = await recentValues(
      looked,
      known.map(([output]) => ({
        namespace: 'AWS/SNS',
        name: 'NumberOfNotificationsFailed',
        dimensions: { TopicName: outputs[output]!.split(':').at(-1)! },
        statistic: 'Sum',
      })),
      failedDeliveryMinutes,
    );
    for (const [index, [output, { name, impact }]] of known.entries()) {
      const count = failed[index]!.reduce((sum, value) => sum + value, 0);
      if (count === 0) continue;
      findings.push({
        wrong: `${count} messages of ${name} were not delivered within the last ${failedDeliveryMinutes / 60} hours.`,
        impact,
        remedy: subscriptionRemedy(looked, output, { kind: 'pending', says: '' }),
      });
    }
    return findings;
  },

  async alarms(looked) {
    const { metricAlarms, compositeAlarms } = await alarmsOf(looked);
    const all: readonly Alarm[] = [...compositeAlarms, ...metricAlarms];
    if (all.length === 0) {
      const wrong = `There is no alarm of the stack ${looked.stackName}.`;
      return [{ wrong, impact: 'Nobody is told about faults.', remedy: 'Deploy again: npm run deploy' }];
    }
    const raised = all.filter(({ StateValue }) => StateValue === 'ALARM');
    const raisedComposites = compositeAlarms.filter(alarm => raised.includes(alarm));
    const isMember = ({ AlarmArn = '', AlarmName = '' }: Alarm, { AlarmRule = '' }: CompositeAlarm) =>
      AlarmRule.includes(`"${AlarmArn}"`) || AlarmRule.includes(`"${AlarmName}"`);
    const findings: Finding[] = [];
    for (const alarm of raised) {
      if (raisedComposites.some(composite => composite !== alarm && isMember(alarm, composite))) continue;
      const members = 'AlarmRule' in alarm ? raised.filter(one => one !== alarm && isMember(one, alarm)) : [];
      const names = members.map(member => shortName(looked, member)).join(', ');
      const { impact, remedy } = explained(alarm);
      findings.push({
        wrong: `The alarm ${shortName(looked, alarm)} is raised since ${sinceOf(alarm)}${names && `, by ${names}`}.`,
        impact,
        remedy: members.length === 0 ? remedy : members.map(member => explained(member).remedy).join(' '),
      });
    }
    for (const alarm of all) {
      const isMuted = alarm.ActionsEnabled === false && (alarm.AlarmActions ?? []).length > 0;
      if (isMuted) {
        findings.push({
          wrong: `The actions of the alarm ${shortName(looked, alarm)} are off.`,
          impact: 'Nobody is told when it is raised.',
          remedy: looked.aws('cloudwatch', `enable-alarm-actions --alarm-names ${alarm.AlarmName}`),
        });
      }
      const since = alarm.StateUpdatedTimestamp?.getTime() ?? looked.now;
      if (alarm.StateValue === 'INSUFFICIENT_DATA' && looked.now - since > maxInsufficientMs) {
        findings.push({
          wrong: `The alarm ${shortName(looked, alarm)} has had no data since ${sinceOf(alarm)}.`,
          impact: 'Nobody is told about the fault that it watches.',
          remedy: 'Compare the metrics of the alarm with those in its namespace, in the console of CloudWatch.',
        });
      }
    }
    return findings;
  },

  async canary(looked) {
    const { METRICS_NAMESPACE: namespace = '' } = await environmentOf(looked, 'Watch');
    const name = watchMetricNames.canaryFailed;
    const dimensions = { service: metricService };
    const [values = []] = await recentValues(
      looked,
      [{ namespace, name, dimensions, statistic: 'Maximum' }],
      canaryMinutes,
    );
    const log = looked.outputs.WatchLogGroupName ?? 'the watch function';
    const [last] = values;
    if (last === undefined) {
      return [
        {
          wrong: `The canary has not run for ${canaryMinutes} minutes.`,
          impact: 'Nobody notices that callbacks are not recorded, or that a provider is silent.',
          remedy: `Look for fault in the log ${log}. The schedule stands in the console of EventBridge.`,
        },
      ];
    }
    if (last === 0) return [];
    const wrong = 'The canary did not come back on its last run.';
    const impact = 'A callback may not be recorded, or its status cannot be read.';
    return [
      { wrong, impact, remedy: `Read the leg in the line canary.failed of ${log}: docs/operating.md, "Silence".` },
    ];
  },

  async silence(looked) {
    const { GUARD_TABLE_NAME = '' } = await environmentOf(looked, 'Watch');
    const news = createNewsStore(DynamoDBDocumentClient.from(looked.clients.dynamoDb), GUARD_TABLE_NAME);
    const states = await news.statesOf(looked.listed);
    return looked.listed.flatMap((provider): Finding[] => {
      const { silence = 0, silentSince, lastEventAt, emails = 0, waiting = 0 } = states.get(provider) ?? {};
      if (silence < 1 && silentSince === undefined) return [];
      const last = silentSince ?? lastEventAt;
      const since = last === undefined ? 'it was listed' : utc(last);
      const waits = waiting === 0 ? '' : ` ${waiting} of ${emails} emails wait for news.`;
      return [
        {
          wrong: `${providerInWords(provider)} has been silent since ${since}.${waits}`,
          impact: 'The statuses of its emails are not current.',
          remedy: `See whether its webhook leads to ${looked.url}/webhooks/${provider} and is switched on: docs/providers/${provider}.md`,
        },
      ];
    });
  },
} as const satisfies Record<string, Check>;

const utc = (time: number | Date) => `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function sinceOf({ StateUpdatedTimestamp }: Alarm): string {
  return StateUpdatedTimestamp === undefined ? 'an unknown time' : utc(StateUpdatedTimestamp);
}
