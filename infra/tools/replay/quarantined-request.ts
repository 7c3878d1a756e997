import * as z from 'zod/mini';
import { forAccount } from '../../../functions/ingest/proof.ts';
import {
  keptAsRead,
  type QuarantinedRequest,
  type QuarantineMessage,
} from '../../../shared/queues/quarantine-messages.ts';
import { noBody, type QueuedRequest, type QueueServices } from '../../../shared/queues/queued-request.ts';
import { queuedEvent } from '../../../shared/queues/retry-messages.ts';
import { ownValue } from '../../../shared/runtime/own-property.ts';
import { isoMillis } from '../../../shared/runtime/time.ts';

/** A request that cannot be put together; the message says why in our own words, with nothing of its content. */
export class Unreadable extends Error {}

/**
 * What can be read by now in a request that was put into quarantine.
 *
 * @param parts its message, or all of its messages where its content took several
 * @throws Unreadable where its provider is not known, or a part is missing; another error where it is no such content
 */
export function quarantinedRequest(
  parts: readonly QuarantineMessage[],
  { providers, context }: QueueServices,
): QueuedRequest {
  const [first] = parts;
  const provider = ownValue(providers, first?.provider ?? '');
  if (first === undefined || provider === undefined)
    throw new Unreadable('of a provider that this checkout does not know');
  const { requestId, reason, headers, provenFor } = first;
  const receivedAt = isoMillis(first.receivedAt);
  const content = 'pieces' in first ? null : contentOf(parts);
  const body = content !== null && 'content' in first && first.content === 'body' ? content : noBody;
  const request: QuarantinedRequest = { requestId, provider: provider.name, receivedAt, headers, body, provenFor };
  const pieces =
    'pieces' in first ? first.pieces : first.content === 'piece' ? [JSON.parse(String(content))] : undefined;
  if (ownValue(keptAsRead, reason)) {
    const events = z.array(queuedEvent).parse(pieces);
    return { request, parsed: { events, quarantined: [], unrelated: 0 }, nonces: [] };
  }
  const whole = { method: 'POST', url: '', headers, body, receivedAt };
  const parsed = provider.parse(pieces === undefined ? whole : { ...whole, pieces }, context);
  return { request, parsed: forAccount(provenFor, parsed), nonces: [] };
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
