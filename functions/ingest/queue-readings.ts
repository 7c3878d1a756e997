import * as z from 'zod/mini';
import { lookUp } from '../../shared/look-up.ts';
import type { Nonce, Provider, Reading, ReadingContext } from '../../shared/providers/provider.ts';
import { isoMillis } from '../../shared/time.ts';
import { type QuarantinedRequest, type QuarantineMessage, readQuarantineMessage } from './quarantine.ts';
import { readRetryMessage, storedEvent } from './retry-queue.ts';

/** What a message holds: a request of a provider, or what is left of it, and what can be read in it. */
export interface QueuedRequest {
  readonly request: QuarantinedRequest;
  readonly reading: Reading;
  /** To be looked up before anything is recorded. */
  readonly nonce: Nonce | null;
}

/** A message as it came out of a queue. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

export interface QueueReading {
  readonly providers: Readonly<Record<string, Provider>>;
  readonly context: ReadingContext;
}

const noBody = Buffer.alloc(0);

/** What is read out of a message, by the queue that it was in. Each throws for what is no message of its queue. */
export const readings = {
  retry({ body }: QueuedMessage): QueuedRequest {
    const { events, nonce, ...request } = readRetryMessage(body);
    return {
      request: { ...request, headers: {}, body: noBody },
      reading: { events, quarantined: [], unrelated: 0 },
      nonce,
    };
  },

  // Only the topic may send to this queue, and only SES to the topic: no signature needs to be looked at.
  ses({ body, messageId, sentAt }: QueuedMessage, { providers, context }: QueueReading): QueuedRequest {
    const request = { method: 'POST', url: '', headers: {}, body: Buffer.from(body), receivedAt: sentAt };
    const reading = providers.ses!.parse(request, context);
    return { request: { ...request, requestId: messageId, provider: 'ses' }, reading, nonce: null };
  },
} as const;

/** Reasons for which events went to quarantine that had been read, and are kept as such. */
const unrecordable: readonly string[] = ['item_full', 'refused_by_table'];

/**
 * What can be read by now in a request that was put into quarantine.
 *
 * @param parts its message, or all of its messages where its content took several
 * @throws for what is no message of the quarantine, or lacks a part
 */
export function quarantinedReading(
  parts: readonly QuarantineMessage[],
  { providers, context }: QueueReading,
): QueuedRequest {
  const [first] = parts;
  const provider = lookUp(providers, first?.provider ?? '');
  if (first === undefined || provider === undefined) throw new Error('no provider of this name');
  const { requestId, reason, headers } = first;
  const receivedAt = isoMillis(first.receivedAt);
  const content = 'pieces' in first ? null : contentOf(parts);
  const body = content !== null && 'content' in first && first.content === 'body' ? content : noBody;
  const request: QuarantinedRequest = { requestId, provider: provider.name, receivedAt, headers, body };
  const pieces =
    'pieces' in first ? first.pieces : first.content === 'piece' ? [JSON.parse(String(content))] : undefined;
  if (unrecordable.includes(reason)) {
    const events = z.array(storedEvent).parse(pieces);
    return { request, reading: { events, quarantined: [], unrelated: 0 }, nonce: null };
  }
  const whole = { method: 'POST', url: '', headers, body, receivedAt };
  const reading = provider.parse(pieces === undefined ? whole : { ...whole, pieces }, context);
  return { request, reading, nonce: null };
}

/** Messages in the groups that are read together: each by itself, but for parts of one content. */
export function partsKeyOf(body: string): {
  readonly message: QuarantineMessage;
  readonly key: string | null;
  readonly parts: number;
} {
  const message = readQuarantineMessage(body);
  if ('pieces' in message || message.parts === 1) return { message, key: null, parts: 1 };
  return { message, key: `${message.reason} ${message.contentId}`, parts: message.parts };
}

function contentOf(messages: readonly QuarantineMessage[]): Buffer {
  const parts = messages
    .flatMap(message => ('base64' in message ? [message] : []))
    .toSorted((one, other) => one.part - other.part);
  if (parts.some(({ part }, index) => part !== index + 1) || parts.length !== parts[0]?.parts) {
    throw new Error('a part is missing');
  }
  return Buffer.concat(parts.map(({ base64 }) => Buffer.from(base64, 'base64')));
}
