import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DurableQueue } from './durable-queue.ts';

/** Six times the ingest function's timeout, as AWS advises: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const visibilityTimeout = Duration.seconds(60);

/** A message that fails comes again every minute: so often, some eight hours, before a person has to look at it. */
const maxReceiveCount = 500;

/** A queue that the ingest function drains, and where its messages end that it could not work off. */
export class WorkerQueue extends DurableQueue {
  readonly deadLetters: DurableQueue;

  constructor(scope: Construct, id: string) {
    const deadLetters = new DurableQueue(scope, `${id}DeadLetters`);
    super(scope, id, { visibilityTimeout, deadLetterQueue: { queue: deadLetters, maxReceiveCount } });
    this.deadLetters = deadLetters;
  }
}
