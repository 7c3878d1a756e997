import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { shortHash } from '../runtime/hash.ts';
import { day } from '../runtime/time.ts';
import { type AlertKey, keyText } from './alert.ts';

/** The readers of alerts. Each channel tells every alert once. */
export type Channel = 'people' | 'machines';

/**
 * Days that entries are kept. The table's stream shows a change for one day, and a queue keeps a message for 14. Nothing
 * asks for an alert later, because an email enters a kind only once.
 */
const keptDays = 30;

/** Alerts that go out in one message. Its id is a hash of the channel and of the keys, and never changes. */
export interface Digest {
  readonly id: string;
  readonly keys: readonly AlertKey[];
}

/** A digest that was begun earlier. */
export interface BegunDigest extends Digest {
  /** It was published, and its publication is recorded. */
  readonly told: boolean;
}

/**
 * The record of told alerts of one channel. An alert is reserved for one digest before it is published, and never moves
 * to another one. One write after the publication makes the whole digest told.
 */
export interface Ledger {
  /** The digests that hold these alerts; alerts that no digest has reserved are not in the map. */
  digestsOf(keys: readonly AlertKey[]): Promise<ReadonlyMap<string, BegunDigest>>;
  /** Stores a digest's members, so that anybody can finish it. Returns whether they were stored before. */
  open(digest: Digest): Promise<boolean>;
  /** Reserves an alert for a digest; false if another digest has it. */
  reserve(key: AlertKey, digestId: string): Promise<boolean>;
  /** Whether the digest was committed. */
  isTold(digestId: string): Promise<boolean>;
  /** Records that the digest was published. */
  commit(digestId: string): Promise<void>;
}

/** The id of a digest: the same for the same alerts, in any order. */
export function digestIdOf(channel: Channel, keys: readonly AlertKey[]): string {
  return shortHash(channel, ...keys.map(keyText).sort());
}

/**
 * Stores the ledger beside the guards. Their keys never contain a colon before the first blank.
 *
 * @param now epoch milliseconds
 */
export function createLedger(
  client: DynamoDBDocumentClient,
  tableName: string,
  channel: Channel,
  now: () => number,
): Ledger {
  const alertKey = (key: AlertKey) => `alert:${channel} ${keyText(key)}`;
  const digestKey = (id: string) => `digest:${channel} ${id}`;
  const toldKey = (id: string) => `told:${channel} ${id}`;
  const read = (keys: readonly string[]) => batchGetItems(client, { tableName, keyName: 'guardKey' }, keys);
  const put = (guardKey: string, facts: Record<string, unknown>) => ({
    TableName: tableName,
    Item: { guardKey, ...facts, expiresAt: Math.ceil((now() + keptDays * day) / 1000) },
  });

  return {
    async digestsOf(keys) {
      const reserved = await read(keys.map(alertKey));
      const ids = new Set([...reserved.values()].map(({ digest }) => digest as string));
      const found = await read([...ids].flatMap(id => [digestKey(id), toldKey(id)]));
      const digestBy = (id: string): BegunDigest => {
        const members = found.get(digestKey(id))?.members as string | undefined;
        // An expired digest was told long ago.
        if (members === undefined) return { id, keys: [], told: true };
        return { id, keys: JSON.parse(members), told: found.has(toldKey(id)) };
      };
      const digests = new Map([...ids].map(id => [id, digestBy(id)]));
      return new Map(
        keys.flatMap(key => {
          const digest = digests.get(reserved.get(alertKey(key))?.digest as string);
          return digest === undefined ? [] : [[keyText(key), digest] as const];
        }),
      );
    },

    async open({ id, keys }) {
      const members = put(digestKey(id), { members: JSON.stringify(keys) });
      const { Attributes } = await client.send(new PutCommand({ ...members, ReturnValues: 'ALL_OLD' }));
      return Attributes !== undefined;
    },

    async reserve(key, digest) {
      try {
        await client.send(
          new PutCommand({
            ...put(alertKey(key), { digest }),
            ConditionExpression: 'attribute_not_exists(guardKey) OR digest = :digest',
            ExpressionAttributeValues: { ':digest': digest },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    async isTold(id) {
      return (await read([toldKey(id)])).size > 0;
    },

    async commit(id) {
      await client.send(new PutCommand(put(toldKey(id), {})));
    },
  };
}
