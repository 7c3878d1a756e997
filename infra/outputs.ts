import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { MailtrailApi } from './api/http-api.ts';
import { MailtrailFunction } from './compute/mailtrail-function.ts';
import type { EventBus } from './messaging/event-bus.ts';
import type { EventWebhook } from './messaging/event-webhook.ts';

/** The outputs of a deployment: each with its name, its value and its purpose. */
export type Outputs = Readonly<Record<string, readonly [value: string, description?: string]>>;

/** Adds the outputs to the template; `npm run replay` looks some of them up by name. */
export function addOutputs(scope: Construct, outputs: Outputs): void {
  for (const [name, [value, description]] of Object.entries(outputs)) {
    new CfnOutput(scope, name, description === undefined ? { value } : { value, description });
  }
}

/** The target of the configured domain's DNS record; nothing without a domain. */
export function domainOutputs({ domain }: MailtrailApi): Outputs {
  if (domain === null) return {};
  return {
    DomainTarget: [
      domain.regionalDomainName,
      'Point the DNS record of domainName here: an alias in Route 53, or a CNAME elsewhere',
    ],
    DomainHostedZoneId: [domain.regionalHostedZoneId, 'The hosted zone of the target, for an alias in Route 53'],
  };
}

/** The bus of events and the parts of their webhook; nothing where there are none. */
export function eventOutputs(bus: EventBus | null, webhook: EventWebhook | null): Outputs {
  return {
    ...(bus && { EventBusName: [bus.eventBusName, 'Changes of statuses: add rules to this bus'] }),
    ...(webhook && {
      EventsApiKeySecretArn: [webhook.apiKey.secretArn, 'The key that each call to eventsUrl has in x-api-key'],
      EventsDeadLettersQueueUrl: [webhook.deadLetters.queueUrl],
    }),
  };
}

/** The log group of each function of Mailtrail, and that of the API's access log. */
export function logGroupOutputs(scope: Construct, { accessLogs }: MailtrailApi): Outputs {
  const functions = scope.node.findAll().filter(construct => construct instanceof MailtrailFunction);
  return {
    AccessLogGroupName: [accessLogs.logGroupName],
    ...Object.fromEntries(
      functions.map(({ node, logs }) => [`${node.id}LogGroupName`, [logs.logGroupName] as const] as const),
    ),
  };
}
