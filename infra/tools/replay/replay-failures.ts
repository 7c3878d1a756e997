/** Feeds the stream records of the failure bucket back to the function that gave them up. */

import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type ListObjectsV2CommandOutput,
  NoSuchKey,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import * as z from 'zod';
import { UnreadableItem } from '../../../shared/email/item.ts';
import type { ReadEmail } from '../../../shared/email/notes.ts';
import { forEachConcurrently } from '../../../shared/runtime/concurrency.ts';
import { counted } from '../../local/cli/counted.ts';

/** The outcome of the objects of one function. An object holds one batch of records. */
export interface ReplayedFailures {
  objects: number;
  records: number;
  /** Records of emails that have been erased since, or have expired: the function does not get them. */
  gone: number;
  /** Objects whose records the function took: they are deleted. */
  done: number;
  failed: number;
}

export interface FailureReplayOptions {
  readonly s3: S3Client;
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly bucket: string;
  /** The table of emails. */
  readonly tableName: string;
  /** Only objects that came at that time or later, in epoch milliseconds. */
  readonly since?: number | undefined;
  /** Reads the objects and changes nothing. */
  readonly dryRun: boolean;
  readonly readEmail: ReadEmail;
  readonly signal: AbortSignal;
}

export interface FailureReplayReport {
  /** By the function's name. */
  readonly replayed: ReadonlyMap<string, ReplayedFailures>;
  /** Why objects stay, each with its key. */
  readonly causes: readonly string[];
  /** Objects that nobody has looked at, because the replay was interrupted. */
  readonly unseen: number;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html */
const givenUp = z.object({
  requestContext: z.object({ functionArn: z.string() }),
  DDBStreamBatchInfo: z.object({ streamArn: z.string() }),
  payload: z.string(),
});
const keys = z.looseObject({ emailId: z.object({ S: z.string().check(z.minLength(1)) }) });
const record = z.looseObject({ dynamodb: z.looseObject({ Keys: keys }) });
const batch = z.object({ Records: z.array(record).check(z.minLength(1)) });

const readsInFlight = 8;

/**
 * Invokes the function of each object with its records, and deletes the object once the function has taken all. To take
 * records twice does no harm: alerts and events keep their ids, and notes are written once.
 */
export async function replayFailures(options: FailureReplayOptions): Promise<FailureReplayReport> {
  const { s3, lambda, bucket: Bucket, tableName, since = 0, dryRun, readEmail, signal } = options;
  const replayed = new Map<string, ReplayedFailures>();
  const causes: string[] = [];
  let unseen = 0;
  for (const { Key = '', LastModified } of await listed(s3, Bucket)) {
    if (LastModified !== undefined && LastModified.getTime() < since) continue;
    if (signal.aborted) {
      unseen += 1;
      continue;
    }
    let count: ReplayedFailures | null = null;
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const { functionArn, streamArn, event } = givenUpIn(await Body!.transformToString());
      // This table would have none of their emails, as if all were erased.
      if (!streamArn.includes(`:table/${tableName}/`)) throw new Error(`records of another table: ${streamArn}`);
      count = counting(/:function:([^:]+)/.exec(functionArn)?.[1] ?? '?');
      count.records += event.Records.length;
      const Records = await present(event.Records);
      count.gone += event.Records.length - Records.length;
      if (dryRun) continue;
      if (Records.length > 0) await invoke(functionArn, { Records });
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      count.done += 1;
    } catch (error) {
      // Somebody else has fed it back meanwhile, or it has expired.
      if (error instanceof NoSuchKey) continue;
      count ??= counting('?');
      count.failed += 1;
      causes.push(`${Key}: ${(error as Error).message}`);
    }
  }
  return { replayed, causes, unseen };

  /** The count of a function, with one more object. */
  function counting(name: string): ReplayedFailures {
    const count = replayed.get(name) ?? { objects: 0, records: 0, gone: 0, done: 0, failed: 0 };
    count.objects += 1;
    replayed.set(name, count);
    return count;
  }

  /** The records of emails that are still there. */
  async function present(records: DynamoDBStreamEvent['Records']): Promise<DynamoDBStreamEvent['Records']> {
    const idOf = (record: DynamoDBStreamEvent['Records'][number]) => record.dynamodb!.Keys!.emailId!.S!;
    const found = new Set<string>();
    await forEachConcurrently([...new Set(records.map(idOf))], readsInFlight, async emailId => {
      const email = await readEmail(emailId).catch(error => {
        // The function can tell of an email that a later version has written.
        if (error instanceof UnreadableItem) return error;
        throw error;
      });
      if (email !== null) found.add(emailId);
    });
    return records.filter(record => found.has(idOf(record)));
  }

  async function invoke(FunctionName: string, event: DynamoDBStreamEvent): Promise<void> {
    const { FunctionError, Payload } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
    );
    const answer = JSON.parse(Buffer.from(Payload ?? []).toString() || 'null');
    if (FunctionError !== undefined) throw new Error(`the function failed: ${answer?.errorType ?? FunctionError}`);
    const { batchItemFailures = [] }: Partial<DynamoDBBatchResponse> = answer ?? {};
    if (batchItemFailures.length > 0) throw new Error('the function did not take all records: see fault in its log');
  }
}

/** @throws Error if the object is no batch of the stream; its content is not in the message */
function givenUpIn(text: string) {
  try {
    const { requestContext, DDBStreamBatchInfo, payload } = givenUp.parse(JSON.parse(text));
    const event = batch.parse(JSON.parse(payload)) as unknown as DynamoDBStreamEvent;
    return { ...requestContext, ...DDBStreamBatchInfo, event };
  } catch {
    throw new Error('no records of a stream');
  }
}

/** All objects, before any of them is deleted. */
async function listed(client: S3Client, Bucket: string) {
  const found: NonNullable<ListObjectsV2CommandOutput['Contents']> = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) found.push(...Contents);
  return found;
}

/** The columns of the table. */
export function failureRows(replayed: FailureReplayReport['replayed']) {
  return [...replayed].map(([name, { gone, ...counts }]) => ({ function: name, ...counts, 'erased or expired': gone }));
}

/** The last line. */
export function failureSummary(
  { replayed, unseen }: Pick<FailureReplayReport, 'replayed' | 'unseen'>,
  dryRun: boolean,
): string {
  const total = (figure: keyof ReplayedFailures) =>
    [...replayed.values()].reduce((sum, count) => sum + count[figure], 0);
  const objects = total('objects') + unseen;
  if (objects === 0) return 'There is nothing to feed back.';
  if (dryRun)
    return `Dry run: nothing was changed. ${counted(total('records') - total('gone'), 'record')} can be fed back.`;
  const left = objects - total('done');
  return left === 0
    ? `${counted(objects, 'object')} fed back. None of these is left in the bucket.`
    : `${counted(total('done'), 'object')} fed back, ${left} left in the bucket.`;
}
