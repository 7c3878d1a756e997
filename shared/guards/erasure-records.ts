import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { CanonicalEvent } from '../email/event.ts';
import type { Erasure } from '../email/tombstone.ts';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { shortHash } from '../runtime/hash.ts';
import { day } from '../runtime/time.ts';

/**
 * Days that a record is kept. A replay refuses data older than 28 days: 14 in a queue and 14 in quarantine. SNS retries
 * for 23 days to deliver an event of Amazon SES into its queue.
 */
const keptDays = 30;

/** An event and its arrival, in epoch milliseconds. */
export interface ReceivedEvent {
  readonly event: CanonicalEvent;
  readonly receivedAt: number;
}

/** Records of erasures. They tell later which waiting events arrived before an erasure. */
export interface ErasureRecords {
  /**
   * Keeps the newest erasure of a recipient, or of a recipient within an account. Rejects if the write fails.
   *
   * @param erasedAt epoch milliseconds
   */
  write(erasure: Erasure, erasedAt: number, signal: AbortSignal): Promise<void>;
  /** The erasure after each event's arrival; events without one are not in the map. */
  erasuresOf(received: readonly ReceivedEvent[]): Promise<ReadonlyMap<CanonicalEvent, Erasure>>;
}

/**
 * Stores the records beside the nonces, whose keys never contain a colon before the first blank.
 *
 * @param defaultAccountId the account of events that name none; without it they have no account
 */
export function createErasureRecords(
  client: DynamoDBDocumentClient,
  tableName: string,
  defaultAccountId?: string,
): ErasureRecords {
  return {
    async write(erasure, erasedAt, abortSignal) {
      try {
        await client.send(new UpdateCommand(recordInput(tableName, erasure, erasedAt)), { abortSignal });
      } catch (error) {
        // A newer record exists.
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },

    async erasuresOf(received) {
      const keys = received.flatMap(({ event }) => erasuresFor(event, defaultAccountId).map(keyOf));
      const records = await batchGetItems(client, { tableName, keyName: 'guardKey' }, keys);
      const erasedAt = (erasure: Erasure) => records.get(keyOf(erasure))?.erasedAt as number | undefined;
      return erasuresAfter(received, erasedAt, defaultAccountId);
    },
  };
}

/** The write of a record. The newer of two erasures stays, in whichever order they are written. */
export function recordInput(tableName: string, erasure: Erasure, erasedAt: number): UpdateCommandInput {
  return {
    TableName: tableName,
    Key: { guardKey: keyOf(erasure) },
    UpdateExpression: 'SET erasedAt = :erasedAt, expiresAt = :expiresAt',
    ConditionExpression: 'attribute_not_exists(erasedAt) OR erasedAt < :erasedAt',
    ExpressionAttributeValues: {
      ':erasedAt': erasedAt,
      ':expiresAt': Math.ceil((erasedAt + keptDays * day) / 1000),
    },
  };
}

/**
 * The erasure after each event's arrival; events without one are not in the map.
 *
 * @param erasedAt when an erasure was last recorded, in epoch milliseconds
 */
export function erasuresAfter(
  received: readonly ReceivedEvent[],
  erasedAt: (erasure: Erasure) => number | undefined,
  defaultAccountId?: string,
): ReadonlyMap<CanonicalEvent, Erasure> {
  const before = new Map<CanonicalEvent, Erasure>();
  for (const { event, receivedAt } of received) {
    const erasure = erasuresFor(event, defaultAccountId).find(erasure => (erasedAt(erasure) ?? 0) > receivedAt);
    if (erasure !== undefined) before.set(event, erasure);
  }
  return before;
}

/**
 * The erasures that apply to an event. An account's erasure covers only events that name the account; the others are
 * left to support.
 */
function erasuresFor(
  { recipient, accountId: named }: CanonicalEvent,
  defaultAccountId: string | undefined,
): readonly Erasure[] {
  const accountId = named ?? defaultAccountId;
  const ofAll = { recipient, accountId: null };
  return accountId === undefined ? [ofAll] : [ofAll, { recipient, accountId }];
}

function keyOf({ recipient, accountId }: Erasure): string {
  return `erasure:${accountId === null ? shortHash(recipient) : shortHash(recipient, accountId)}`;
}
