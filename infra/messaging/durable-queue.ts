import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type DeadLetterQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

export interface DurableQueueProps {
  /** Longer than the consumer takes, for a queue that a function drains. */
  readonly visibilityTimeout?: Duration;
  readonly deadLetterQueue?: DeadLetterQueue;
}

/** A queue whose messages are events that are nowhere else: encrypted, over TLS alone, and kept as long as a queue can. */
export class DurableQueue extends Queue {
  constructor(scope: Construct, id: string, props: DurableQueueProps = {}) {
    super(scope, id, {
      ...props,
      retentionPeriod: Duration.days(14),
      // What SQS takes at most: a quarantined request is kept in few pieces.
      maxMessageSizeBytes: 1024 * 1024,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Kept for good, but for a first deployment that fails: a second try would leave another one.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
