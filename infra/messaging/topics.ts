import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type CfnTopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';

/** A topic whose messages contain addresses and subjects. */
class ConfidentialTopic extends Topic {
  constructor(scope: Construct, id: string, displayName: string) {
    super(scope, id, { displayName, enforceSSL: true });
    // AWS's own key is free, and its policy admits every publisher of this account.
    (this.node.defaultChild as CfnTopic).kmsMasterKeyId = 'alias/aws/sns';
  }
}

/** Letters to support about hard bounces and spam marks, at a pace that email subscriptions bear. */
export class SupportTopic extends ConfidentialTopic {
  constructor(scope: Construct, id: string, email: string | undefined) {
    super(scope, id, 'Mailtrail');
    if (email !== undefined) this.addSubscription(new EmailSubscription(email));
  }
}

/** The same alerts for machines, at once and without a pace: no email subscription belongs here. */
export class AlertEventsTopic extends ConfidentialTopic {
  constructor(scope: Construct, id: string) {
    super(scope, id, 'Mailtrail alert events');
  }
}

/**
 * Alarms to operations. The topic is separate, because CloudWatch cannot publish under AWS's own key. Alarms hold no
 * personal data, so that they need no key.
 */
export class OperationsTopic extends Topic {
  constructor(scope: Construct, id: string, email: string | undefined) {
    super(scope, id, { displayName: 'Mailtrail operations', enforceSSL: true });
    this.grantPublish(
      new ServicePrincipal('cloudwatch.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (email !== undefined) this.addSubscription(new EmailSubscription(email));
  }
}
