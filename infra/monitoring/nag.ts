import { Stack, Validations } from 'aws-cdk-lib';
import { type Route, type RouteKey, routes } from '../../shared/http/routes.ts';
import type { MailtrailApi } from '../api/http-api.ts';
import type { Alert } from '../compute/alert.ts';
import type { Changes } from '../compute/changes.ts';
import type { Watch } from '../compute/watch.ts';
import type { EventWebhook } from '../messaging/event-webhook.ts';
import type { QuarantineQueue } from '../messaging/quarantine-queue.ts';
import type { FailureBucket } from '../storage/failure-bucket.ts';
import type { GuardTable } from '../storage/guard-table.ts';
import type { WebhookSecrets } from '../storage/webhook-secrets.ts';

const openBecause = {
  provider: "A provider has no token: the ingest function proves each call by the provider's signature.",
  public: 'The same public text for everybody, with no data of anybody in it.',
} as const satisfies Record<Exclude<Route['access'], 'account' | 'support'>, string>;

/** Acknowledges the findings of cdk-nag that do not apply, each with its reason. Synthesis fails on any other. */
export function acknowledgeNagFindings(parts: {
  readonly api: MailtrailApi;
  readonly webhookSecrets: WebhookSecrets;
  readonly guards: GuardTable;
  readonly quarantine: QuarantineQueue;
  readonly failures: FailureBucket;
  readonly alert: Alert;
  readonly changes: Changes;
  readonly watch: Watch;
  readonly eventWebhook: EventWebhook | null;
}): void {
  const { api, webhookSecrets, guards, quarantine, failures, alert, changes, watch, eventWebhook } = parts;
  for (const [key, { access }] of Object.entries<Route>(routes)) {
    if (access === 'account' || access === 'support') continue;
    Validations.of(api.routes[key as RouteKey]).acknowledge({ id: 'AwsSolutions-APIG4', reason: openBecause[access] });
  }
  Validations.of(webhookSecrets).acknowledge({
    id: 'AwsSolutions-SMG4',
    reason: 'Webhook secrets are issued by the providers and cannot be rotated from here; two can be in force at once.',
  });
  Validations.of(guards).acknowledge({
    id: 'AwsSolutions-DDB3',
    reason:
      'Losing its items undoes neither an accepted request nor an erasure. New keys of its own are made at their first use.',
  });
  Validations.of(quarantine).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason:
      'It is the last place for events that cannot be parsed. No function consumes it; a person does, on an alarm.',
  });
  Validations.of(failures).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Only Lambda writes here, and only when alerts fail, which raises an alarm. Access logs would need another bucket.',
  });
  const bucket = Stack.of(failures).getLogicalId(failures.node.defaultChild as never);
  for (const { role } of [alert, changes]) {
    Validations.of(role!).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${bucket}.Arn>/aws/lambda/*]`,
      reason: 'Lambda chooses the names of the objects it writes below this prefix of the one failure bucket.',
    });
  }
  Validations.of(watch.role!).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'cloudwatch:GetMetricData takes no resource. The function only reads figures by it.',
  });
  if (eventWebhook !== null) {
    Validations.of(eventWebhook.apiKey).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'The receiver of eventsUrl has to learn each new key: a person changes it (docs/events.md).',
    });
    Validations.of(eventWebhook.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is a dead-letter queue itself: that of a rule, and not of another queue.',
    });
  }
}
