import * as z from 'zod/mini';
import { forAccount } from '../../../functions/ingest/proof.ts';
import type { ParsedRequest } from '../../../shared/providers/provider.ts';
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

/** The content of a quarantined request: some of its pieces, or its whole body. */
export type QuarantinedContent = { readonly pieces: readonly unknown[] } | { readonly body: Buffer };

/**
 * The request in quarantine messages, parsed by this checkout's adapters.
 *
 * @param parts its message, or all of its messages where its content took several
 * @throws Unreadable where its provider is not known, or a part is missing; another error where it is no such content
 */
export function quarantinedRequest(parts: readonly QuarantineMessage[], services: QueueServices): QueuedRequest {
  const first = firstOf(parts);
  const { requestId, provider, headers, provenFor } = first;
  if (ownValue(services.providers, provider) === undefined) throw unknownProvider();
  const content = quarantinedContent(parts);
  const body = 'body' in content ? content.body : noBody;
  const receivedAt = isoMillis(first.receivedAt);
  const request: QuarantinedRequest = { requestId, provider, receivedAt, headers, body, provenFor };
  return { request, parsed: parsedContent(first, content, services), nonces: [] };
}

/**
 * The content of quarantine messages, as it came.
 *
 * @throws Unreadable where a part is missing
 */
export function quarantinedContent(parts: readonly QuarantineMessage[]): QuarantinedContent {
  const first = firstOf(parts);
  if ('pieces' in first) return { pieces: first.pieces };
  const bytes = joined(parts);
  return first.content === 'body' ? { body: bytes } : { pieces: [JSON.parse(String(bytes))] };
}

/** The events in a quarantined content, and the pieces that this checkout's adapters cannot read either. */
export function parsedContent(
  { provider: name, reason, receivedAt, headers, provenFor }: QuarantineMessage,
  content: QuarantinedContent,
  { providers, context }: QueueServices,
): ParsedRequest {
  const provider = ownValue(providers, name);
  if (provider === undefined) throw unknownProvider();
  if (ownValue(keptAsRead, reason)) {
    const events = z.array(queuedEvent).parse('pieces' in content ? content.pieces : undefined);
    return { events, quarantined: [], unrelated: 0 };
  }
  const request = { method: 'POST', url: '', headers, body: noBody, receivedAt: isoMillis(receivedAt), ...content };
  return forAccount(provenFor, provider.parse(request, context));
}

function firstOf([first]: readonly QuarantineMessage[]): QuarantineMessage {
  if (first === undefined) throw new Unreadable('there is no message');
  return first;
}

function unknownProvider(): Unreadable {
  return new Unreadable('this checkout does not know the provider');
}

function joined(messages: readonly QuarantineMessage[]): Buffer {
  const parts = messages
    .flatMap(message => ('base64' in message ? [message] : []))
    .toSorted((one, other) => one.part - other.part);
  if (parts.some(({ part }, index) => part !== index + 1) || parts.length !== parts[0]?.parts) {
    throw new Unreadable('a part is missing: another replay holds it, or it was never kept');
  }
  return Buffer.concat(parts.map(({ base64 }) => Buffer.from(base64, 'base64')));
}
