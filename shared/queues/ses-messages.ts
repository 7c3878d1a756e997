import type { QueuedMessage, QueuedRequest, QueueServices } from './queued-request.ts';

/**
 * The request in a message of the queue of Amazon SES. Nothing is signed: the queue takes from its topic alone, and whoever
 * may publish there is believed.
 */
export function sesRequest(
  { body, messageId, sentAt }: QueuedMessage,
  { providers, context }: QueueServices,
): QueuedRequest {
  const request = { method: 'POST', url: '', headers: {}, body: Buffer.from(body), receivedAt: sentAt };
  const parsed = providers.ses!.parse(request, context);
  return { request: { ...request, requestId: messageId, provider: 'ses' }, parsed, nonces: [] };
}
