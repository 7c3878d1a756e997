import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eraseFailureRecords } from '../../functions/manage/failure-records.ts';
import { createMentions } from '../../functions/manage/mentions.ts';
import { bounceRecord, type ErasablePlaces, startErasablePlaces } from './erasable-places.ts';

let places: ErasablePlaces;
beforeAll(async () => {
  places = await startErasablePlaces();
});
afterAll(() => places?.stop());

it('two erasures that rewrite one object at the same time do not undo each other', async () => {
  const [jane, joe, ann] = ['jane@example.com', 'joe@example.com', 'ann@example.com'].map(to => bounceRecord(to));
  await places.keepFailure('shared', [jane!, joe!, ann!]);
  const s3 = new S3Client({
    endpoint: places.endpoints.queues,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const conditions: unknown[] = [];
  /** Another erasure is faster with the first rewriting, which S3 then refuses; the engine here knows no such condition. */
  const overtaken = {
    async send(...[command, options]: Parameters<S3Client['send']>) {
      if (command.constructor.name === 'PutObjectCommand') {
        conditions.push((command.input as { IfMatch?: string }).IfMatch);
        if (conditions.length === 1) {
          await places.keepFailure('shared', [jane!, ann!]);
          throw Object.assign(new Error('changed'), { name: 'PreconditionFailed' });
        }
      }
      return s3.send(command, options);
    },
  } as Pick<S3Client, 'send'>;
  const erasure = { recipient: 'jane@example.com', accountId: null };
  const outcome = await eraseFailureRecords(
    {
      client: overtaken,
      bucket: 'failures',
      emails: { erasedFor: async () => new Set() },
      mentions: createMentions(erasure, 'account_id'),
    },
    { erasure, unattributed: new Set(), signal: new AbortController().signal, onFault: () => {} },
  );
  expect(outcome).toEqual({ erased: 1, remains: [] });
  const [{ payload } = { payload: '' }, ...more] = await places.failures();
  expect([JSON.parse(payload), more]).toEqual([{ Records: [ann] }, []]);
  expect(new Set(conditions).size).toBe(2);
  expect(conditions).not.toContain(undefined);
});
