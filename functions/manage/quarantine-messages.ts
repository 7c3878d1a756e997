import * as z from 'zod/mini';
import {
  keptAsRead,
  type QuarantineMessage,
  type QuarantinePart,
  quarantinePart,
} from '../../shared/queues/quarantine-messages.ts';
import type { QueuedMessage } from '../../shared/queues/queued-request.ts';
import { storedEvent } from '../../shared/queues/retry-messages.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';
import type { PartEvents } from './erased-events.ts';
import type { Mentions } from './mentions.ts';
import type { Sifted, SiftMessages } from './queue.ts';

type Pieces = Extract<QuarantineMessage, { readonly pieces: unknown }>;

interface KnownPart {
  readonly message: QueuedMessage;
  readonly part: QuarantinePart;
  readonly bytes: Buffer;
}

/**
 * Sifts messages of the quarantine: events that had been read like those of the retry queue; pieces that nobody could
 * read, and whole bodies with all of their parts, by what they mention. The other pieces of a message are sent again.
 *
 * @param send a message into the quarantine
 */
export function quarantineMessages(
  partEvents: PartEvents,
  mentions: Mentions,
  send: (message: QuarantineMessage) => Promise<void>,
): SiftMessages {
  return async function* (messages) {
    const incomplete = new Map<string, readonly KnownPart[]>();
    /** By content, whether it is erased: a part may come twice. */
    const judged = new Map<string, boolean>();
    for await (const message of messages) {
      let part: QuarantinePart;
      try {
        part = quarantinePart(message.body);
      } catch {
        yield { messages: [message], sift: async () => (mentions.inText(message.body) ? 1 : null) };
        continue;
      }
      if ('pieces' in part.message) {
        const ofMessage = part.message;
        yield { messages: [message], sift: () => siftPieces(ofMessage) };
        continue;
      }
      const known = { message, part, bytes: Buffer.from(part.message.base64, 'base64') };
      const key = part.contentKey ?? message.messageId;
      const isErased = judged.get(key);
      if (isErased !== undefined) {
        yield { messages: [message], sift: async () => (isErased ? 0 : null) };
        continue;
      }
      const all = [...(incomplete.get(key) ?? []), known];
      if (new Set(all.map(({ part }) => part.part)).size < part.parts) {
        incomplete.set(key, all);
        continue;
      }
      incomplete.delete(key);
      yield whole(key, all);
    }
    // Where a part is missing, by those that are there.
    for (const [key, parts] of incomplete) yield whole(key, parts);

    function whole(key: string, parts: readonly KnownPart[]): Sifted {
      const distinct = [...new Map(parts.map(known => [known.part.part, known])).values()];
      const inOrder = distinct.toSorted((one, other) => one.part.part - other.part.part);
      const isErased = mentions.inText(Buffer.concat(inOrder.map(({ bytes }) => bytes)).toString());
      judged.set(key, isErased);
      // Those by which the rest would be found again are deleted last.
      const telling = (known: KnownPart) => Number(isErased && mentions.inText(known.bytes.toString()));
      const inTurn = parts.toSorted((one, other) => telling(one) - telling(other));
      return { messages: inTurn.map(({ message }) => message), sift: async () => (isErased ? 1 : null) };
    }
  };

  async function siftPieces(message: Pieces): Promise<number | null> {
    const { pieces, reason, provenFor } = message;
    const events = ownValue(keptAsRead, reason) ? z.array(storedEvent).safeParse(pieces) : null;
    const others = events?.success
      ? (await partEvents(events.data)).others
      : pieces.filter(piece => !mentions.inPiece(piece, provenFor));
    if (others.length === pieces.length) return null;
    if (others.length > 0) await send({ ...message, pieces: [...others] });
    return pieces.length - others.length;
  }
}
