import type { Nonce, ParsedRequest, Provider, ReadingContext } from '../providers/provider.ts';
import { isoMillis } from '../runtime/time.ts';
import type { QuarantinedRequest } from './quarantine-messages.ts';
import { readRetryMessage } from './retry-messages.ts';

/** A message as it came out of a queue. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** What a message holds: a request of a provider, or what is left of it, and what can be read in it. */
export interface QueuedRequest {
  readonly request: QuarantinedRequest;
  readonly reading: ParsedRequest;
  /** To be looked up before anything is recorded. */
  readonly nonces: readonly Nonce[];
}

/** What messages are read with. */
export interface QueueServices {
  readonly providers: Readonly<Record<string, Provider>>;
  readonly context: ReadingContext;
}

/** Of what is read already there is no body. */
export const noBody = Buffer.alloc(0);

/** What is read out of a message, by the queue that it was in. Each throws for what is no message of its queue. */
export const queueParsers = {
  retry({ body }: QueuedMessage): QueuedRequest {
    const { events, nonces, ...request } = readRetryMessage(body);
    return {
      request: { ...request, headers: {}, body: noBody },
      reading: { events, quarantined: [], unrelated: 0 },
      nonces,
    };
  },

  // Nothing is signed: the queue takes from its topic alone, and whoever may publish there is believed.
  ses({ body, messageId, sentAt }: QueuedMessage, { providers, context }: QueueServices): QueuedRequest {
    const receivedAt = Math.min(publishedAt(body) ?? sentAt, sentAt);
    const request = { method: 'POST', url: '', headers: {}, body: Buffer.from(body), receivedAt };
    const reading = providers.ses!.parse(request, context);
    return { request: { ...request, requestId: messageId, provider: 'ses' }, reading, nonces: [] };
  },
} as const;

/** When SNS took a notification, in epoch milliseconds: it tries for 23 days to bring it into the queue. Null of anything else. */
function publishedAt(body: string): number | null {
  try {
    const time = isoMillis(String(JSON.parse(body)?.Timestamp));
    return Number.isNaN(time) ? null : time;
  } catch {
    return null;
  }
}
