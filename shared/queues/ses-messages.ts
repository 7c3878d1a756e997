import { isoMillis } from '../runtime/time.ts';
import type { QueuedMessage, QueuedRequest, QueueServices } from './queued-request.ts';

/**
 * The request in a message of the queue of Amazon SES. Nothing is signed: the queue accepts only its topic, and
 * Mailtrail believes whoever may publish there.
 */
export function sesRequest(
  { body, messageId, sentAt }: QueuedMessage,
  { providers, context }: QueueServices,
): QueuedRequest {
  const receivedAt = Math.min(publishedAt(body) ?? sentAt, sentAt);
  const request = { method: 'POST', url: '', headers: {}, body: Buffer.from(body), receivedAt };
  const parsed = providers.ses!.parse(request, context);
  return { request: { ...request, requestId: messageId, provider: 'ses' }, parsed, nonces: [] };
}

/**
 * The time at which SNS took a notification, in epoch milliseconds; null for any other message. SNS tries for 23 days
 * to deliver it to the queue.
 */
function publishedAt(body: string): number | null {
  try {
    const time = isoMillis(String(JSON.parse(body)?.Timestamp));
    return Number.isNaN(time) ? null : time;
  } catch {
    return null;
  }
}
