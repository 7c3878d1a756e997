import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { createRecorder } from '../../shared/store.ts';
import { noon } from '../arbitrary-events.ts';
import { anEvent } from '../stored-emails.ts';

describe('a database that hangs', () => {
  it('keeps nobody waiting beyond the deadline: what was not written by then is said', async () => {
    let calls = 0;
    const send = () => {
      calls += 1;
      // The first email is written, the second write never comes back.
      return calls === 1 ? Promise.resolve({}) : new Promise(() => {});
    };
    const store = createRecorder({
      client: { send } as unknown as DynamoDBDocumentClient,
      tableName: 'emails',
      retentionDays: 400,
    });
    const [written, hanging] = [anEvent(), anEvent()];
    const begun = performance.now();
    const { recorded, failed } = await store.record([written, hanging], noon, AbortSignal.timeout(50));
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(recorded).toBe(1);
    expect(failed).toMatchObject([{ events: [hanging], error: { name: 'TimeoutError' } }]);
  });
});
