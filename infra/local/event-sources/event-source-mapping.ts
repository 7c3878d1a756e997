import { setTimeout as delay } from 'node:timers/promises';
import { isThrottled } from '../lambda/concurrency.ts';
import type { LocalFunction } from '../lambda/function-environment.ts';
import { matchesPattern } from './event-pattern.ts';

/** The properties of an `AWS::Lambda::EventSourceMapping` that are understood here. */
export interface EventSourceMapping {
  readonly EventSourceArn: string;
  readonly BatchSize?: number;
  readonly MaximumBatchingWindowInSeconds?: number;
  /** Of streams only. */
  readonly StartingPosition?: string;
  /** Of streams only: the batches of one shard that are in work at once. */
  readonly ParallelizationFactor?: number;
  readonly FilterCriteria?: { readonly Filters?: readonly { readonly Pattern: string }[] };
  readonly FunctionResponseTypes?: readonly string[];
  /** Of queues only. */
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
  readonly BisectBatchOnFunctionError?: boolean;
  /** -1, the default: until the record is too old. */
  readonly MaximumRetryAttempts?: number;
  readonly MaximumRecordAgeInSeconds?: number;
  readonly DestinationConfig?: { readonly OnFailure?: { readonly Destination?: string } };
}

/** An event source mapping at work. */
export interface RunningMapping {
  /** Lets the invocation in flight end, and stops. */
  stop(): Promise<void>;
}

/** Whether a record passes the mapping's filters: one of them, or there are none. */
export function createFilter({ FilterCriteria }: EventSourceMapping): (record: unknown) => boolean {
  const patterns = (FilterCriteria?.Filters ?? []).map(({ Pattern }) => JSON.parse(Pattern) as unknown);
  return record => patterns.length === 0 || patterns.some(pattern => matchesPattern(pattern, record));
}

/**
 * The outcome of an invocation with a batch: the records that failed, by identifier, or an error of the whole batch. A
 * throttled invocation did not begin, so that it is no attempt.
 */
export type BatchOutcome =
  | { readonly failed: ReadonlySet<string> }
  | { readonly error: string }
  | { readonly throttled: true };

/** Invokes the function with a batch, and reads a partial batch response where the mapping asks for it. */
export async function invokeWithBatch(
  target: LocalFunction,
  Records: readonly unknown[],
  { FunctionResponseTypes = [] }: EventSourceMapping,
): Promise<BatchOutcome> {
  let result: unknown;
  try {
    result = await target.invoke({ Records }, 'batch');
  } catch (error) {
    if (isThrottled(error)) return { throttled: true };
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
  const failures = FunctionResponseTypes.includes('ReportBatchItemFailures')
    ? ((result as { batchItemFailures?: unknown } | null)?.batchItemFailures ?? [])
    : [];
  const identifiers = Array.isArray(failures) ? failures.map(failure => failure?.itemIdentifier) : [undefined];
  // Lambda takes the whole batch as failed where it cannot read the answer.
  if (identifiers.some(identifier => typeof identifier !== 'string' || identifier === '')) {
    return { error: 'the partial batch response cannot be read' };
  }
  return { failed: new Set(identifiers as string[]) };
}

/** Waits, and wakes up early when the mapping is stopped. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}

/** Waits longer with every attempt. Lambda does, too, by a rule that it does not publish. */
export function backoff(attempt: number): number {
  return Math.min(200 * 2 ** attempt, 10_000);
}

/**
 * The time for which a record that always fails blocks its shard, without that of the invocations: 52.6 s for ten
 * retries.
 */
export function blockedForMs({ MaximumRetryAttempts = -1 }: Pick<EventSourceMapping, 'MaximumRetryAttempts'>): number {
  if (MaximumRetryAttempts < 0) return Number.POSITIVE_INFINITY;
  return Array.from({ length: MaximumRetryAttempts }, (_, attempt) => backoff(attempt)).reduce(
    (sum, ms) => sum + ms,
    0,
  );
}

/** Lambda's bound for an event. */
const maxEventBytes = 6 * 1024 * 1024;

/** A record is measured once, however often its batch is looked at. */
const measured = new WeakMap<object, number>();

function bytesOf(record: object): number {
  const known = measured.get(record);
  if (known !== undefined) return known;
  const bytes = Buffer.byteLength(JSON.stringify(record));
  measured.set(record, bytes);
  return bytes;
}

/** How many of the records fit into one event; at least one. */
export function fittingCount(records: readonly object[]): number {
  let bytes = 0;
  const end = records.findIndex(record => {
    bytes += bytesOf(record);
    return bytes > maxEventBytes;
  });
  return end === -1 ? records.length : Math.max(1, end);
}
