import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  blockedForMs,
  type EventSourceMapping,
  type RunningMapping,
} from '../../infra/local/event-sources/event-source-mapping.ts';
import type { FailedBatch } from '../../infra/local/event-sources/failure-destination.ts';
import { type StreamMappingOptions, startStreamMapping } from '../../infra/local/event-sources/stream-mapping.ts';
import { FunctionError } from '../../infra/local/lambda/function-environment.ts';
import { awsJson } from '../../infra/local/services/aws-json.ts';
import {
  type DynamoDbEngine,
  hasJava,
  startDynamoDbLocal,
  startDynoxide,
} from '../../infra/local/services/dynamodb-engine.ts';
import { startLoopbackServer } from '../../infra/local/services/loopback-server.ts';
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

  const start = (mapping: Partial<EventSourceMapping> = {}, options: Partial<StreamMappingOptions> = {}) => {
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
      partitionKey: table.partitionKey,
      checkpointFile,
      failureDestination: async batch => {
        failed.push(batch);
      },
      onFault: () => {},
      ...options,
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

  test('reads four times a second while writes go on, and a backlog without pauses', async () => {
    let reads = 0;
    const counting = await startLoopbackServer(async ({ headers }, body) => {
      const target = String(headers['x-amz-target']);
      if (target.endsWith('.GetRecords')) reads += 1;
      const output = await awsJson(engine.endpoint, target, JSON.parse(body));
      return { status: 200, contentType: 'application/x-amz-json-1.0', body: JSON.stringify(output) };
    });
    const ids = Array.from({ length: 1_200 }, (_, index) => `backlog${index}`);
    await Promise.all(ids.map(id => put(id)));
    start({ BatchSize: 2_000 }, { endpoint: counting.endpoint });
    await eventually(() => expect(batches.flat()).toHaveLength(1_200));
    expect(reads).toBeGreaterThanOrEqual(2);
    const [readsBefore, paced] = [reads, Date.now()];
    for (let more = 0; more < 20; more += 1) {
      await put(`more${more}`);
      await delay(50);
    }
    expect(reads - readsBefore).toBeLessThanOrEqual(Math.ceil((Date.now() - paced) / 250) + 1);
    counting.stop();
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

  test('goes on after the checkpoint of a version that had one shard', async () => {
    await put('a');
    const first = start();
    await seen([['a']]);
    await first.stop();
    const { streamArn, shards } = JSON.parse(readFileSync(checkpointFile, 'utf8'));
    writeFileSync(checkpointFile, JSON.stringify({ streamArn, shards }));
    await put('b');
    start({}, { shards: 4 });
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

  test('blocks its shard with a poison record for the time of its retries', async () => {
    let waited = 0;
    handler = () => {
      throw new Error('no');
    };
    await put('poison');
    start(
      { MaximumRetryAttempts: 10 },
      {
        wait: async ms => {
          waited += ms;
        },
      },
    );
    await eventually(() => expect(failed).toMatchObject([{ invokeCount: 11 }]));
    expect([waited, blockedForMs({ MaximumRetryAttempts: 10 })]).toEqual([52_600, 52_600]);
  });

  test('invokes a throttled function again with the whole batch, which counts as no attempt', async () => {
    handler = () => {
      if (batches.length < 3) throw new FunctionError('TooManyRequestsException', 'busy');
    };
    for (const id of ['a', 'b']) await put(id);
    start({ BisectBatchOnFunctionError: true, MaximumRetryAttempts: 0 });
    await seen([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
    await nothingIsLeft();
    expect(failed).toEqual([]);
  });

  test('makes no event above 6 MB', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `large${index}`);
    for (const id of ids) await put(id, 'x'.repeat(380_000));
    start();
    await eventually(() => expect(batches.flat()).toEqual(ids));
    expect(batches.map(({ length }) => length)).toEqual([16, 4]);
  });

  describe('with several shards', () => {
    const ids = Array.from({ length: 40 }, (_, index) => `id${index}`);
    const putAll = async (version?: string) => {
      for (const id of ids) await put(id, version);
    };
    const times = (id: string) => batches.flat().filter(one => one === id).length;

    test('gathers batches in each shard on its own', async () => {
      await putAll();
      start({ MaximumBatchingWindowInSeconds: 1 }, { shards: 4 });
      await eventually(() => expect(batches.flat().sort()).toEqual([...ids].sort()));
      expect(batches).toHaveLength(4);
    });

    test('keeps the order of each key', async () => {
      const versions: string[] = [];
      handler = (_ids, records) => {
        for (const { dynamodb } of records) versions.push(JSON.stringify(dynamodb.NewImage));
      };
      await putAll('1');
      await putAll('2');
      start({ BatchSize: 3 }, { shards: 4 });
      await eventually(() => expect(versions).toHaveLength(80));
      for (const id of ids) {
        const own = versions.filter(version => version.includes(`"${id}"`));
        expect(own.map(version => /"version":\{"S":"(\d)"/.exec(version)![1])).toEqual(['1', '2']);
      }
    });

    test('blocks with a poison record none but its own, also after a restart', async () => {
      handler = given => {
        if (given.includes('id7')) throw new Error('no');
      };
      await putAll();
      start({}, { shards: 4 });
      await eventually(() => expect(times('id7')).toBeGreaterThan(1));
      await eventually(() => expect(batches.filter(batch => !batch.includes('id7'))).toHaveLength(3));
      const blocked = batches.find(batch => batch.includes('id7'))!;
      expect(blocked.length).toBeLessThan(40);
      await Promise.all(running.map(mapping => mapping.stop()));

      batches = [];
      handler = () => null;
      start({}, { shards: 4 });
      await seen([blocked]);
    });

    test('loses nothing when their number changes', async () => {
      handler = given => {
        if (given.includes('id7')) throw new Error('no');
      };
      await putAll();
      start({}, { shards: 4 });
      await eventually(() => expect(batches.filter(batch => !batch.includes('id7'))).toHaveLength(3));
      const blocked = batches.find(batch => batch.includes('id7'))!;
      await Promise.all(running.map(mapping => mapping.stop()));

      batches = [];
      handler = () => null;
      start({}, { shards: 2 });
      await eventually(() => expect(batches.flat()).toEqual(expect.arrayContaining(blocked)));
    });

    test('goes on after what it has done, although one shard has had no record', async () => {
      await put('a');
      const first = start({}, { shards: 4 });
      await seen([['a']]);
      await first.stop();
      await put('b');
      start({}, { shards: 4 });
      await seen([['a'], ['b']]);
    });

    test('works on as many batches of a shard at once as the mapping says', async () => {
      let atOnce = 0;
      let most = 0;
      handler = async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise(resolve => setTimeout(resolve, 100));
        atOnce -= 1;
      };
      await putAll();
      start({ BatchSize: 2, ParallelizationFactor: 3 });
      await eventually(() => expect(batches.flat()).toHaveLength(40));
      expect(most).toBe(3);
    });
  });

  test('lets two mappings read one stream, each from its own checkpoint', async () => {
    const second: string[] = [];
    await put('a');
    start();
    start(
      {},
      {
        checkpointFile: `${checkpointFile}-second`,
        target: {
          name: 'g',
          invoke: async event => {
            const { Records } = event as { Records: readonly BatchRecord[] };
            second.push(...Records.map(({ dynamodb }) => dynamodb.NewImage!.id.S));
            if (second.length === 1) throw new Error('no');
            return null;
          },
          warm: async () => {},
          stop: () => {},
        },
      },
    );
    await seen([['a']]);
    await eventually(() => expect(second).toEqual(['a', 'a']));
    await put('b');
    await seen([['a'], ['b']]);
    await eventually(() => expect(second).toEqual(['a', 'a', 'b']));
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
