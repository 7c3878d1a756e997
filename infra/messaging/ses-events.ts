import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { Construct } from 'constructs';
import { WorkerQueue } from './worker-queue.ts';

/**
 * Receives the events of Amazon SES: a topic, and a queue that is subscribed to it. Neither is public. SNS retries for
 * 23 days to deliver an event to the queue. Events are unsigned, so that every publisher to the topic is trusted.
 */
export class SesEvents extends Construct {
  readonly topic: ITopic;
  readonly queue: WorkerQueue;

  /** @param topicArn the topic to which SES already publishes; a new one by default */
  constructor(scope: Construct, id: string, topicArn: string | undefined) {
    super(scope, id);
    this.topic = topicArn === undefined ? this.ownTopic() : Topic.fromTopicArn(this, 'Topic', topicArn);
    this.queue = new WorkerQueue(this, 'Queue');
    // The queue gets SNS's envelope, whose message id is the event's id, as over HTTPS.
    this.topic.addSubscription(new SqsSubscription(this.queue, { rawMessageDelivery: false }));
    if (topicArn !== undefined) this.admitRegionOf(topicArn);
  }

  /**
   * A topic of an opt-in region delivers to other regions under its region's own name:
   * https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
   */
  private admitRegionOf(topicArn: string): void {
    const { region } = Stack.of(this).splitArn(topicArn, ArnFormat.NO_RESOURCE_NAME);
    if (region === undefined || !RegionInfo.get(region).isOptInRegion) return;
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['sqs:SendMessage'],
        principals: [new ServicePrincipal(`sns.${region}.amazonaws.com`)],
        resources: [this.queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': topicArn } },
      }),
    );
  }

  /**
   * The topic has no KMS key: SNS encrypts its disks anyway, and SES cannot publish under AWS's key. A key of its own
   * would cost money every month.
   */
  private ownTopic(): Topic {
    const topic = new Topic(this, 'Topic', { displayName: 'Mailtrail: events of Amazon SES', enforceSSL: true });
    topic.grantPublish(
      new ServicePrincipal('ses.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    return topic;
  }
}
