import {
  type QuarantineMessage,
  type QuarantinePart,
  quarantinePart,
} from '../../../shared/queues/quarantine-messages.ts';
import type { QueuedMessage, QueueServices } from '../../../shared/queues/queued-request.ts';
import { messageContent, quarantineContent, type ShownContent } from './shown-content.ts';

/** The contents of all messages of the quarantine, in the order in which they came. The parts of a large content are one. */
export function quarantineContents(messages: readonly QueuedMessage[], services: QueueServices): ShownContent[] {
  const contents = new Map<string, QuarantinePart[] | ShownContent>();
  for (const message of messages.toSorted((one, other) => one.sentAt - other.sentAt)) {
    try {
      const part = quarantinePart(message.body);
      const key = part.contentKey ?? message.messageId;
      const known = contents.get(key);
      if (Array.isArray(known)) known.push(part);
      else contents.set(key, [part]);
    } catch (error) {
      const read = () => {
        throw error;
      };
      contents.set(message.messageId, messageContent(message, 'unreadable_message', read));
    }
  }
  return [...contents.values()].map(content =>
    Array.isArray(content) ? quarantineContent(distinct(content), services) : content,
  );
}

/** A provider's request may have been quarantined twice, part by part: of each part one counts. */
function distinct(parts: readonly QuarantinePart[]): readonly [QuarantineMessage, ...QuarantineMessage[]] {
  const byNumber = new Map(parts.map(({ part, message }) => [part, message]));
  return [...byNumber.values()] as [QuarantineMessage, ...QuarantineMessage[]];
}
