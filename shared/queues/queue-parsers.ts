import type { QueuedMessage, QueuedRequest, QueueServices } from './queued-request.ts';
import { retryRequest } from './retry-messages.ts';
import { sesRequest } from './ses-messages.ts';

/** The parser of each queue's messages. It throws if a text is no message of its queue. */
export const queueParsers = { retry: retryRequest, ses: sesRequest } as const satisfies Record<
  string,
  (message: QueuedMessage, services: QueueServices) => QueuedRequest
>;
