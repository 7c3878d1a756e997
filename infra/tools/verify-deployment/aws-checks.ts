/** Checks of the parts in AWS, by calls that read. The burst alone publishes, and only where it is allowed. */

import { resolve } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mappingsOf } from '../doctor/mappings.ts';
import { type SubscriptionFault, subscriptionFaults } from '../doctor/subscriptions.ts';
import { ask, type Check } from './http-checks.ts';
import { fail, notShown, type Outcome, pass } from './outcome.ts';
import type { Target } from './target.ts';

type AwsCheck = (
  aws: NonNullable<Target['aws']>,
  target: Target,
  allowed: Parameters<Check>[1],
) => Promise<Outcome> | Outcome;

const onlyInAws =
  (check: AwsCheck): Check =>
  (target, allowed) =>
    target.aws === null ? notShown('only a stack in AWS shows it: --stack') : check(target.aws, target, allowed);

/** The faults in one line, with the page that helps. */
function faultTexts(faults: readonly SubscriptionFault[]): string {
  return faults
    .map(({ kind, says }) =>
      kind === 'ends by a link' ? `${says}: docs/operating.md, "Confirm the subscriptions"` : says,
    )
    .join('; ');
}

const topicOutputs = ['SupportTopicArn', 'OperationsTopicArn'] as const;

/** Above 10 messages a second, SNS suspends an email subscription. */
const burstMessages = 12;

export const awsChecks = {
  'event source mappings': onlyInAws(async ({ resources }) => {
    const mappings = await mappingsOf(new LambdaClient(), resources);
    const off = mappings.filter(({ State }) => State !== 'Enabled');
    if (mappings.length === 0) return fail('no function has a mapping: no queue and no stream is read');
    if (off.length === 0) return pass(`all ${mappings.length} are enabled`);
    return fail(off.map(({ EventSourceArn, State }) => `${EventSourceArn} is ${State}`).join('; '));
  }),

  'failure destination': onlyInAws(async ({ resources }) => {
    const streams = (await mappingsOf(new LambdaClient(), resources)).filter(({ EventSourceArn = '' }) =>
      EventSourceArn.includes('/stream/'),
    );
    const without = streams.filter(({ DestinationConfig }) => DestinationConfig?.OnFailure?.Destination === undefined);
    return streams.length > 0 && without.length === 0
      ? pass('Lambda took the bucket for failed stream records; a write into it is shown by a failure alone')
      : fail('a stream mapping has no destination for records that fail');
  }),

  subscriptions: onlyInAws(async (_, { outputs }) => {
    const sns = new SNSClient();
    const topics = topicOutputs.filter(name => outputs[name] !== undefined);
    const faults = (await Promise.all(topics.map(name => subscriptionFaults(sns, name, outputs[name]!)))).flat();
    return faults.length === 0 ? pass('all are confirmed, and no link ends them') : fail(faultTexts(faults));
  }),

  metrics: onlyInAws(async (_, { outputs }) => {
    const { Environment } = await new LambdaClient().send(
      new GetFunctionConfigurationCommand({ FunctionName: outputs.IngestFunctionName }),
    );
    const Namespace = Environment?.Variables?.METRICS_NAMESPACE;
    const { Metrics = [] } = await new CloudWatchClient().send(new ListMetricsCommand({ Namespace }));
    const names = [...new Set(Metrics.map(({ MetricName }) => MetricName))].sort();
    return names.length > 0
      ? pass(`${Namespace} has ${names.join(', ')}`)
      : fail(
          `${Namespace} has no metric. They appear some minutes after the first callback, also after a refused one. If none come, set platformLogs=true.`,
        );
  }),

  domain: onlyInAws(async ({ resources, region }, { url, outputs }) => {
    if (outputs.DomainTarget === undefined) return notShown('the stack has no domainName');
    const { hostname } = new URL(url);
    try {
      await resolve(hostname);
    } catch (error) {
      return fail(
        `${hostname} has no address (${(error as Error).message}): point its record to ${outputs.DomainTarget}`,
      );
    }
    const api = resources.find(({ type }) => type === 'AWS::ApiGatewayV2::Api')?.ref;
    const { status } = await ask(`https://${api}.execute-api.${region}.amazonaws.com`, '/statuses');
    return status === 200
      ? fail('the API still answers at the address that AWS gave it')
      : pass(`${hostname} answers, and the address that AWS gave the API no longer does (${status})`);
  }),

  'alarms in a burst': onlyInAws(async (_, { outputs }, { burst }) => {
    if (!burst) return notShown(`give --burst: ${burstMessages} messages in a second may suspend the subscriptions`);
    const sns = new SNSClient();
    const TopicArn = outputs.OperationsTopicArn;
    const Subject = 'Mailtrail: verify-deployment';
    const messages = Array.from({ length: burstMessages }, (_, index) => `Message ${index + 1} of ${burstMessages}.`);
    await Promise.all(messages.map(Message => sns.send(new PublishCommand({ TopicArn, Subject, Message }))));
    await delay(60_000);
    const faults = await subscriptionFaults(sns, 'OperationsTopicArn', TopicArn!);
    return faults.length === 0 ? pass('the subscriptions survive it') : fail(faultTexts(faults));
  }),

  'left by cdk destroy': onlyInAws(({ resources }) => {
    const kept = resources.filter(({ isKept }) => isKept);
    return pass(kept.map(({ ref }) => ref).join(', ') || 'nothing');
  }),
} as const satisfies Record<string, Check>;
