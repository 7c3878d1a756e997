import type { Quarantine } from '../../shared/queues/quarantine-messages.ts';
import { queueParsers } from '../../shared/queues/queue-parsers.ts';
import type { QueuedMessage, QueueServices } from '../../shared/queues/queued-request.ts';
import type { RetryQueue } from '../../shared/queues/retry-messages.ts';
import type { PartEvents } from './erased-events.ts';
import type { Mentions } from './mentions.ts';
import { oneByOne, type SiftMessages } from './queue.ts';

/** Where what others have in a message goes on. */
export interface Elsewhere {
  readonly retryQueue: RetryQueue;
  readonly quarantine: Quarantine;
}

/**
 * Sifts messages of Amazon SES. A message tells of all to whom an email was sent: what it says of others is read out of
 * it, and goes to the retry queue, as the ingest function would have read it.
 */
export function sesMessages(
  partEvents: PartEvents,
  mentions: Mentions,
  reading: QueueServices,
  { retryQueue, quarantine }: Elsewhere,
): SiftMessages {
  return oneByOne(async (message: QueuedMessage) => {
    const { request, parsed: read } = queueParsers.ses(message, reading);
    const isMentioned = mentions.inPiece(message.body);
    // Nothing in it could be read.
    if (read.events.length === 0) return isMentioned ? 1 : null;
    const { erased, others } = await partEvents(read.events);
    if (erased.length === 0 && !isMentioned) return null;
    const { requestId, provider, receivedAt } = request;
    if (others.length > 0) await retryQueue({ requestId, provider, receivedAt, nonces: [], events: others });
    const unreadable = read.quarantined.filter(({ piece }) => piece !== null && !mentions.inPiece(piece));
    if (unreadable.length > 0) await quarantine(request, unreadable);
    return Math.max(1, erased.length);
  });
}
