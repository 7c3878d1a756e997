import { setTimeout as delay } from 'node:timers/promises';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { createRecorder } from '../../shared/email/recorder.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { anEvent } from '../rigs/stored-emails.ts';

describe('a hanging or slow database', () => {
  it('delays nobody beyond the deadline, and unwritten events are returned', async () => {
    let calls = 0;
    const send = () => {
      calls += 1;
      // The first email is written, and the second write never ends.
      return calls === 1 ? Promise.resolve({}) : new Promise(() => {});
    };
    const store = createRecorder({
      client: { send } as unknown as DynamoDBDocumentClient,
      tableName: 'emails',
      retentionDays: 400,
    });
    const [written, hanging] = [anEvent(), anEvent()];
    const { recorded, failed } = await store.record([written, hanging], noon, AbortSignal.timeout(50));
    expect(recorded).toBe(1);
    expect(failed).toMatchObject([{ events: [hanging], error: { name: 'TimeoutError' } }]);
  });

  it('accepts all of a batch in the end, because a repeated request begins at another email', async () => {
    const send = async () => {
      await delay(20);
      return {};
    };
    const store = createRecorder({
      client: { send } as unknown as DynamoDBDocumentClient,
      tableName: 'emails',
      retentionDays: 400,
    });
    const events = Array.from({ length: 500 }, () => anEvent());
    const missing = new Set(events);
    let tries = 0;
    while (missing.size > 0 && tries < 60) {
      tries += 1;
      const { failed } = await store.record(events, noon + tries * 30_037, AbortSignal.timeout(100));
      const missed = new Set(failed.flatMap(({ events }) => events));
      expect(missed.size).toBeGreaterThan(0);
      for (const event of events) if (!missed.has(event)) missing.delete(event);
    }
    expect(missing.size).toBe(0);
  });
});
