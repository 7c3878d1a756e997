/** The queues that a request needs only if something of it cannot be recorded. Their client is loaded with them. */

import { createQuarantine, type Quarantine } from '../../shared/queues/quarantine-messages.ts';
import { queueClient } from '../../shared/queues/queue-client.ts';
import { createRetryQueue, type RetryQueue } from '../../shared/queues/retry-messages.ts';

export interface Queues {
  readonly quarantine: Quarantine;
  readonly retryQueue: RetryQueue;
}

export function createQueues(urls: {
  readonly QUARANTINE_QUEUE_URL: string;
  readonly RETRY_QUEUE_URL: string;
}): Queues {
  const sqs = queueClient();
  return {
    quarantine: createQuarantine(sqs, urls.QUARANTINE_QUEUE_URL),
    retryQueue: createRetryQueue(sqs, urls.RETRY_QUEUE_URL),
  };
}
