import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { CanonicalEvent } from '../email/event.ts';
import type { Erasure } from '../email/tombstone.ts';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { shortHash } from '../runtime/hash.ts';
import { day } from '../runtime/time.ts';

/**
 * Days that a record is kept. A replay refuses what came more than 28 days ago: 14 days in the queue that it was put
 * into, and 14 in quarantine. SNS tries for 23 days to bring an event of Amazon SES into its queue.
 */
const keptDays = 30;

/** An event, and when it came to us, in epoch milliseconds. */
export interface ReceivedEvent {
  readonly event: CanonicalEvent;
  readonly receivedAt: number;
}

/** Records of erasures: who asks later learns which events came before one, wherever they have waited since. */
export interface ErasureRecords {
  /**
   * Keeps one record of a recipient, or of a recipient in an account: the newest. Rejects where it cannot be kept.
   *
   * @param erasedAt epoch milliseconds
   */
  write(erasure: Erasure, erasedAt: number, signal: AbortSignal): Promise<void>;
  /** The erasure that each event came before; one that came before none is not in the map. */
  erasuresOf(received: readonly ReceivedEvent[]): Promise<ReadonlyMap<CanonicalEvent, Erasure>>;
}

/**
 * Records beside the nonces, of which a key never holds a colon before the first blank.
 *
 * @param defaultAccountId the account of events that name none; without it they are of no account
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
        // A newer one is there.
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

/** The write of a record. Of two erasures the newer one counts, whichever is written last. */
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
 * The erasure that each event came before; one that came before none is not in the map.
 *
 * @param erasedAt when an erasure was recorded last, in epoch milliseconds
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
 * The erasures that an event may have come before. That of an account is about what names the account: whose the rest is,
 * nobody can tell, and it is left for support.
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
