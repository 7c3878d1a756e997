import type { QueuedMessage, QueuedRequest, QueueServices } from './queued-request.ts';
import { retryRequest } from './retry-messages.ts';
import { sesRequest } from './ses-messages.ts';

/** What is read out of a message, by the queue that it was in. Each throws for what is no message of its queue. */
export const queueParsers = { retry: retryRequest, ses: sesRequest } as const satisfies Record<
  string,
  (message: QueuedMessage, services: QueueServices) => QueuedRequest
>;
