/**
 * The item that replaces an erased email for 30 days. It keeps a late event of that message from recreating the email.
 * Its key is a hash (emailIdOf), so that it holds no personal data.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand, type PutCommandInput } from '@aws-sdk/lib-dynamodb';
import { day } from '../runtime/time.ts';
import { expressionNames, type Item } from './item.ts';

/** Longer than any provider retries, than a queue keeps a message, and than most complaints take. */
const tombstoneDays = 30;

/** The data to erase. */
export interface Erasure {
  /** The canonical address. */
  readonly recipient: string;
  /** Only this account's data; null for all data of the recipient. */
  readonly accountId: string | null;
}

/** The condition on the item that a tombstone replaces. */
interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, string>>;
}

/**
 * The email still exists and is no tombstone, which has neither recipient nor account. The recipient is part of the
 * key; only the account may differ from the index.
 */
export function whereErasable({ recipient, accountId }: Erasure): Condition {
  return accountId === null
    ? { ConditionExpression: '#recipient = :recipient', ExpressionAttributeValues: { ':recipient': recipient } }
    : { ConditionExpression: '#accountId = :accountId', ExpressionAttributeValues: { ':accountId': accountId } };
}

/** The erasure of an email whose event arrived before that erasure. */
export interface Burial extends Erasure {
  /** The account whose own secret proved the event. It proves nothing about an email that has no account yet. */
  readonly provenFor?: string | undefined;
}

/** The item is no tombstone and no email of another account. It may be missing, or an email without an account. */
export function whereUnclaimed({ accountId, provenFor }: Burial): Condition {
  const isNone = 'attribute_not_exists(#erasedAt)';
  if (provenFor !== undefined) {
    return {
      ConditionExpression: 'attribute_not_exists(#emailId) OR #accountId = :provenFor',
      ExpressionAttributeValues: { ':provenFor': provenFor },
    };
  }
  if (accountId === null) return { ConditionExpression: isNone };
  return {
    ConditionExpression: `${isNone} AND (attribute_not_exists(#accountId) OR #accountId = :accountId)`,
    ExpressionAttributeValues: { ':accountId': accountId },
  };
}

/**
 * The write that replaces an email, with all its attributes, by a tombstone.
 *
 * @param now epoch milliseconds
 */
export function tombstoneInput(tableName: string, emailId: string, condition: Condition, now: number): PutCommandInput {
  const tombstone: Item = { emailId, erasedAt: now, expiresAt: Math.ceil((now + tombstoneDays * day) / 1000) };
  const ExpressionAttributeNames = expressionNames(condition.ConditionExpression);
  return { TableName: tableName, Item: tombstone, ...condition, ExpressionAttributeNames };
}

/** Writes the tombstone; false if its condition failed. */
export async function putTombstone(
  client: DynamoDBDocumentClient,
  input: PutCommandInput,
  abortSignal?: AbortSignal,
): Promise<boolean> {
  try {
    await client.send(new PutCommand(input), { ...(abortSignal && { abortSignal }) });
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
