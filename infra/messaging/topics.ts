import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type CfnTopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';

/** What support is told: hard bounces and spam marks, with addresses and subjects in them. */
export class SupportTopic extends Topic {
  constructor(scope: Construct, id: string, email: string | undefined) {
    super(scope, id, { displayName: 'Mailtrail', enforceSSL: true });
    // AWS's own key: nothing to pay for, and its policy lets whoever may publish in this account use it.
    (this.node.defaultChild as CfnTopic).kmsMasterKeyId = 'alias/aws/sns';
    if (email !== undefined) this.addSubscription(new EmailSubscription(email));
  }
}

/**
 * What operations is told: the alarms. A topic apart from support's, because CloudWatch cannot publish to a topic
 * under AWS's own key; an alarm holds no personal data, so that it needs none.
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
