import * as z from 'zod/mini';
import {
  type QuarantinedRequest,
  type QuarantineMessage,
  readQuarantineMessage,
} from '../../functions/ingest/quarantine.ts';
import { noBody, type QueuedRequest, type QueueReading } from '../../functions/ingest/queue-readings.ts';
import { storedEvent } from '../../functions/ingest/retry-queue.ts';
import { lookUp } from '../../shared/look-up.ts';
import type { Unrecordable } from '../../shared/store.ts';
import { isoMillis } from '../../shared/time.ts';

/** Reasons for which events went to quarantine that had been read, and are kept as such. */
const unrecordable = { item_full: true, refused_by_table: true } as const satisfies Record<
  Unrecordable['reason'],
  true
>;

/** A request that cannot be put together; the message says why in our own words, with nothing of its content. */
export class Unreadable extends Error {}

/** A message of the quarantine queue, and what it is read together with. */
export interface QuarantinePart {
  readonly message: QuarantineMessage;
  /** The same for all parts of one content; null where the message is read by itself. */
  readonly contentKey: string | null;
  /** From 1 on, of so many. */
  readonly part: number;
  readonly parts: number;
}

/** @throws where the body is no message of the quarantine */
export function quarantinePart(body: string): QuarantinePart {
  const message = readQuarantineMessage(body);
  if ('pieces' in message) return { message, contentKey: null, part: 1, parts: 1 };
  const { reason, contentId, part, parts } = message;
  return { message, contentKey: parts === 1 ? null : `${reason} ${contentId}`, part, parts };
}

/**
 * What can be read by now in a request that was put into quarantine.
 *
 * @param parts its message, or all of its messages where its content took several
 * @throws Unreadable where its provider is not known, or a part is missing; another error where it is no such content
 */
export function quarantinedReading(
  parts: readonly QuarantineMessage[],
  { providers, context }: QueueReading,
): QueuedRequest {
  const [first] = parts;
  const provider = lookUp(providers, first?.provider ?? '');
  if (first === undefined || provider === undefined)
    throw new Unreadable('of a provider that this checkout does not know');
  const { requestId, reason, headers } = first;
  const receivedAt = isoMillis(first.receivedAt);
  const content = 'pieces' in first ? null : contentOf(parts);
  const body = content !== null && 'content' in first && first.content === 'body' ? content : noBody;
  const request: QuarantinedRequest = { requestId, provider: provider.name, receivedAt, headers, body };
  const pieces =
    'pieces' in first ? first.pieces : first.content === 'piece' ? [JSON.parse(String(content))] : undefined;
  if (lookUp(unrecordable, reason)) {
    const events = z.array(storedEvent).parse(pieces);
    return { request, reading: { events, quarantined: [], unrelated: 0 }, nonces: [] };
  }
  const whole = { method: 'POST', url: '', headers, body, receivedAt };
  const reading = provider.parse(pieces === undefined ? whole : { ...whole, pieces }, context);
  return { request, reading, nonces: [] };
}

function contentOf(messages: readonly QuarantineMessage[]): Buffer {
  const parts = messages
    .flatMap(message => ('base64' in message ? [message] : []))
    .toSorted((one, other) => one.part - other.part);
  if (parts.some(({ part }, index) => part !== index + 1) || parts.length !== parts[0]?.parts) {
    throw new Unreadable('a part is missing: it is held by another replay, or was never kept');
  }
  return Buffer.concat(parts.map(({ base64 }) => Buffer.from(base64, 'base64')));
}
