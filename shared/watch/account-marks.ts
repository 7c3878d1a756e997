/**
 * The accounts with new failures, in one item of the guard table. The stream's reader marks them, and the watch function
 * counts them. No email costs a write here: each process marks an account once in half an hour.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { day } from '../runtime/time.ts';

/** A mark is one of an account in one such slot of time. */
export const markSlotMs = 30 * 60_000;

/** The item holds no more marks, so that a write to it stays cheap. Further accounts wait for a later failure. */
export const maxMarks = 200;

/** The key of the item; no nonce, erasure or news has it. */
export const marksKey = 'watch:accounts';

export interface AccountMark {
  readonly accountId: string;
  /** The number of the slot. */
  readonly slot: number;
}

/** The time until which a mark stands for the account's failures. */
export function endOf({ slot }: AccountMark): number {
  return (slot + 1) * markSlotMs;
}

/** A slot number has no blank, and an account id may have any other character. */
function elementOf({ slot, accountId }: AccountMark): string {
  return `${slot} ${accountId}`;
}

export interface AccountMarks {
  /** Marks accounts that this process has not marked in this slot yet. Returns how many found no room. */
  mark(accountIds: Iterable<string>, now: number): Promise<number>;
  /** All marks, strongly consistent. */
  read(): Promise<readonly AccountMark[]>;
  /** Removes marks whose account has been counted after their end. */
  remove(marks: readonly AccountMark[]): Promise<void>;
}

/** Other processes may take the room that one saw; they rarely do so twice. */
const maxTries = 3;

/** Keeps the marks in the guard table. */
export function createAccountMarks(client: DynamoDBDocumentClient, tableName: string): AccountMarks {
  /** The accounts that this process marked in the slot. */
  let marked = { slot: -1, accountIds: new Set<string>() };

  return {
    async mark(accountIds, now) {
      const slot = Math.floor(now / markSlotMs);
      if (marked.slot !== slot) marked = { slot, accountIds: new Set() };
      const own = marked;
      const fresh = [...new Set(accountIds)].filter(accountId => !own.accountIds.has(accountId));
      let waiting = fresh;
      let room = maxMarks;
      for (let tries = 0; tries < maxTries && waiting.length > 0 && room > 0; tries += 1) {
        const fitting = waiting.slice(0, room);
        const there = await added(fitting, slot, now);
        const marks =
          there === null
            ? new Set(fitting)
            : new Set(waiting.filter(id => there.has(elementOf({ slot, accountId: id }))));
        for (const accountId of marks) own.accountIds.add(accountId);
        waiting = waiting.filter(accountId => !marks.has(accountId));
        if (there === null) break;
        room = maxMarks - there.size;
      }
      return waiting.length;
    },

    async read() {
      const items = await batchGetItems(client, { tableName, keyName: 'guardKey' }, [marksKey]);
      const { accounts = new Set() } = (items.get(marksKey) ?? {}) as { readonly accounts?: ReadonlySet<string> };
      return [...accounts].map(element => {
        const blank = element.indexOf(' ');
        return { slot: Number(element.slice(0, blank)), accountId: element.slice(blank + 1) };
      });
    },

    async remove(marks) {
      if (marks.length === 0) return;
      await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { guardKey: marksKey },
          UpdateExpression: 'DELETE accounts :marks',
          ExpressionAttributeValues: { ':marks': new Set(marks.map(elementOf)) },
        }),
      );
    },
  };

  /** Adds marks if all of them fit; otherwise it adds none, and returns the marks that are there. */
  async function added(accountIds: readonly string[], slot: number, now: number): Promise<ReadonlySet<string> | null> {
    try {
      await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { guardKey: marksKey },
          UpdateExpression: 'ADD accounts :marks SET expiresAt = :expiresAt',
          ConditionExpression: 'attribute_not_exists(accounts) OR size(accounts) <= :room',
          ExpressionAttributeValues: {
            ':marks': new Set(accountIds.map(accountId => elementOf({ slot, accountId }))),
            ':room': maxMarks - accountIds.length,
            ':expiresAt': Math.ceil((now + day) / 1000),
          },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return null;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return new Set(error.Item?.accounts?.SS);
      throw error;
    }
  }
}
