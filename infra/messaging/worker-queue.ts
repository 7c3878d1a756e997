import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DurableQueue } from './durable-queue.ts';

/**
 * Six times the timeout of its functions and the longest batching window, as AWS advises:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const visibilityTimeout = Duration.seconds(6 * 10 + 2);

/** Deliveries of a failing message, one a minute for some eight hours, before it is a dead letter. */
const maxReceiveCount = 500;

/** A queue that a function drains, with a dead-letter queue for its failed messages. */
export class WorkerQueue extends DurableQueue {
  readonly deadLetters: DurableQueue;

  constructor(scope: Construct, id: string) {
    const deadLetters = new DurableQueue(scope, `${id}DeadLetters`);
    super(scope, id, { visibilityTimeout, deadLetterQueue: { queue: deadLetters, maxReceiveCount } });
    this.deadLetters = deadLetters;
  }
}
