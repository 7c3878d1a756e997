import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveTemplate } from '../../infra/local/cloudformation/template.ts';
import { createFailureDestination } from '../../infra/local/event-sources/failure-destination.ts';
import { type Queues, startQueues } from '../../infra/local/services/queues.ts';

const failed = {
  condition: 'RetryAttemptsExhausted',
  invokeCount: 3,
  functionName: 'f',
  event: { Records: [{ dynamodb: { SequenceNumber: '7' } }] },
  shardId: 'shard-1',
  sequenceNumbers: ['7'],
  eventSourceArn: 'arn:stream',
};
let queues: Queues;

beforeAll(async () => {
  queues = await startQueues(mkdtempSync(join(tmpdir(), 'mailtrail-test-')));
  await queues.create(resolveTemplate({ Resources: { Bucket: { Type: 'AWS::S3::Bucket' } } }));
});
afterAll(() => queues.stop());

test('a bucket gets the invocation record with the whole event, under the key that Lambda would choose', async () => {
  await createFailureDestination('arn:aws:s3:::bucket', queues.endpoint)(failed);
  const listed = await (await fetch(`${queues.endpoint}/bucket?list-type=2`)).text();
  const [, key] = /<Key>(.*?)<\/Key>/.exec(listed)!;
  expect(key).toMatch(
    /^aws\/lambda\/[^/]+\/shard-1\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/,
  );
  const kept = (await (await fetch(`${queues.endpoint}/bucket/${key}`)).json()) as { payload: string };
  expect(kept).toMatchObject({
    requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
    DDBStreamBatchInfo: { shardId: 'shard-1', startSequenceNumber: '7', endSequenceNumber: '7', batchSize: 1 },
  });
  expect(JSON.parse(kept.payload)).toEqual(failed.event);
});

test.each(['sqs', 'sns', 'kafka'])('a destination of %s is an error before anything runs', service => {
  const arn = `arn:aws:${service}:us-east-1:000000000000:x`;
  expect(() => createFailureDestination(arn, queues.endpoint)).toThrow(arn);
});
