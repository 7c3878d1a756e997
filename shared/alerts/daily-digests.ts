/**
 * The record of daily digests, in the guard table. A digest is begun, each of its parts is told, and then it is finished.
 *
 *     begin → publish a part → write that it is told → … → finish
 *
 * A crash in between leaves the parts that were told: the next run of that day publishes the others. A part that was
 * published, but not written as told, is published again under the same id.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { shortHash } from '../runtime/hash.ts';
import { day, dayOf } from '../runtime/time.ts';

/** The readers of a digest: people, systems at the topic, systems at the bus, and the systems of single accounts. */
export type DigestPart = 'people' | 'machines' | 'events' | 'accounts';

/** Days that the record of a digest is kept. */
const keptDays = 30;

/** Earlier days in which the previous digest is looked for. After a longer outage, a digest begins anew. */
const daysBack = 7;

/** A run that crashed has ended after so long: the daily function is stopped after 120 s. */
const maxRunMs = 150_000;

/**
 * Items of a day that hold accounts. An item takes some 3,000 of the longest account ids, and a digest has at most 5,000
 * accounts.
 */
const accountItems = 4;

/** The record of a day, as a run finds it. */
export interface KnownDigest {
  /** The UTC day, e.g. `2026-11-24`. */
  readonly day: string;
  /** Every part was told. */
  readonly isFinished: boolean;
  /** Another run tells of it just now. */
  readonly isBeingTold: boolean;
  readonly told: ReadonlySet<DigestPart>;
  /** When the previous digest began, in epoch milliseconds; null if none is on record. */
  readonly previousAt: number | null;
  /** The accounts of the previous digest, and of an earlier try of this one. */
  readonly accounts: ReadonlySet<string>;
  /** The latest run's begin; 0 before the first one and after one that failed. */
  readonly tellingAt: number;
}

export interface DailyDigests {
  /** Strongly consistent. */
  read(utcDay: string, now: number): Promise<KnownDigest>;
  /** Takes the day for this run; false if another run was faster. */
  begin(known: KnownDigest, now: number): Promise<boolean>;
  /** Adds accounts to those that the digest has something to say to. */
  addAccounts(utcDay: string, accountIds: readonly string[], now: number): Promise<void>;
  /** Records that a part was published. */
  tell(utcDay: string, part: DigestPart): Promise<void>;
  /** Records that all parts were published. */
  finish(utcDay: string, now: number): Promise<void>;
  /** Gives the day back after a failure, so that the next run need not wait. */
  release(utcDay: string): Promise<void>;
  /** Whether all parts of a day's digest were published. */
  isFinished(utcDay: string): Promise<boolean>;
}

/** The id of a day's digest, or of one account's: the same whenever it is told again. */
export function dailyDigestId(utcDay: string, accountId: string | null): string {
  return accountId === null ? shortHash('daily', utcDay) : shortHash('daily', utcDay, accountId);
}

interface StoredDigest {
  readonly begunAt: number;
  readonly tellingAt?: number;
  readonly finishedAt?: number;
  readonly told?: Set<DigestPart>;
}

const digestKey = (utcDay: string) => `daily:${utcDay}`;
const accountsKey = (utcDay: string, item: number) => `daily:${utcDay} accounts ${item}`;
const accountsKeys = (utcDay: string) => Array.from({ length: accountItems }, (_, item) => accountsKey(utcDay, item));

export function createDailyDigests(client: DynamoDBDocumentClient, tableName: string): DailyDigests {
  const read = (keys: readonly string[]) => batchGetItems(client, { tableName, keyName: 'guardKey' }, keys);
  const update = (guardKey: string, input: Omit<UpdateCommand['input'], 'TableName' | 'Key'>) =>
    client.send(new UpdateCommand({ TableName: tableName, Key: { guardKey }, ...input }));
  const expiry = (now: number) => Math.ceil((now + keptDays * day) / 1000);

  return {
    async read(utcDay, now) {
      const midnight = Date.parse(utcDay);
      const days = Array.from({ length: daysBack + 1 }, (_, back) => dayOf(midnight - back * day));
      const items = await read(days.flatMap(one => [digestKey(one), ...accountsKeys(one)]));
      const [today, ...earlier] = days.map(one => items.get(digestKey(one)) as StoredDigest | undefined);
      const back = earlier.findIndex(digest => digest?.finishedAt !== undefined) + 1;
      // Digests that were begun since then may have told some accounts.
      const shared = back === 0 ? days : days.slice(0, back + 1);
      const accounts = shared.flatMap(accountsKeys).flatMap(key => [...((items.get(key)?.accounts ?? []) as string[])]);
      const tellingAt = today?.tellingAt ?? 0;
      return {
        day: utcDay,
        isFinished: today?.finishedAt !== undefined,
        isBeingTold: now - tellingAt < maxRunMs,
        told: today?.told ?? new Set(),
        previousAt: earlier[back - 1]?.begunAt ?? null,
        accounts: new Set(accounts),
        tellingAt,
      };
    },

    async begin({ day: utcDay, tellingAt }, now) {
      try {
        await update(digestKey(utcDay), {
          UpdateExpression: 'SET tellingAt = :now, begunAt = if_not_exists(begunAt, :now), expiresAt = :expiresAt',
          ConditionExpression:
            'attribute_not_exists(finishedAt) AND (attribute_not_exists(tellingAt) OR tellingAt = :known)',
          ExpressionAttributeValues: { ':now': now, ':known': tellingAt, ':expiresAt': expiry(now) },
        });
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    async addAccounts(utcDay, accountIds, now) {
      const groups = Map.groupBy(accountIds, accountId => shortHash(accountId).charCodeAt(0) % accountItems);
      for (const [item, group] of groups) {
        await update(accountsKey(utcDay, item), {
          UpdateExpression: 'ADD accounts :accounts SET expiresAt = :expiresAt',
          ExpressionAttributeValues: { ':accounts': new Set(group), ':expiresAt': expiry(now) },
        });
      }
    },

    async tell(utcDay, part) {
      await update(digestKey(utcDay), {
        UpdateExpression: 'ADD told :part',
        ExpressionAttributeValues: { ':part': new Set([part]) },
      });
    },

    async finish(utcDay, now) {
      await update(digestKey(utcDay), {
        UpdateExpression: 'SET finishedAt = :now',
        ExpressionAttributeValues: { ':now': now },
      });
    },

    async release(utcDay) {
      await update(digestKey(utcDay), { UpdateExpression: 'REMOVE tellingAt' });
    },

    async isFinished(utcDay) {
      const items = await read([digestKey(utcDay)]);
      return items.get(digestKey(utcDay))?.finishedAt !== undefined;
    },
  };
}
