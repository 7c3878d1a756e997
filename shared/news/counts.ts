/** The refused calls and quarantined pieces of each provider, by day, in the guard table. */

import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { batchGetItems } from '../runtime/batch-get-items.ts';
import { day } from '../runtime/time.ts';
import { dayKey, expiry, keptDays } from './keys.ts';

/** Days that are counted, today among them. */
export const countedDays = 7;

/** Refused calls and quarantined pieces of a provider. */
export interface Counted {
  readonly refused: number;
  readonly quarantined: number;
}

export interface NewsCounts {
  /** The counts since the beginning of the day that was six days ago. */
  countsOf(providers: readonly string[], now: number): Promise<ReadonlyMap<string, Counted>>;
  /** Adds to the counts of today. */
  count(provider: string, counts: Counted, now: number, signal?: AbortSignal): Promise<void>;
}

export function createNewsCounts(client: DynamoDBDocumentClient, tableName: string): NewsCounts {
  const table = { tableName, keyName: 'guardKey' };
  return {
    async countsOf(providers, now) {
      const days = Array.from({ length: countedDays }, (_, index) => now - index * day);
      const keys = providers.flatMap(provider => days.map(at => dayKey(provider, at)));
      const attributes = ['guardKey', 'refused', 'quarantined'];
      const items = await batchGetItems(client, { ...table, attributes, consistency: 'eventual' }, keys);
      return new Map(
        providers.map(provider => {
          const found = days.flatMap(at => (items.get(dayKey(provider, at)) as Partial<Counted> | undefined) ?? []);
          const sum = (name: keyof Counted) => found.reduce((total, item) => total + (item[name] ?? 0), 0);
          return [provider, { refused: sum('refused'), quarantined: sum('quarantined') }];
        }),
      );
    },

    async count(provider, { refused, quarantined }, now, abortSignal) {
      await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { guardKey: dayKey(provider, now) },
          UpdateExpression: 'ADD refused :refused, quarantined :quarantined SET expiresAt = :expiresAt',
          ExpressionAttributeValues: {
            ':refused': refused,
            ':quarantined': quarantined,
            ':expiresAt': expiry(now, keptDays.day),
          },
        }),
        { ...(abortSignal && { abortSignal }) },
      );
    },
  };
}
