/** Reads the keys of a day in the index `byAttentionDay`: all partitions of the day at once, merged newest first. */

import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { attentionDaysOf } from './attention-day.ts';
import { expressionNames, type IndexName, type Item } from './item.ts';
import { type Key, type Keys, newestFirst, type Position } from './position.ts';

/** The keys of a partition that were read so far. */
interface Partition {
  readonly name: string;
  readonly keys: Key[];
  /** Where its next query starts; undefined before the first one, null at its end. */
  next: Record<string, unknown> | null | undefined;
}

/**
 * Keys that the first, second and every further query of a partition reads. Usually the partitions share a page, and half
 * of it is plenty. Earlier versions wrote one partition alone. A webhook's emails may all have the same time.
 */
const queriedKeys = [
  (wanted: number) => Math.ceil(wanted / 2),
  (wanted: number) => wanted,
  () => 5_000,
] as const satisfies readonly ((wanted: number) => number)[];

/** The time of the last key that was read. */
function lastOf({ keys }: Partition): number {
  return keys.at(-1)?.at ?? Infinity;
}

export interface DayKeysRequest {
  /** Its time tells the day. */
  readonly after: Position;
  /** The earliest time. */
  readonly from: number | undefined;
  readonly wanted: number;
  /** The most rounds. A round is one query of each partition, all at once. */
  readonly maxRounds: number;
}

/**
 * The next keys of the position's day, at most `wanted`. `calls` counts rounds.
 *
 * DynamoDB leaves open how an index sorts keys of one time. The position therefore cuts by time and id here, not in
 * DynamoDB. Keys of one time are shown only once all of them were read.
 */
export async function dayKeysAfter(
  client: DynamoDBDocumentClient,
  tableName: string,
  { after, from = 0, wanted, maxRounds }: DayKeysRequest,
): Promise<Keys> {
  // DynamoDB refuses bounds in the wrong order.
  if (after.at < from) return { keys: [], next: null, calls: 0 };
  const partitions = attentionDaysOf(after.at).map((name): Partition => ({ name, keys: [], next: undefined }));
  /** The time down to which all partitions must be read, as far as is known. */
  let needed = -Infinity;
  for (let rounds = 1; ; rounds += 1) {
    const open = partitions.filter(partition => partition.next !== null && lastOf(partition) >= needed);
    const keysOf = queriedKeys[Math.min(rounds, queriedKeys.length) - 1]!;
    // Besides the wanted keys: the position's own, and one whose time may have more.
    await Promise.all(open.map(partition => readFurther(partition, keysOf(wanted) + 2)));
    // A partition that goes on may have more keys of its last time.
    const unsure = Math.max(-Infinity, ...partitions.filter(({ next }) => next !== null).map(lastOf));
    const read = partitions
      .flatMap(({ keys }) => keys)
      .filter(key => after.emailId === null || newestFirst(key, after) > 0)
      .sort(newestFirst);
    needed = read[wanted - 1]?.at ?? -Infinity;
    const sure = read.filter(({ at }) => at > unsure);
    const isEnd = unsure === -Infinity;
    if (sure.length < wanted && rounds < maxRounds && !isEnd) continue;
    const keys = sure.slice(0, wanted);
    if (keys.length === wanted)
      return { keys, next: isEnd && read.length === wanted ? null : keys.at(-1)!, calls: rounds };
    if (isEnd) return { keys, next: null, calls: rounds };
    return { keys, next: unsure < after.at ? { at: unsure, emailId: null } : after, calls: rounds };
  }

  async function readFurther(partition: Partition, Limit: number): Promise<void> {
    const KeyConditionExpression = '#attentionDay = :day AND #attentionAt BETWEEN :from AND :at';
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: tableName,
        IndexName: 'byAttentionDay' satisfies IndexName,
        KeyConditionExpression,
        ExpressionAttributeNames: expressionNames(KeyConditionExpression),
        ExpressionAttributeValues: { ':day': partition.name, ':from': from, ':at': after.at },
        ScanIndexForward: false,
        Limit,
        ...(partition.next && { ExclusiveStartKey: partition.next }),
      }),
    );
    partition.keys.push(...Items.map((item: Item): Key => ({ at: item.attentionAt!, emailId: item.emailId! })));
    partition.next = LastEvaluatedKey ?? null;
  }
}
