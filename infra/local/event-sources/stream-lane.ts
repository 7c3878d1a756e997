import { counted } from '../cli/counted.ts';
import { region } from '../cloudformation/template.ts';
import type { LocalFunction } from '../lambda/function-environment.ts';
import { backoff, type EventSourceMapping, fittingCount, invokeWithBatch, pause } from './event-source-mapping.ts';
import type { FailureDestination } from './failure-destination.ts';
import type { Checkpoint, ShardRecord, StreamRecord } from './stream-reader.ts';

/** Records that reach the function in order: those of a shard, or of one of its parts. A failing one blocks no other lane. */
export interface StreamLane {
  /** Takes records that were read, in order. */
  add(records: readonly ShardRecord[]): void;
  /** Whether it has room for more records. */
  isHungry(): boolean;
  /** The place in the stream from which a restart is to read. */
  checkpoint(read: Checkpoint): Checkpoint;
  /** Delivers until it is stopped. */
  run(): Promise<void>;
}

export interface StreamLaneOptions {
  readonly mapping: EventSourceMapping;
  readonly target: LocalFunction;
  readonly failureDestination: FailureDestination | null;
  /** The shard's name in invocation records. */
  readonly shardId: (engineShardId: string) => string;
  readonly onFault: (line: string) => void;
  /** Called after records were taken or given up. */
  readonly onDone: () => void;
  readonly signal: AbortSignal;
  /** Waits before another attempt. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const defaultBatchSize = 100;

export function createStreamLane(options: StreamLaneOptions): StreamLane {
  const { mapping, target, failureDestination, onFault, onDone, signal, wait } = options;
  const batchSize = mapping.BatchSize ?? defaultBatchSize;
  const window = (mapping.MaximumBatchingWindowInSeconds ?? 0) * 1000;
  const attemptLimit = limitOf(mapping.MaximumRetryAttempts);
  const ageLimit = limitOf(mapping.MaximumRecordAgeInSeconds) * 1000;
  /** Neither taken nor given up, in order. */
  let undone: ShardRecord[] = [];
  let arrival = new AbortController();

  function done(records: readonly ShardRecord[]): void {
    const settled = new Set(records);
    undone = undone.filter(record => !settled.has(record));
    onDone();
  }

  async function news(milliseconds: number): Promise<void> {
    await pause(Math.min(milliseconds, 60_000), AbortSignal.any([signal, arrival.signal]));
  }

  function firstBatch(): readonly ShardRecord[] {
    const records = undone.slice(0, batchSize);
    return records.slice(0, fittingCount(records));
  }

  /** Null where more records would fit. */
  function fullBatch(): readonly ShardRecord[] | null {
    const batch = firstBatch();
    return batch.length === batchSize || batch.length < undone.length ? batch : null;
  }

  /** Gathers until the batch is full, or its window is over. The window is the lane's own. */
  async function nextBatch(): Promise<readonly ShardRecord[]> {
    while (undone.length === 0 && !signal.aborted) await news(60_000);
    const deadline = Date.now() + window;
    while (Date.now() < deadline && !signal.aborted) {
      const full = fullBatch();
      if (full !== null) return full;
      await news(deadline - Date.now());
    }
    return firstBatch();
  }

  /** Whether the function or the failure destination took every record. If not, the mapping was stopped. */
  async function delivered(batch: readonly ShardRecord[], attempts: number, throttles = 0): Promise<boolean> {
    if (batch.length === 0) return true;
    if (signal.aborted) return false;
    const expired = batch.filter(({ record }) => ageOf(record) > ageLimit);
    if (expired.length > 0) {
      await givenUp(expired, 'RecordAgeExceeded', attempts);
      const young = batch.filter(record => !expired.includes(record));
      return delivered(young, attempts);
    }
    const outcome = await invokeWithBatch(target, batch.map(lambdaRecord), mapping);
    if ('throttled' in outcome) {
      await wait(backoff(throttles), signal);
      return delivered(batch, attempts, throttles + 1);
    }
    const failedAt =
      'error' in outcome
        ? 0
        : outcome.failed.size === 0
          ? batch.length
          : // An identifier of no record fails the whole batch.
            Math.max(
              0,
              batch.findIndex(({ record }) => outcome.failed.has(record.dynamodb.SequenceNumber)),
            );
    done(batch.slice(0, failedAt));
    if (failedAt === batch.length) return true;
    if (signal.aborted) return false;
    // Another record is first now: the rest counts its attempts anew.
    if (failedAt > 0) return delivered(batch.slice(failedAt), 0);
    const cause = 'error' in outcome ? outcome.error : 'reported as failed';
    if (mapping.BisectBatchOnFunctionError === true && batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      // Splitting does not count as an attempt.
      return (await delivered(batch.slice(0, half), attempts)) && delivered(batch.slice(half), attempts);
    }
    if (attempts >= attemptLimit) {
      onFault(
        `${target.name}: ${counted(batch.length, 'stream record')} given up after ${attempts + 1} attempts: ${cause}`,
      );
      await givenUp(batch, 'RetryAttemptsExhausted', attempts + 1);
      return true;
    }
    onFault(`${target.name}: attempt ${attempts + 1} with ${counted(batch.length, 'stream record')}: ${cause}`);
    await wait(backoff(attempts), signal);
    return delivered(batch, attempts + 1);
  }

  async function givenUp(batch: readonly ShardRecord[], condition: string, invokeCount: number): Promise<void> {
    await failureDestination?.({
      condition,
      invokeCount,
      functionName: target.name,
      event: { Records: batch.map(lambdaRecord) },
      shardId: options.shardId(batch[0]!.shardId),
      sequenceNumbers: batch.map(({ record }) => record.dynamodb.SequenceNumber),
      eventSourceArn: mapping.EventSourceArn,
    });
    done(batch);
  }

  function lambdaRecord({ record }: ShardRecord): object {
    return { ...record, awsRegion: region, eventSourceARN: mapping.EventSourceArn };
  }

  return {
    add(records) {
      if (records.length === 0) return;
      undone.push(...records);
      arrival.abort();
      arrival = new AbortController();
    },
    isHungry: () => undone.length < 2 * batchSize,
    checkpoint(read) {
      const first = new Map<string, string | undefined>();
      for (const { shardId, after } of undone) if (!first.has(shardId)) first.set(shardId, after);
      const places = Object.entries(read).map(([shardId, position]) => [
        shardId,
        first.has(shardId) ? first.get(shardId) : position,
      ]);
      return Object.fromEntries(places.filter(([, place]) => place !== undefined));
    },
    async run() {
      while (!signal.aborted) {
        try {
          await delivered(await nextBatch(), 0);
        } catch (error) {
          // The batch is delivered again: it has reached neither the function nor the failure destination.
          onFault(`${target.name}: ${counted(undone.length, 'stream record')} cannot be given up: ${error}`);
          await wait(1_000, signal);
        }
      }
    },
  };
}

function ageOf({ dynamodb: { ApproximateCreationDateTime } }: StreamRecord): number {
  return Date.now() - ApproximateCreationDateTime * 1000;
}

function limitOf(value: number | undefined): number {
  return value === undefined || value < 0 ? Number.POSITIVE_INFINITY : value;
}
