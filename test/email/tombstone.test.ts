import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import {
  type Burial,
  type Erasure,
  putTombstone,
  tombstoneInput,
  whereErasable,
  whereUnclaimed,
} from '../../shared/email/tombstone.ts';
import { type Item, replaced } from '../model/update-expressions.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const day = 24 * 60 * 60_000;
const tombstone = { emailId: 'id', erasedAt: noon, expiresAt: noon / 1000 + 30 * 24 * 60 * 60 };

const anEmail = { emailId: 'id', recipient: 'jane@example.com', status: 'hard_bounced', subject: 'Invoice 7' };
const items = {
  'an email of acme': { ...anEmail, accountId: 'acme' },
  'an email of globex': { ...anEmail, accountId: 'globex' },
  'an email of nobody': anEmail,
  'a tombstone': { emailId: 'id', erasedAt: noon - day, expiresAt: noon },
  'no item': undefined,
} as const satisfies Record<string, Item | undefined>;

/** The items that the tombstone takes the place of. */
function buried(condition: ReturnType<typeof whereUnclaimed>): string[] {
  const input = tombstoneInput('emails', 'id', condition, noon);
  return Object.entries(items)
    .filter(([, item]) => replaced(item, input) !== null)
    .map(([name]) => name);
}

describe('a tombstone', () => {
  it('holds nothing but the hash that is its key, for thirty days', () => {
    const input = tombstoneInput(
      'emails',
      'id',
      whereErasable({ recipient: 'jane@example.com', accountId: null }),
      noon,
    );
    expect(input.TableName).toBe('emails');
    expect(replaced(items['an email of acme'], input)).toEqual(tombstone);
  });

  it('is kept for whole seconds, never less than thirty days', () => {
    const input = tombstoneInput('emails', 'id', whereUnclaimed({ recipient: 'x', accountId: null }), noon + 1);
    expect(input.Item).toEqual({ ...tombstone, erasedAt: noon + 1, expiresAt: tombstone.expiresAt + 1 });
  });

  const recipient = 'jane@example.com';

  it.each<[string, Erasure, string[]]>([
    ['by support', { recipient, accountId: null }, ['an email of acme', 'an email of globex', 'an email of nobody']],
    ['by support, of another recipient', { recipient: 'joe@example.com', accountId: null }, []],
    ['by an account', { recipient, accountId: 'acme' }, ['an email of acme']],
    ['by an account that has none', { recipient, accountId: 'initech' }, []],
  ])('of an erasure %s takes the place of emails that exist and are in its scope', (_, erasure, names) => {
    expect(buried(whereErasable(erasure))).toEqual(names);
  });

  it.each<[string, Burial, string[]]>([
    [
      'by support',
      { recipient, accountId: null },
      ['an email of acme', 'an email of globex', 'an email of nobody', 'no item'],
    ],
    ['by an account', { recipient, accountId: 'acme' }, ['an email of acme', 'an email of nobody', 'no item']],
    [
      'that an own secret of the account proves',
      { recipient, accountId: 'acme', provenFor: 'acme' },
      ['an email of acme', 'no item'],
    ],
    [
      'by support, of an event that an own secret of an account proves',
      { recipient, accountId: null, provenFor: 'acme' },
      ['an email of acme', 'no item'],
    ],
  ])('of a late event after an erasure %s takes the place of what nobody else claims', (_, burial, names) => {
    expect(buried(whereUnclaimed(burial))).toEqual(names);
  });
});

describe('the write of a tombstone', () => {
  const input = tombstoneInput('emails', 'id', whereErasable({ recipient: 'x', accountId: null }), noon);
  const answering = (answer: () => Promise<unknown>) => {
    const calls: unknown[][] = [];
    const send = (command: PutCommand, options: unknown) => {
      calls.push([command.input, options]);
      return answer();
    };
    return { calls, client: { send } as unknown as DynamoDBDocumentClient };
  };

  it('says whether its condition held', async () => {
    const taken = answering(async () => ({}));
    expect(await putTombstone(taken.client, input)).toBe(true);
    expect(taken.calls).toEqual([[input, {}]]);
    const refusal = new ConditionalCheckFailedException({ $metadata: {}, message: 'no' });
    expect(await putTombstone(answering(() => Promise.reject(refusal)).client, input)).toBe(false);
  });

  it('ends with the deadline of whoever asks for it', async () => {
    const { calls, client } = answering(async () => ({}));
    const { signal } = new AbortController();
    await putTombstone(client, input, signal);
    expect(calls).toEqual([[input, { abortSignal: signal }]]);
  });

  it('rejects if the table is out of reach', async () => {
    const error = new Error('out of reach');
    await expect(putTombstone(answering(() => Promise.reject(error)).client, input)).rejects.toBe(error);
  });
});
