import type { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod/mini';
import type { Unrecordable } from '../email/recorder.ts';
import type { Quarantined } from '../providers/provider.ts';
import { shortHash } from '../runtime/hash.ts';
import { asciiJson } from '../runtime/text.ts';
import { isoText } from '../runtime/time.ts';
import { sendMessages } from './send-messages.ts';

/** SQS takes 1 MiB a message; the rest is room for the envelope. */
const maxContentBytes = 900 * 1024;

/** Headers that tell how a body is to be read, and what its event is called. Every other is left out: it may carry a password. */
const keptHeaders = ['content-type', 'webhook-id', 'svix-id', 'x-mom-webhook-id'] as const;

/** A request of which something could not be read. */
export interface QuarantinedRequest {
  readonly requestId: string;
  readonly provider: string;
  readonly receivedAt: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** The account whose own secret proved it: nothing in it is recorded with another account's emails. */
  readonly provenFor?: string | undefined;
}

const envelope = {
  requestId: z.string(),
  provider: z.string(),
  reason: z.string(),
  /** ISO-8601 UTC, when the request came. */
  receivedAt: z.string(),
  headers: z.record(z.string(), z.string()),
  provenFor: z.optional(z.string()),
};

const quarantineMessage = z.union([
  z.object({ ...envelope, pieces: z.array(z.unknown()) }),
  z.object({
    ...envelope,
    content: z.enum(['body', 'piece']),
    /** The same in all parts of one content. */
    contentId: z.string(),
    base64: z.string(),
    part: z.number(),
    parts: z.number(),
  }),
]);

/**
 * A message of the quarantine queue: pieces of one request that share a reason, or one part of a body or piece too
 * large for a message (base64; all parts with one `contentId`, in order, give it back).
 */
export type QuarantineMessage = z.infer<typeof quarantineMessage>;

/** @throws where the body is no message of this queue */
export function readQuarantineMessage(body: string): QuarantineMessage {
  return quarantineMessage.parse(JSON.parse(body));
}

/** A piece that could not be read, or an event that could not be recorded; null where it is the whole body. */
export interface QuarantinedPiece {
  readonly reason: Quarantined['reason'] | Unrecordable['reason'];
  readonly field?: string | undefined;
  readonly piece: unknown;
}

/** Reasons for which events come here that had been read, and are kept as such. */
export const keptAsRead = { item_full: true, refused_by_table: true, foreign_account: true } as const satisfies Record<
  Unrecordable['reason'],
  true
>;

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

/** Keeps what was genuine but could not be read or recorded; rejects when it could not be kept. */
export type Quarantine = (request: QuarantinedRequest, quarantined: readonly QuarantinedPiece[]) => Promise<void>;

export function createQuarantine(client: Pick<SQSClient, 'send'>, queueUrl: string): Quarantine {
  return (request, quarantined) => sendMessages(client, queueUrl, [...messagesOf(request, quarantined)].map(asciiJson));
}

function* messagesOf(
  request: QuarantinedRequest,
  quarantined: readonly QuarantinedPiece[],
): Generator<QuarantineMessage> {
  const { requestId, provider, receivedAt, body, provenFor } = request;
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  for (const [reason, ofReason] of Map.groupBy(quarantined, ({ reason }) => reason)) {
    const envelope = { requestId, provider, reason, receivedAt: isoText(receivedAt), headers, provenFor };
    let pieces: unknown[] = [];
    let size = 0;
    // A piece that tells of several emails is kept once.
    for (const piece of new Set(ofReason.map(({ piece }) => piece))) {
      if (piece === null) {
        yield* partsOf(body, { ...envelope, content: 'body' });
        continue;
      }
      const bytes = asciiJson(piece).length;
      if (bytes > maxContentBytes) {
        yield* partsOf(Buffer.from(JSON.stringify(piece)), { ...envelope, content: 'piece' });
        continue;
      }
      if (size + bytes > maxContentBytes) {
        yield { ...envelope, pieces };
        pieces = [];
        size = 0;
      }
      pieces.push(piece);
      size += bytes + 1;
    }
    if (pieces.length > 0) yield { ...envelope, pieces };
  }
}

function* partsOf<Envelope extends { readonly requestId: string }>(bytes: Buffer, envelope: Envelope) {
  const partSize = (maxContentBytes / 4) * 3;
  const parts = Math.max(1, Math.ceil(bytes.length / partSize));
  const contentId = shortHash(envelope.requestId, bytes.toString('latin1'));
  for (let part = 0; part < parts; part += 1) {
    const base64 = bytes.subarray(part * partSize, (part + 1) * partSize).toString('base64');
    yield { ...envelope, contentId, base64, part: part + 1, parts };
  }
}
