import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type DeadLetterQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

export interface DurableQueueProps {
  /** Longer than the consumer takes, for a queue that a function drains. */
  readonly visibilityTimeout?: Duration;
  readonly deadLetterQueue?: DeadLetterQueue;
}

/** A queue of events that are stored nowhere else: encrypted, TLS only, and kept for 14 days, SQS's maximum. */
export class DurableQueue extends Queue {
  constructor(scope: Construct, id: string, props: DurableQueueProps = {}) {
    super(scope, id, {
      ...props,
      retentionPeriod: Duration.days(14),
      // SQS's maximum, so that a quarantined request fits into few messages.
      maxMessageSizeBytes: 1024 * 1024,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Deleting the stack keeps the queue. A failed first deployment deletes it, or each further try would leave one
      // behind.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
