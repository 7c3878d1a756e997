import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Quarantined } from '../../shared/providers/provider.ts';
import { isoText } from '../../shared/time.ts';

/** SQS takes 1 MiB a message and 1 MiB a batch of up to 10; the rest is room for the envelope. */
const largestContent = 900 * 1024;
const largestBatch = 1024 * 1024;

/** The request that something in it could not be read. Headers are left out: they may carry a password. */
export interface QuarantinedRequest {
  readonly requestId: string;
  readonly provider: string;
  readonly receivedAt: number;
  readonly body: Buffer;
}

/**
 * A message of the quarantine queue: pieces of one request that share a reason, or one part of a body or piece too
 * large for a message (base64; all parts of one request and reason, in order, give it back).
 */
export type QuarantineMessage = {
  readonly requestId: string;
  readonly provider: string;
  readonly reason: string;
  readonly receivedAt: string;
} & (
  | { readonly pieces: readonly unknown[] }
  | { readonly content: 'body' | 'piece'; readonly base64: string; readonly part: number; readonly parts: number }
);

/** Keeps what was genuine but could not be read or recorded; rejects when it could not be kept. */
export type Quarantine = (request: QuarantinedRequest, quarantined: readonly Quarantined[]) => Promise<void>;

export function createQuarantine(client: Pick<SQSClient, 'send'>, queueUrl: string): Quarantine {
  return async (request, quarantined) => {
    const messages = [...messagesOf(request, quarantined)].map(asciiJson);
    for (const batch of batchesOf(messages)) {
      const { Failed = [] } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: batch.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
        }),
      );
      if (Failed.length > 0) throw new Error(`${Failed.length} quarantine messages were refused: ${Failed[0]?.Code}`);
    }
  };
}

/** JSON in ASCII: SQS refuses some characters that Unicode and JSON have, and bytes are what its bounds count. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function* messagesOf(request: QuarantinedRequest, quarantined: readonly Quarantined[]): Generator<QuarantineMessage> {
  const { requestId, provider, receivedAt, body } = request;
  for (const [reason, ofReason] of Map.groupBy(quarantined, ({ reason }) => reason)) {
    const envelope = { requestId, provider, reason, receivedAt: isoText(receivedAt) };
    let pieces: unknown[] = [];
    let size = 0;
    // A piece that tells of several emails is kept once.
    for (const piece of new Set(ofReason.map(({ piece }) => piece))) {
      if (piece === null) {
        yield* partsOf(body, { ...envelope, content: 'body' });
        continue;
      }
      const bytes = asciiJson(piece).length;
      if (bytes > largestContent) {
        yield* partsOf(Buffer.from(JSON.stringify(piece)), { ...envelope, content: 'piece' });
        continue;
      }
      if (size + bytes > largestContent) {
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

function* partsOf<Envelope extends object>(bytes: Buffer, envelope: Envelope) {
  const partSize = (largestContent / 4) * 3;
  const parts = Math.max(1, Math.ceil(bytes.length / partSize));
  for (let part = 0; part < parts; part += 1) {
    const base64 = bytes.subarray(part * partSize, (part + 1) * partSize).toString('base64');
    yield { ...envelope, base64, part: part + 1, parts };
  }
}

function batchesOf(messages: readonly string[]): string[][] {
  const batches: string[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const bytes = message.length;
    const open = batches.at(-1);
    if (open === undefined || open.length === 10 || size + bytes > largestBatch) {
      batches.push([message]);
      size = bytes;
    } else {
      open.push(message);
      size += bytes;
    }
  }
  return batches;
}
