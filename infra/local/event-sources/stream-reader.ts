import { isDeepStrictEqual } from 'node:util';
import { AwsJsonError, awsJson } from '../services/aws-json.ts';

/** An attribute value as DynamoDB writes it, e.g. `{ S: 'text' }`. */
type Image = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A record of a table's stream, in the form of GetRecords and of Lambda's events. */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly Keys?: Image;
    readonly ApproximateCreationDateTime: number;
    readonly NewImage?: Image;
    readonly OldImage?: Image;
  };
}

export interface ShardRecord {
  readonly shardId: string;
  readonly record: StreamRecord;
  /** The sequence number before it, as far as this reader knows: there a reader begins that is to read it again. */
  readonly after: string | undefined;
}

/** The last sequence number that has been processed, by shard. */
export type Checkpoint = Readonly<Record<string, string>>;

interface Shard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
}

interface Records {
  readonly Records: readonly StreamRecord[];
  readonly NextShardIterator?: string | null;
}

const streams = (operation: string) => `DynamoDBStreams_20120810.${operation}`;
const recordsPerRead = 1_000;
/** After so many there may be more. An engine ends a read at 1 MB, so that not every full one has 1,000. */
const recordsOfBacklog = 100;

/** Reads a table's stream from the checkpoint on. A shard without one is read from its oldest record on. */
export interface StreamReader {
  /** The new records, up to 1,000 a shard. */
  read(): Promise<readonly ShardRecord[]>;
  /** The last sequence number that has been read, by shard. */
  position(): Checkpoint;
  /** Whether the last read left records behind, as far as is known. */
  isBehind(): boolean;
}

export function createStreamReader(endpoint: string, StreamArn: string, checkpoint: Checkpoint): StreamReader {
  const positions = new Map(Object.entries(checkpoint));
  /** The next iterator of each shard; null where the shard is read to its end. */
  const iterators = new Map<string, string | null>();
  let shards: readonly Shard[] = [];
  let behind = false;

  async function iteratorOf(ShardId: string, ShardIteratorType: string, SequenceNumber?: string): Promise<string> {
    const { ShardIterator } = await awsJson<{ ShardIterator: string }>(endpoint, streams('GetShardIterator'), {
      StreamArn,
      ShardId,
      ShardIteratorType,
      SequenceNumber,
    });
    return ShardIterator;
  }

  async function open(shardId: string): Promise<string> {
    const done = positions.get(shardId);
    if (done === undefined) return iteratorOf(shardId, 'TRIM_HORIZON');
    return iteratorOf(shardId, 'AFTER_SEQUENCE_NUMBER', done).catch(error => {
      if (error instanceof AwsJsonError && error.name === 'TrimmedDataAccessException') {
        return iteratorOf(shardId, 'TRIM_HORIZON');
      }
      throw error;
    });
  }

  async function listShards(): Promise<void> {
    const listed: Shard[] = [];
    let ExclusiveStartShardId: string | undefined;
    do {
      const { StreamDescription } = await awsJson<{
        StreamDescription: { Shards: Shard[]; LastEvaluatedShardId?: string };
      }>(endpoint, streams('DescribeStream'), { StreamArn, ExclusiveStartShardId });
      listed.push(...StreamDescription.Shards);
      ExclusiveStartShardId = StreamDescription.LastEvaluatedShardId;
    } while (ExclusiveStartShardId !== undefined);
    shards = listed;
  }

  return {
    position: () => Object.fromEntries(positions),
    isBehind: () => behind,
    async read() {
      behind = false;
      // Only the next iterator shows whether a shard is open: dynoxide describes its open shard with an end.
      const isOpen = ({ ShardId }: Shard) => iterators.get(ShardId) !== null;
      if (!shards.some(isOpen)) await listShards();
      const found: ShardRecord[] = [];
      for (const { ShardId: shardId, ParentShardId } of shards.filter(isOpen)) {
        // A child's records come after all of its parent's.
        if (ParentShardId !== undefined && shards.some(shard => shard.ShardId === ParentShardId && isOpen(shard)))
          continue;
        const ShardIterator = iterators.get(shardId) ?? (await open(shardId));
        try {
          const { Records, NextShardIterator } = await awsJson<Records>(endpoint, streams('GetRecords'), {
            ShardIterator,
            Limit: recordsPerRead,
          });
          iterators.set(shardId, NextShardIterator ?? null);
          // A shard that ends has children.
          if (Records.length >= recordsOfBacklog || !NextShardIterator) behind = true;
          for (const record of Records) {
            found.push({ shardId, record, after: positions.get(shardId) });
            positions.set(shardId, record.dynamodb.SequenceNumber);
          }
        } catch (error) {
          // An iterator lives for 15 minutes. After a machine's sleep a new one begins where this one ended.
          iterators.delete(shardId);
          // Records of other shards count as read: the next call meets the error again.
          if (found.length > 0) break;
          throw error;
        }
      }
      return found;
    },
  };
}

/** Whether a record is of a change. dynoxide, unlike DynamoDB, also writes one for a write that changed nothing. */
export function isChange({ eventName, dynamodb: { NewImage, OldImage } }: StreamRecord): boolean {
  if (eventName !== 'MODIFY' || NewImage === undefined || OldImage === undefined) return true;
  return !isDeepStrictEqual(withSortedSets(NewImage), withSortedSets(OldImage));
}

function withSortedSets(image: Image): Image {
  return Object.fromEntries(
    Object.entries(image).map(([name, value]) => {
      const [[type, members] = ['', undefined]] = Object.entries(value);
      return [name, /^[SNB]S$/.test(type) ? { [type]: [...(members as string[])].sort() } : value];
    }),
  );
}
