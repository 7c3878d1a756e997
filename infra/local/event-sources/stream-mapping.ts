import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readSaved, replaceFile } from '../data-dir.ts';
import type { LocalFunction } from '../lambda/function-environment.ts';
import { createFilter, type EventSourceMapping, pause, type RunningMapping } from './event-source-mapping.ts';
import type { FailureDestination } from './failure-destination.ts';
import { createStreamLane, type StreamLane } from './stream-lane.ts';
import { type Checkpoint, createStreamReader, isChange, type ShardRecord } from './stream-reader.ts';

export interface StreamMappingOptions {
  readonly mapping: EventSourceMapping;
  readonly target: LocalFunction;
  /** The DynamoDB engine, and its name for the stream. */
  readonly endpoint: string;
  readonly streamArn: string;
  /** The table's partition key: its value decides on the shard of a record. */
  readonly partitionKey: string;
  /** The shards of the stream: 1 by default. An engine has a single one, and a table on AWS several. */
  readonly shards?: number | undefined;
  readonly checkpointFile: string;
  readonly failureDestination: FailureDestination | null;
  /** Called with one line for each batch that failed. */
  readonly onFault: (line: string) => void;
  /** Waits before another attempt; a test that knows the schedule need not wait. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Lambda reads each shard four times a second. Reads without a pause would take a third of the engine's time. */
const pollInterval = 250;

/**
 * Invokes a function with the records of a table's stream, in order by shard, as Lambda does: filtered and in batches. A
 * batch that fails comes again, is split to find the record that fails, and at last goes to the failure destination. Each
 * shard has a batching window, attempts and a checkpoint of its own.
 */
export function startStreamMapping(options: StreamMappingOptions): RunningMapping {
  const { mapping, target, endpoint, streamArn, partitionKey, shards = 1, checkpointFile, onFault } = options;
  const { ParallelizationFactor: parallel = 1 } = mapping;
  const passes = createFilter(mapping);
  const stopping = new AbortController();
  const { signal } = stopping;
  const starts = readCheckpoints(checkpointFile, streamArn, shards * parallel);
  const reader = createStreamReader(endpoint, streamArn, lowest(starts));

  const lanes = starts.map((_, index): StreamLane => {
    const shard = Math.floor(index / parallel);
    return createStreamLane({
      mapping,
      target,
      failureDestination: options.failureDestination,
      shardId: engineShardId => (shards === 1 ? engineShardId : `${engineShardId}-${shard}`),
      onFault,
      onDone: save,
      signal,
      wait: options.wait ?? pause,
    });
  });

  function save(): void {
    const places = lanes.map(lane => lane.checkpoint(reader.position()));
    replaceFile(checkpointFile, JSON.stringify({ streamArn, shards: lowest(places), lanes: places }));
  }

  function laneOf({ record: { dynamodb } }: ShardRecord): number {
    if (lanes.length === 1) return 0;
    const key = dynamodb.Keys?.[partitionKey] ?? dynamodb.Keys;
    const hash = createHash('sha256').update(JSON.stringify(key)).digest().readUInt32BE();
    return (hash % shards) * parallel + (Math.floor(hash / shards) % parallel);
  }

  /** Whether an earlier run is past the record, although another lane of that run was not. */
  function isDone(lane: number, { shardId, record }: ShardRecord): boolean {
    const place = starts[lane]![shardId];
    return place !== undefined && BigInt(record.dynamodb.SequenceNumber) <= BigInt(place);
  }

  function isWanted({ record }: ShardRecord): boolean {
    // Comparing two images costs more than the filter, which lets few records through.
    return passes(record) && isChange(record);
  }

  async function read(): Promise<void> {
    let readable = true;
    while (!signal.aborted) {
      // A lane that is blocked keeps no other one waiting.
      if (!lanes.some(lane => lane.isHungry())) {
        await pause(pollInterval, signal);
        continue;
      }
      try {
        const news = await reader.read();
        readable = true;
        const byLane = Map.groupBy(news, laneOf);
        for (const [lane, records] of byLane) {
          lanes[lane]!.add(records.filter(record => !isDone(lane, record) && isWanted(record)));
        }
        if (news.length > 0) save();
        if (!reader.isBehind()) await pause(pollInterval, signal);
      } catch (error) {
        if (signal.aborted) return;
        // Printed once, so that earlier lines stay in sight.
        if (readable) onFault(`${target.name}: its stream cannot be read: ${error}`);
        readable = false;
        await pause(1_000, signal);
      }
    }
  }

  const finished = Promise.all([read(), ...lanes.map(lane => lane.run())]);
  return {
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}

/** The checkpoint of each lane that an earlier run left for this very stream. */
function readCheckpoints(file: string, streamArn: string, count: number): readonly Checkpoint[] {
  const none = Array.from({ length: count }, () => ({}));
  if (!existsSync(file)) return none;
  const remedy = 'the stream is read from where a new deployment begins';
  const saved = readSaved(file, remedy) as {
    streamArn: string;
    shards: Checkpoint;
    /** An earlier version had one lane. */
    lanes?: readonly Checkpoint[];
  };
  if (saved.streamArn !== streamArn) return none;
  if (saved.lanes?.length === count) return saved.lanes;
  // Another number of shards: records that some lane has done may come again, and none is left out.
  return none.map(() => saved.shards);
}

/** The place before every lane's. */
function lowest(places: readonly Checkpoint[]): Checkpoint {
  const [first = {}, ...others] = places;
  const shared = Object.keys(first).filter(shardId => others.every(place => place[shardId] !== undefined));
  return Object.fromEntries(
    shared.map(shardId => [
      shardId,
      places.map(place => place[shardId]!).reduce((low, place) => (BigInt(place) < BigInt(low) ? place : low)),
    ]),
  );
}
