import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EventSourceMapping, RunningMapping } from '../../infra/local/event-sources/event-source-mapping.ts';
import type { FailedBatch } from '../../infra/local/event-sources/failure-destination.ts';
import { startStreamMapping } from '../../infra/local/event-sources/stream-mapping.ts';
import { awsJson } from '../../infra/local/services/aws-json.ts';
import {
  type DynamoDbEngine,
  hasJava,
  startDynamoDbLocal,
  startDynoxide,
} from '../../infra/local/services/dynamodb-engine.ts';
import { type LocalTable, openTable } from '../../infra/local/services/tables.ts';
import { eventually } from '../rigs/eventually.ts';

interface BatchRecord {
  readonly eventName: string;
  readonly eventSourceARN: string;
  readonly dynamodb: { readonly SequenceNumber: string; readonly NewImage?: { readonly id: { readonly S: string } } };
}
type Handler = (ids: readonly string[], records: readonly BatchRecord[]) => unknown;

const engines = [
  ['dynoxide', startDynoxide, true],
  ['DynamoDB Local', startDynamoDbLocal, await hasJava()],
] as const;

describe.each(engines.filter(([, , available]) => available))('a stream mapping on %s', (_, startEngine) => {
  let engine: DynamoDbEngine;
  let table: LocalTable;
  let checkpointFile: string;
  let batches: string[][];
  let failed: FailedBatch[];
  let handler: Handler;
  let running: RunningMapping[];
  let tables = 0;

  beforeAll(async () => {
    engine = await startEngine();
  });
  afterAll(() => engine.stop());
  beforeEach(async () => {
    tables += 1;
    table = await openTable(engine.endpoint, {
      logicalId: 'Table',
      ref: `table${tables}`,
      properties: {
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      },
    });
    checkpointFile = join(mkdtempSync(join(tmpdir(), 'mailtrail-test-')), 'checkpoint.json');
    batches = [];
    failed = [];
    running = [];
    handler = () => ({ batchItemFailures: [] });
  });
  afterEach(() => Promise.all(running.map(mapping => mapping.stop())));

  const start = (mapping: Partial<EventSourceMapping> = {}) => {
    const started = startStreamMapping({
      mapping: { EventSourceArn: 'arn:stream', FunctionResponseTypes: ['ReportBatchItemFailures'], ...mapping },
      target: {
        name: 'f',
        invoke: async event => {
          const { Records } = event as { Records: readonly BatchRecord[] };
          const ids = Records.map(({ dynamodb }) => dynamodb.NewImage?.id.S ?? 'removed');
          batches.push(ids);
          return handler(ids, Records);
        },
        warm: async () => {},
        stop: () => {},
      },
      endpoint: engine.endpoint,
      streamArn: table.streamArn!,
      checkpointFile,
      failureDestination: async batch => {
        failed.push(batch);
      },
      onFault: () => {},
    });
    running.push(started);
    return started;
  };
  const put = (id: string, version = '1') =>
    awsJson(engine.endpoint, 'DynamoDB_20120810.PutItem', {
      TableName: table.name,
      Item: { id: { S: id }, version: { S: version }, set: { SS: ['b', 'a'] } },
    });
  const seen = (expected: readonly string[][]) => eventually(() => expect(batches).toEqual(expected));
  /** The next record is delivered alone, even without a filter: the checkpoint is past everything before. */
  const nothingIsLeft = async () => {
    await Promise.all(running.map(mapping => mapping.stop()));
    batches = [];
    await put('next');
    start();
    await seen([['next']]);
  };

  test('delivers every change in order, with both images', async () => {
    const records: BatchRecord[] = [];
    handler = (_ids, batch) => void records.push(...batch);
    await put('a');
    await put('a', '2');
    await put('b');
    start();
    await eventually(() => expect(records).toHaveLength(3));
    expect(records.map(({ eventName }) => eventName)).toEqual(['INSERT', 'MODIFY', 'INSERT']);
    expect(records[1]).toMatchObject({
      eventSourceARN: 'arn:stream',
      awsRegion: 'us-east-1',
      dynamodb: { NewImage: { version: { S: '2' } }, OldImage: { version: { S: '1' } } },
    });
  });

  test('says nothing of a write that changed nothing', async () => {
    await put('a');
    await put('a');
    await put('b');
    start();
    await seen([['a', 'b']]);
  });

  test('passes over what no filter lets through', async () => {
    const Pattern = JSON.stringify({ dynamodb: { NewImage: { id: { S: ['b'] } } } });
    for (const id of ['a', 'b', 'c']) await put(id);
    start({ FilterCriteria: { Filters: [{ Pattern }] } });
    await seen([['b']]);
    await nothingIsLeft();
  });

  test('makes batches of the size that was asked for', async () => {
    for (const id of ['a', 'b', 'c']) await put(id);
    start({ BatchSize: 2 });
    await seen([['a', 'b'], ['c']]);
  });

  test('waits for the batching window to gather a batch', async () => {
    start({ MaximumBatchingWindowInSeconds: 1 });
    await put('a');
    await new Promise(resolve => setTimeout(resolve, 500));
    await put('b');
    await seen([['a', 'b']]);
  });

  test('goes on after the checkpoint when it is started again', async () => {
    await put('a');
    const first = start();
    await seen([['a']]);
    await first.stop();
    await put('b');
    start();
    await seen([['a'], ['b']]);
  });

  test('delivers again what was not taken when it was stopped', async () => {
    handler = () => {
      throw new Error('no');
    };
    await put('a');
    const first = start();
    await eventually(() => expect(batches.length).toBeGreaterThan(0));
    await first.stop();
    handler = () => null;
    batches = [];
    start();
    await seen([['a']]);
  });

  test('delivers from the first record on that was reported as failed', async () => {
    let times = 0;
    handler = (_ids, records) => {
      times += 1;
      return times > 1 ? null : { batchItemFailures: [{ itemIdentifier: records[1]!.dynamodb.SequenceNumber }] };
    };
    for (const id of ['a', 'b', 'c']) await put(id);
    start();
    await seen([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
  });

  test('splits a failing batch until one poison record is alone, and gives up that one, whole', async () => {
    handler = ids => {
      if (ids.includes('poison')) throw new Error('no');
    };
    for (const id of ['a', 'b', 'poison', 'c']) await put(id);
    start({ BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1 });
    await eventually(() => expect(failed).toHaveLength(1));
    await seen([['a', 'b', 'poison', 'c'], ['a', 'b'], ['poison', 'c'], ['poison'], ['poison'], ['c']]);
    expect(failed[0]).toMatchObject({
      condition: 'RetryAttemptsExhausted',
      invokeCount: 2,
      event: { Records: [{ dynamodb: { NewImage: { id: { S: 'poison' } } } }] },
    });
    await nothingIsLeft();
  });

  test('gives up a record that is too old without delivering it', async () => {
    await put('a');
    await new Promise(resolve => setTimeout(resolve, 2_100));
    start({ MaximumRecordAgeInSeconds: 1 });
    await eventually(() => expect(failed).toMatchObject([{ condition: 'RecordAgeExceeded' }]));
    expect(batches).toEqual([]);
  });

  test.each([
    ['a function that asked for no reports', [], { batchItemFailures: [{ itemIdentifier: 'x' }] }, 1],
    [
      'an identifier that is not in the batch',
      ['ReportBatchItemFailures'],
      { batchItemFailures: [{ itemIdentifier: 'x' }] },
      2,
    ],
    ['an empty identifier', ['ReportBatchItemFailures'], { batchItemFailures: [{ itemIdentifier: '' }] }, 2],
    ['no result at all', ['ReportBatchItemFailures'], null, 1],
  ])('reads the answer of %s as Lambda does', async (_what, FunctionResponseTypes, result, times) => {
    handler = () => (batches.length === 1 ? result : null);
    await put('a');
    start({ FunctionResponseTypes });
    await seen(Array.from({ length: times }, () => ['a']));
  });
});
