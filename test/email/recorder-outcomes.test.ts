/** Outcomes of a recorder whose table is a function: each event has exactly one. */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient, UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import type { Writes } from '../../shared/aws/writes.ts';
import type { CanonicalEvent } from '../../shared/email/event.ts';
import { createHotEmails } from '../../shared/email/hot-emails.ts';
import { createRecorder, nothingRecorded } from '../../shared/email/recorder.ts';
import { attributeValues, type Item, updated } from '../model/update-expressions.ts';
import { aDelivery, noon } from '../rigs/arbitrary-events.ts';

const day = 24 * 60 * 60_000;
const noClient = {} as DynamoDBDocumentClient;

/** A recorder whose n-th write is the n-th function. */
const recorderOf = (...steps: readonly ((input: UpdateCommandInput) => ReturnType<Writes['updateItem']>)[]) => {
  const inputs: UpdateCommandInput[] = [];
  const writes: Writes = { updateItem: input => steps[inputs.push(input) - 1]!(input) };
  const hotEmails = createHotEmails(() => noon);
  return {
    inputs,
    hotEmails,
    ...createRecorder({ client: noClient, writes, tableName: 't', retentionDays: 400, hotEmails }),
  };
};
const succeeds = async () => ({});
const never = () => new Promise<never>(() => {});

describe('requests that are recorded one after another because a time is in the future', () => {
  const requests = [1, 2, 3].map(index => ({
    events: [{ ...aDelivery, eventId: `e${index}`, providerTime: noon + day }] as readonly CanonicalEvent[],
    receivedAt: noon,
  }));
  const failed = (index: number, error: unknown) => ({
    ...nothingRecorded,
    failed: [{ events: requests[index]!.events, error }],
  });

  it('have one outcome each if a write hangs until the time is over', async () => {
    const over = new AbortController();
    const hangs = () => {
      setImmediate(() => over.abort('over'));
      return never();
    };
    const { recordAll } = recorderOf(succeeds, hangs);
    expect(await recordAll(requests, over.signal)).toEqual([
      { ...nothingRecorded, recorded: 1 },
      failed(1, 'over'),
      failed(2, 'over'),
    ]);
  });

  it('start no further write once the time is over', async () => {
    const over = new AbortController();
    const endsLate = async () => {
      over.abort('over');
      await new Promise(setImmediate);
      return {};
    };
    const { recordAll, inputs } = recorderOf(succeeds, endsLate, succeeds);
    await recordAll(requests, over.signal);
    await new Promise(resolve => setTimeout(resolve, 5));
    expect(inputs).toHaveLength(2);
  });
});

describe('an open that is written', () => {
  const open: CanonicalEvent = { ...aDelivery, status: 'opened', evidence: 'human' };

  it('is recorded although the item holds an element of a later version, and its email is not remembered', async () => {
    const { record, hotEmails, inputs } = recorderOf(async () => ({ Attributes: { history: new Set(['?']) } }));
    expect(await record([open], noon)).toEqual({ ...nothingRecorded, recorded: 1 });
    expect(hotEmails.recall(inputs[0]!.Key!.emailId)).toBeUndefined();
  });
});

describe('opens of several requests in one write', () => {
  /** A write to a table in memory. */
  const tableWrite = () => {
    let item: Item | undefined;
    return async (input: UpdateCommandInput) => {
      const next = updated(item, input);
      if (next === null) {
        const Item = item && attributeValues(item);
        throw new ConditionalCheckFailedException({ message: '', $metadata: {}, ...(Item && { Item }) });
      }
      item = next;
      return {};
    };
  };
  const open = (second: number): CanonicalEvent => ({
    ...aDelivery,
    status: 'opened',
    evidence: 'human',
    eventId: `o${second}`,
    occurredAt: noon + second * 1000,
  });

  it('have their outcome for the request that brought them', async () => {
    const write = tableWrite();
    const { record, recordAll } = recorderOf(write, write, write);
    await record([0, 10, 20, 30].map(open), noon);
    const requests = [[25], [40, 10], [50, 50], [50]].map(seconds => ({ events: seconds.map(open), receivedAt: noon }));
    expect(await recordAll(requests)).toEqual([
      { ...nothingRecorded, dropped: 1 },
      { ...nothingRecorded, recorded: 1, duplicate: 1 },
      { ...nothingRecorded, recorded: 1, duplicate: 1 },
      { ...nothingRecorded, duplicate: 1 },
    ]);
  });
});
