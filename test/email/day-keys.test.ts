import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attentionDayOf, partitionsOfDay } from '../../shared/email/attention-day.ts';
import { dayKeysAfter } from '../../shared/email/day-keys.ts';
import type { Key, Position } from '../../shared/email/position.ts';
import { createReader } from '../../shared/email/reader.ts';
import { shortHash } from '../../shared/runtime/hash.ts';
import { dayOf } from '../../shared/runtime/time.ts';
import { defaultOldAfter } from '../../shared/status/attention.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { runs } from '../rigs/runs.ts';
import { anEvent, type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const day = 24 * 60 * 60_000;
const lastOfDay = Math.floor(noon / day) * day + day - 1;

/** A failed email. `isEarlier`: a version before partitions wrote it. */
interface Failed {
  readonly number: number;
  readonly at: number;
  readonly isEarlier: boolean;
}

const idOf = ({ number }: Failed) => shortHash('failed', number);
const partitionOf = (failed: Failed) => (failed.isEarlier ? dayOf(failed.at) : attentionDayOf(idOf(failed), failed.at));

/** Few different times, so that many emails have the same one. */
const arbitraryDay = fc
  .array(fc.record({ at: fc.integer({ min: 0, max: 6 }), isEarlier: fc.boolean() }), { maxLength: 80 })
  .map(all => all.map(({ at, isEarlier }, number): Failed => ({ number, at: lastOfDay - at, isEarlier })));

const newestFirst = (all: readonly Failed[]): readonly Key[] =>
  all
    .map(failed => ({ at: failed.at, emailId: idOf(failed) }))
    .sort((one, other) => other.at - one.at || (one.emailId < other.emailId ? 1 : -1));

/** An index that sorts emails of one time as it likes, which DynamoDB may do. */
function indexOf(all: readonly Failed[], order: number, maxPage: number) {
  let rounds = 0;
  let open = 0;
  const send = async ({ input }: QueryCommand) => {
    if (open === 0) rounds += 1;
    open += 1;
    const values = input.ExpressionAttributeValues!;
    const rank = (failed: Failed) => shortHash(order, failed.number);
    const items = all
      .filter(
        failed =>
          partitionOf(failed) === values[':day'] && failed.at <= values[':at'] && failed.at >= (values[':from'] ?? 0),
      )
      .sort((one, other) => other.at - one.at || (rank(one) < rank(other) ? 1 : -1))
      .map(failed => ({ emailId: idOf(failed), attentionAt: failed.at, attentionDay: partitionOf(failed) }));
    const start = input.ExclusiveStartKey
      ? items.findIndex(({ emailId }) => emailId === input.ExclusiveStartKey!.emailId) + 1
      : 0;
    const end = start + Math.min(input.Limit!, maxPage);
    await new Promise(setImmediate);
    open -= 1;
    const Items = items.slice(start, end);
    return { Items, ...(end < items.length && { LastEvaluatedKey: Items.at(-1) }) };
  };
  return { client: { send } as unknown as DynamoDBDocumentClient, rounds: () => rounds };
}

describe('the keys of a day', () => {
  it('are all keys of its partitions, each once, newest first, in pages of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryDay,
        fc.nat(),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 40 }),
        async (all, order, wanted, maxPage) => {
          const seen: Key[] = [];
          let after: Position | null = { at: lastOfDay, emailId: null };
          while (after !== null) {
            const { client, rounds } = indexOf(all, order, maxPage);
            const { keys, next, calls } = await dayKeysAfter(client, 'emails', {
              after,
              from: undefined,
              wanted,
              maxRounds: 100,
            });
            expect(keys.length).toBeLessThanOrEqual(wanted);
            expect(calls).toBe(rounds());
            if (next !== null) expect(keys.length).toBe(wanted);
            seen.push(...keys);
            after = next;
          }
          expect(seen).toEqual(newestFirst(all));
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it('go on where a short page ended, if the rounds do not suffice', async () => {
    const all = Array.from(
      { length: 30 },
      (_, number): Failed => ({ number, at: lastOfDay - (number % 3), isEarlier: true }),
    );
    const seen: Key[] = [];
    let after: Position | null = { at: lastOfDay, emailId: null };
    while (after !== null) {
      const { client } = indexOf(all, 1, 4);
      const page = await dayKeysAfter(client, 'emails', { after, from: undefined, wanted: 25, maxRounds: 4 });
      expect(page.calls).toBeLessThanOrEqual(4);
      expect(page.keys.length).toBeGreaterThan(0);
      seen.push(...page.keys);
      after = page.next;
    }
    expect(seen).toEqual(newestFirst(all));
  });

  it.each([
    ['one round of queries', false, 1],
    ['two rounds, if earlier versions wrote all of them', true, 2],
  ])('cost %s', async (_, isEarlier, rounds) => {
    const all = Array.from({ length: 300 }, (_, number): Failed => ({ number, at: lastOfDay - number, isEarlier }));
    const { client } = indexOf(all, 1, 10_000);
    let after: Position | null = { at: lastOfDay, emailId: null };
    for (let page = 0; page < 2; page += 1) {
      const { keys, next, calls } = await dayKeysAfter(client, 'emails', {
        after: after!,
        from: undefined,
        wanted: 100,
        maxRounds: 32,
      });
      expect([keys.length, calls]).toEqual([100, rounds]);
      after = next;
    }
  });

  it('are none before the first time of a list', async () => {
    const { client, rounds } = indexOf([], 1, 10);
    const request = { after: { at: noon, emailId: null }, from: noon + 1, wanted: 5, maxRounds: 5 };
    expect(await dayKeysAfter(client, 'emails', request)).toEqual({ keys: [], next: null, calls: 0 });
    expect(rounds()).toBe(0);
  });
});

describe("support's list", () => {
  let stored: StoredEmails;
  beforeAll(async () => {
    stored = await startStoredEmails();
  });
  afterAll(() => stored?.stop());

  it('has the emails of earlier versions and of this one, in the order of time, over several days', async () => {
    const known = await Promise.all(
      Array.from({ length: 60 }, async (_, number): Promise<Key> => {
        const at = noon - (number % 3) * day - Math.floor(number / 12);
        const emailId = await stored.record([anEvent({ status: 'invalid' })], at);
        // Half of the emails are from a version before partitions.
        if (number % 2 === 0) await stored.put({ ...(await stored.image(emailId)), attentionDay: { S: dayOf(at) } });
        return { at, emailId };
      }),
    );
    const expected = known
      .toSorted((one, other) => other.at - one.at || (one.emailId < other.emailId ? 1 : -1))
      .map(({ emailId }) => emailId);
    const filter = { accountId: null, attention: 'act', from: noon - 5 * day } as const;
    for (const limit of [7, 50]) {
      const seen: string[] = [];
      let after: Position | null = null;
      do {
        const page = await reader().page(filter, { limit, after });
        seen.push(...page.shown.map(({ emailId }) => emailId));
        after = page.next;
      } while (after !== null);
      expect(seen).toEqual(expected);
    }
    expect(await reader().actionableTotal(null)).toEqual({ count: 60, more: false });
  });

  it('asks all partitions of an empty day at once', async () => {
    let open = 0;
    const atOnce: number[] = [];
    const client = {
      send: async (command: Parameters<DynamoDBDocumentClient['send']>[0]) => {
        open += 1;
        if (command instanceof QueryCommand) atOnce.push(open);
        return stored.client.send(command).finally(() => {
          open -= 1;
        });
      },
    } as DynamoDBDocumentClient;
    const page = await reader(client, noon + 100 * day).page(
      { accountId: null, attention: 'act', from: noon + 130 * day },
      { limit: 50, after: null },
    );
    expect(page).toEqual({ shown: [], next: null });
    expect(Math.max(...atOnce)).toBe(partitionsOfDay);
    expect(atOnce.length).toBe(9 * partitionsOfDay);
  });

  const reader = (client = stored.client, now = noon) =>
    createReader({
      client,
      tableName: stored.tableName,
      retentionDays: 400,
      oldAfter: defaultOldAfter,
      now: () => now,
    });
});
