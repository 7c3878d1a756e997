import type { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod/mini';
import type { CanonicalEvent, Reason } from '../email/event.ts';
import type { Nonce } from '../providers/provider.ts';
import { chunks } from '../runtime/chunks.ts';
import { asciiJson } from '../runtime/text.ts';
import { statusIds } from '../status/catalogue.ts';
import { causeIds } from '../status/causes.ts';
import { noBody, type QueuedMessage, type QueuedRequest } from './queued-request.ts';
import { sendMessages } from './send-messages.ts';

/** Few, because one failing event brings its whole message back. */
const maxEvents = 25;

const text = z.optional(z.string());

/** A canonical event as it comes out of a queue. */
export const queuedEvent = z.object({
  eventId: z.string(),
  provider: z.string(),
  messageId: z.string(),
  recipient: z.string(),
  status: z.nullable(z.enum(statusIds)),
  occurredAt: z.number(),
  evidence: z.enum(['human', 'machine', 'unknown']),
  providerEvent: z.string(),
  reason: z.optional(
    z.object({ code: text, enhancedCode: text, text, cause: z.optional(z.enum(causeIds)) } satisfies Record<
      keyof Reason,
      unknown
    >),
  ),
  clickUrl: text,
  userAgent: text,
  accountId: text,
  subject: text,
  reference: text,
  tags: z.optional(z.array(z.string())),
  attribution: z.optional(z.enum(['ambiguous', 'not_addressed'])),
  providerTime: z.optional(z.number()),
  relatedEmailId: text,
  actor: text,
  provenFor: text,
} satisfies Record<keyof CanonicalEvent, unknown>) satisfies z.ZodMiniType<CanonicalEvent>;

const retryMessage = z.object({
  requestId: z.string(),
  provider: z.string(),
  /** The arrival of the request, in epoch milliseconds. Its events are recorded with this time. */
  receivedAt: z.number(),
  /** Nonces that proved the request genuine and could not be looked up. They may have been used before. */
  nonces: z.array(z.object({ value: z.string(), content: z.string() })),
  events: z.array(queuedEvent),
});

/** A message of the retry queue: genuine events of one request that could not be recorded when it came. */
export type RetryMessage = Omit<z.infer<typeof retryMessage>, 'events' | 'nonces'> & {
  readonly nonces: readonly Nonce[];
  readonly events: readonly CanonicalEvent[];
};

/** Queues events that are to be recorded later. Rejects if the queue does not take all of them. */
export type RetryQueue = (message: RetryMessage) => Promise<void>;

export function createRetryQueue(client: Pick<SQSClient, 'send'>, queueUrl: string): RetryQueue {
  return ({ events, ...request }) =>
    sendMessages(
      client,
      queueUrl,
      chunks(events, maxEvents).map(some => asciiJson({ ...request, events: some })),
    );
}

/** @throws where the body is no message of this queue */
export function readRetryMessage(body: string): RetryMessage {
  return retryMessage.parse(JSON.parse(body));
}

/** The events in a message of the retry queue, as they were parsed on arrival. */
export function retryRequest({ body }: QueuedMessage): QueuedRequest {
  const { events, nonces, ...request } = readRetryMessage(body);
  return {
    request: { ...request, headers: {}, body: noBody },
    parsed: { events, quarantined: [], unrelated: 0 },
    nonces,
  };
}
