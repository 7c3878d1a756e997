import { type RetryMessage, type RetryQueue, readRetryMessage } from '../../shared/queues/retry-messages.ts';
import type { PartEvents } from './erased-events.ts';
import type { Mentions } from './mentions.ts';
import { oneByOne, type SiftMessages } from './queue.ts';

/**
 * Sifts messages of the retry queue. Events of others that are in one message with those that are erased are sent again,
 * with what proved their request genuine.
 *
 * @param mentions of a message that cannot be read
 * @param send into the queue that the messages come from
 */
export function retryMessages(partEvents: PartEvents, mentions: Mentions, send: RetryQueue): SiftMessages {
  return oneByOne(async ({ body }) => {
    let message: RetryMessage;
    try {
      message = readRetryMessage(body);
    } catch {
      return mentions.inText(body) ? 1 : null;
    }
    const { erased, others } = await partEvents(message.events);
    if (erased.length === 0) return null;
    if (others.length > 0) await send({ ...message, events: others });
    return erased.length;
  });
}
