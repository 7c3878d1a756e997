/** Checks for work that waits for a person: messages and objects set aside, and parts that are switched off. */

import { GetEventSourceMappingCommand, type LambdaClient, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { GetTopicAttributesCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { messageCount } from '../../shared/queues/message-count.ts';
import type { ConditionName } from '../../shared/watch/conditions.ts';
import type { Check } from './check.ts';

/** Where messages end that nobody could work off. */
export interface SetAside {
  readonly condition: ConditionName;
  /** By a name for people; the queue's URL. */
  readonly queues: Readonly<Record<string, string>>;
  readonly whenOver: string;
}

/** Messages that wait in queues. */
export function createQueueCheck(client: Pick<SQSClient, 'send'>, { condition, queues, whenOver }: SetAside): Check {
  return {
    name: condition,
    conditions: [condition],
    async judge() {
      const counts = await Promise.all(
        Object.entries(queues).map(async ([name, url]) => [name, await messageCount(client, url)] as const),
      );
      const waiting = counts.filter(([, count]) => count > 0).map(([name, count]) => `${messages(count)} in ${name}`);
      const text = waiting.length === 0 ? whenOver : `${inSentence(waiting)}.`;
      return { judgements: [{ condition, subject: '', name: '', text, isOn: waiting.length > 0 }] };
    },
  };
}

function messages(count: number): string {
  return count === 1 ? '1 message waits' : `${count} messages wait`;
}

function inSentence(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** A list of a bucket costs as much as twelve requests of a queue, and records are given up after ten minutes or more. */
const listEveryMs = 60 * 60_000;

/** Stream records that were given up, as objects in the failure bucket. One call shows up to 1,000 of them. */
export function createBucketCheck(client: Pick<S3Client, 'send'>, bucket: string): Check {
  const condition = 'RecordsGivenUp';
  return {
    name: condition,
    conditions: [condition],
    async judge({ checkedAt, now }) {
      if (now - (checkedAt[condition] ?? 0) < listEveryMs - 60_000) return { judgements: [] };
      const { KeyCount = 0, IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      const objects = KeyCount === 1 ? '1 object is' : `${IsTruncated ? 'More than ' : ''}${KeyCount} objects are`;
      const text = KeyCount === 0 ? 'The failure bucket is empty again.' : `${objects} in the failure bucket.`;
      const judgements = [{ condition, subject: '', name: '', text, isOn: KeyCount > 0 }] as const;
      return { judgements, checkedAt: { [condition]: now } };
    },
  };
}

/** The subscriptions of support's topic. */
export function createTopicCheck(client: Pick<SNSClient, 'send'>, topicArn: string): Check {
  const condition = 'SupportNotSubscribed';
  return {
    name: condition,
    conditions: [condition],
    async judge() {
      const { Attributes = {} } = await client.send(new GetTopicAttributesCommand({ TopicArn: topicArn }));
      const { SubscriptionsConfirmed = '0', SubscriptionsPending = '0' } = Attributes;
      const isOn = Number(SubscriptionsConfirmed) === 0;
      const count = Number(SubscriptionsPending);
      const pending = count === 0 ? '' : `; ${count} ${count === 1 ? 'waits for its' : 'wait for their'} confirmation`;
      const text = isOn
        ? `No subscription of support's topic is confirmed${pending}.`
        : `Support's topic has a confirmed subscription again.`;
      return { judgements: [{ condition, subject: '', name: '', text, isOn }] };
    },
  };
}

/** States in which a mapping reads nothing, and does not begin to by itself. */
const offStates: readonly (string | undefined)[] = ['Disabling', 'Disabled', 'Deleting'];

/**
 * The event source mappings, which read queues and streams for the functions.
 *
 * @param mappings the id of each, by a name for people
 */
export function createMappingCheck(
  client: Pick<LambdaClient, 'send'>,
  mappings: Readonly<Record<string, string>>,
): Check {
  const condition = 'MappingOff';
  return {
    name: condition,
    conditions: [condition],
    async judge({ episodes }) {
      const judgements = Object.entries(mappings).map(async ([name, UUID]) => {
        const isOn = offStates.includes(await stateOf(client, UUID));
        const text = `The event source mapping ${name} is switched ${isOn ? 'off' : 'on again'}.`;
        return { condition, subject: name, name: `the event source mapping ${name}`, text, isOn } as const;
      });
      // Nobody would end the episode of a mapping that a deployment removed or renamed.
      const gone = episodes.flatMap(({ subject }) => {
        const text = `The installation has no event source mapping ${subject} any more.`;
        return Object.hasOwn(mappings, subject) ? [] : [{ condition, subject, text, isOn: false } as const];
      });
      return { judgements: [...(await Promise.all(judgements)), ...gone] };
    },
  };
}

/** One that somebody has deleted is switched off too. */
async function stateOf(client: Pick<LambdaClient, 'send'>, UUID: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetEventSourceMappingCommand({ UUID }))).State;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return 'Deleting';
    throw error;
  }
}
