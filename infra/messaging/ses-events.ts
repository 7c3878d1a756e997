import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { WorkerQueue } from './worker-queue.ts';

/**
 * How the events of Amazon SES come in: a topic, and a queue that is subscribed to it. Nothing of it is public, and SNS
 * tries for 23 days to bring an event to the queue. Whoever may publish to the topic is believed, as nothing is signed.
 */
export class SesEvents extends Construct {
  readonly topic: ITopic;
  readonly queue: WorkerQueue;

  /** @param topicArn a topic to which SES publishes already; one is made where it is not given */
  constructor(scope: Construct, id: string, topicArn: string | undefined) {
    super(scope, id);
    this.topic = topicArn === undefined ? this.ownTopic() : Topic.fromTopicArn(this, 'Topic', topicArn);
    this.queue = new WorkerQueue(this, 'Queue');
    // In SNS's envelope: its message id is the event's id, the same as over HTTPS.
    this.topic.addSubscription(new SqsSubscription(this.queue, { rawMessageDelivery: false }));
  }

  /** Without a key of its own, which would cost by the month: SNS encrypts what it has on disk by itself, and SES could not use AWS's key. */
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
