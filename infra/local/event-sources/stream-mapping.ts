import { existsSync } from 'node:fs';
import { counted } from '../cli/counted.ts';
import { region } from '../cloudformation/template.ts';
import { readSaved, replaceFile } from '../data-dir.ts';
import type { LocalFunction } from '../lambda/function-environment.ts';
import {
  backoff,
  createFilter,
  type EventSourceMapping,
  invokeWithBatch,
  pause,
  type RunningMapping,
} from './event-source-mapping.ts';
import type { FailureDestination } from './failure-destination.ts';
import { type Checkpoint, createStreamReader, isChange, type ShardRecord, type StreamRecord } from './stream-reader.ts';

export interface StreamMappingOptions {
  readonly mapping: EventSourceMapping;
  readonly target: LocalFunction;
  /** The DynamoDB engine, and its name for the stream. */
  readonly endpoint: string;
  readonly streamArn: string;
  readonly checkpointFile: string;
  readonly failureDestination: FailureDestination | null;
  /** Called with one line for each batch that failed. */
  readonly onFault: (line: string) => void;
}

/** Lambda reads a stream four times a second. */
const pollInterval = 250;
const defaultBatchSize = 100;

/**
 * Invokes a function with the records of a table's stream, in order, as Lambda does: filtered and in batches. A batch that
 * fails comes again, is split to find the record that fails, and at last goes to the failure destination.
 */
export function startStreamMapping(options: StreamMappingOptions): RunningMapping {
  const { mapping, target, endpoint, streamArn, checkpointFile, failureDestination, onFault } = options;
  const batchSize = mapping.BatchSize ?? defaultBatchSize;
  const window = (mapping.MaximumBatchingWindowInSeconds ?? 0) * 1000;
  const attemptLimit = limitOf(mapping.MaximumRetryAttempts);
  const ageLimit = limitOf(mapping.MaximumRecordAgeInSeconds) * 1000;
  const passes = createFilter(mapping);
  const stopping = new AbortController();
  const { signal } = stopping;

  let checkpoint = readCheckpoint(checkpointFile, streamArn);
  const save = () => replaceFile(checkpointFile, JSON.stringify({ streamArn, shards: checkpoint }));
  const done = (records: readonly ShardRecord[]) => {
    if (records.length === 0) return;
    checkpoint = {
      ...checkpoint,
      ...Object.fromEntries(records.map(({ shardId, record }) => [shardId, record.dynamodb.SequenceNumber])),
    };
    save();
  };

  async function run(): Promise<void> {
    let reader = createStreamReader(endpoint, streamArn, checkpoint);
    let readable = true;
    while (!signal.aborted) {
      try {
        await processed(await nextBatch());
        readable = true;
      } catch (error) {
        if (signal.aborted) return;
        // Records that were read but not processed are read again.
        reader = createStreamReader(endpoint, streamArn, checkpoint);
        // Printed once, so that earlier lines stay in sight.
        if (readable) onFault(`${target.name}: its stream cannot be read: ${error}`);
        readable = false;
        await pause(1_000, signal);
      }
    }

    /** Reads until the batch is full, or its window is over; resolves with everything read, in order. */
    async function nextBatch(): Promise<readonly ShardRecord[]> {
      const read: ShardRecord[] = [];
      let matching = 0;
      let deadline = Number.POSITIVE_INFINITY;
      while (!signal.aborted && matching < batchSize) {
        const news = await reader.read();
        read.push(...news);
        matching += news.filter(isWanted).length;
        if (matching > 0) deadline = Math.min(deadline, Date.now() + window);
        if (Date.now() >= deadline) break;
        // No batch waits for records that no filter lets through.
        if (matching === 0 && read.length > 0) break;
        if (news.length === 0) await pause(Math.min(pollInterval, deadline - Date.now()), signal);
      }
      return read;
    }
  }

  function isWanted({ record }: ShardRecord): boolean {
    // Comparing two images costs more than the filter, which lets few records through.
    return passes(record) && isChange(record);
  }

  /** Delivers the wanted records, batch by batch, and moves the checkpoint past all of them. */
  async function processed(read: readonly ShardRecord[]): Promise<void> {
    let rest = read;
    while (rest.length > 0 && !signal.aborted) {
      let end = 0;
      const batch: ShardRecord[] = [];
      while (end < rest.length && batch.length < batchSize) {
        const candidate = rest[end++]!;
        if (isWanted(candidate)) batch.push(candidate);
      }
      if (!(await delivered(batch, 0))) return;
      done(rest.slice(0, end));
      rest = rest.slice(end);
    }
  }

  /** Whether the function or the failure destination took every record. If not, the mapping was stopped. */
  async function delivered(batch: readonly ShardRecord[], attempts: number): Promise<boolean> {
    if (batch.length === 0) return true;
    if (signal.aborted) return false;
    const expired = batch.filter(({ record }) => ageOf(record) > ageLimit);
    if (expired.length > 0) {
      await givenUp(expired, 'RecordAgeExceeded', attempts);
      const young = batch.filter(record => !expired.includes(record));
      return delivered(young, attempts);
    }
    const outcome = await invokeWithBatch(target, batch.map(lambdaRecord), mapping);
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
    if (failedAt === batch.length) return true;
    if (signal.aborted) return false;
    if (failedAt > 0) {
      done(batch.slice(0, failedAt));
      // Another record is first now: the rest counts its attempts anew.
      return delivered(batch.slice(failedAt), 0);
    }
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
    await pause(backoff(attempts), signal);
    return delivered(batch, attempts + 1);
  }

  async function givenUp(batch: readonly ShardRecord[], condition: string, invokeCount: number): Promise<void> {
    await failureDestination?.({
      condition,
      invokeCount,
      functionName: target.name,
      event: { Records: batch.map(lambdaRecord) },
      shardId: batch[0]!.shardId,
      sequenceNumbers: batch.map(({ record }) => record.dynamodb.SequenceNumber),
      eventSourceArn: mapping.EventSourceArn,
    });
    done(batch);
  }

  function lambdaRecord({ record }: ShardRecord): object {
    return { ...record, awsRegion: region, eventSourceARN: mapping.EventSourceArn };
  }

  const finished = run();
  return {
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}

/** The checkpoint that an earlier run left for this very stream. */
function readCheckpoint(file: string, streamArn: string): Checkpoint {
  if (!existsSync(file)) return {};
  const remedy = 'the stream is read from where a new deployment begins';
  const saved = readSaved(file, remedy) as { streamArn: string; shards: Checkpoint };
  return saved.streamArn === streamArn ? saved.shards : {};
}

function limitOf(value: number | undefined): number {
  return value === undefined || value < 0 ? Number.POSITIVE_INFINITY : value;
}

function ageOf({ dynamodb: { ApproximateCreationDateTime } }: StreamRecord): number {
  return Date.now() - ApproximateCreationDateTime * 1000;
}
