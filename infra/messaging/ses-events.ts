import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
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
