import { expect, test } from 'vitest';
import { readableNames } from '../../infra/local/cloudformation/readable-name.ts';

test('a logical id is read without its hash, and as it is where another one would read the same', () => {
  expect(readableNames(['Ingest4069586C', 'SesEventsQueueF4E5BF5D', 'Plain', 'OneAAAAAAAA', 'OneBBBBBBBB'])).toEqual({
    Ingest4069586C: 'ingest',
    SesEventsQueueF4E5BF5D: 'ses-events-queue',
    Plain: 'plain',
    OneAAAAAAAA: 'OneAAAAAAAA',
    OneBBBBBBBB: 'OneBBBBBBBB',
  });
});
