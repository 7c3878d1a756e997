import { type LambdaClient, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../functions/watch/check.ts';
import {
  createBucketCheck,
  createMappingCheck,
  createQueueCheck,
  createTopicCheck,
} from '../../functions/watch/waiting-work.ts';
import type { Episode } from '../../shared/watch/episodes.ts';
import { noon } from '../rigs/arbitrary-events.ts';

/** A client that answers each command by a member of its input. */
function answering<Client>(member: string, answers: Readonly<Record<string, object | Error>>) {
  const send = async ({ input }: { readonly input: Readonly<Record<string, string>> }) => {
    const answer = answers[input[member]!];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { send } as unknown as Client;
}

const outcome = async (check: Check, episodes: readonly Episode[] = []) => {
  const known = { requestId: '1', episodes, checkedAt: {}, now: noon };
  return (await check.judge(known)).judgements.map(({ isOn, text }) => [isOn, text]);
};

describe('messages in queues', () => {
  const queues = { 'the queue of letters': 'a', 'that of events': 'b' };
  const waiting = async (a: readonly number[], b: readonly number[]) => {
    const attributes = ([visible, hidden]: readonly number[]) => ({
      Attributes: {
        ApproximateNumberOfMessages: String(visible),
        ApproximateNumberOfMessagesNotVisible: String(hidden),
      },
    });
    const client = answering<SQSClient>('QueueUrl', { a: attributes(a), b: attributes(b) });
    return outcome(createQueueCheck(client, { condition: 'EventsGivenUp', queues, whenOver: 'All empty again.' }));
  };

  it('wait also while a person looks at them', async () => {
    expect(await waiting([0, 1], [0, 0])).toEqual([[true, '1 message waits in the queue of letters.']]);
    expect(await waiting([2, 1], [1, 0])).toEqual([
      [true, '3 messages wait in the queue of letters and 1 message waits in that of events.'],
    ]);
  });

  it('are over where all queues are empty', async () => {
    expect(await waiting([0, 0], [0, 0])).toEqual([[false, 'All empty again.']]);
  });
});

describe('objects in the failure bucket', () => {
  it.each([
    [{ KeyCount: 0 }, false, 'The failure bucket is empty again.'],
    [{ KeyCount: 1 }, true, '1 object is in the failure bucket.'],
    [{ KeyCount: 1000, IsTruncated: true }, true, 'More than 1000 objects are in the failure bucket.'],
  ])('are told of as %o', async (answer, isOn, text) => {
    const client = answering<S3Client>('Bucket', { failures: answer });
    expect(await outcome(createBucketCheck(client, 'failures'))).toEqual([[isOn, text]]);
  });
});

describe("subscriptions of support's topic", () => {
  it.each([
    [{ SubscriptionsConfirmed: '1' }, false, "Support's topic has a confirmed subscription again."],
    [{ SubscriptionsConfirmed: '0' }, true, "No subscription of support's topic is confirmed."],
    [
      { SubscriptionsConfirmed: '0', SubscriptionsPending: '2' },
      true,
      "No subscription of support's topic is confirmed; 2 wait for their confirmation.",
    ],
  ])('are told of as %o', async (Attributes, isOn, text) => {
    const client = answering<SNSClient>('TopicArn', { support: { Attributes } });
    expect(await outcome(createTopicCheck(client, 'support'))).toEqual([[isOn, text]]);
  });
});

describe('event source mappings', () => {
  it('are off where they are disabled or deleted, and not while they change', async () => {
    const gone = new ResourceNotFoundException({ message: 'gone', $metadata: {} });
    const client = answering<LambdaClient>('UUID', {
      1: { State: 'Enabled' },
      2: { State: 'Updating' },
      3: { State: 'Disabled' },
      4: gone,
    });
    expect(await outcome(createMappingCheck(client, { retry: '1', ses: '2', alert: '3', digest: '4' }))).toEqual([
      [false, 'The event source mapping retry is switched on again.'],
      [false, 'The event source mapping ses is switched on again.'],
      [true, 'The event source mapping alert is switched off.'],
      [true, 'The event source mapping digest is switched off.'],
    ]);
  });

  it('are over once the installation has them no more', async () => {
    const client = answering<LambdaClient>('UUID', { 1: { State: 'Disabled' } });
    const episodeOf = (subject: string): Episode => ({
      id: subject,
      condition: 'MappingOff',
      subject,
      name: subject,
      since: noon,
      level: 1,
    });
    const check = createMappingCheck(client, { retry: '1' });
    expect(await outcome(check, [episodeOf('retry'), episodeOf('renamed')])).toEqual([
      [true, 'The event source mapping retry is switched off.'],
      [false, 'The installation has no event source mapping renamed any more.'],
    ]);
  });

  it('cannot be judged where AWS does not answer', async () => {
    const client = answering<LambdaClient>('UUID', { 1: new Error('down') });
    await expect(outcome(createMappingCheck(client, { retry: '1' }))).rejects.toThrow('down');
  });
});
