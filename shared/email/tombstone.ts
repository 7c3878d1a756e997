/**
 * What stands in the place of an email that was erased, for some time: a late event of that very message finds it, and
 * does not make the email anew. Its key is a hash (emailIdOf), so that nothing of a person is in it.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand, type PutCommandInput } from '@aws-sdk/lib-dynamodb';
import { day } from '../runtime/time.ts';
import { expressionNames, type Item } from './item.ts';

/** Days that it stands: longer than any provider tries again, than a queue keeps a message, and than most complaints take. */
const tombstoneDays = 30;

/** Whose data is erased. */
export interface Erasure {
  /** The address, as events have it. */
  readonly recipient: string;
  /** Only what is this account's; null for all there is. */
  readonly accountId: string | null;
}

/** The item that must be there for a tombstone to take its place. */
interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, string>>;
}

/**
 * The email is still there, and no tombstone, which has neither a recipient nor an account. Whom an email is to is part of
 * its key: whose it is, is all that may differ from what the index shows.
 */
export function whereErasable({ recipient, accountId }: Erasure): Condition {
  return accountId === null
    ? { ConditionExpression: '#recipient = :recipient', ExpressionAttributeValues: { ':recipient': recipient } }
    : { ConditionExpression: '#accountId = :accountId', ExpressionAttributeValues: { ':accountId': accountId } };
}

/** An erasure as an event asks for it that came before. */
export interface Burial extends Erasure {
  /** The account whose own secret proved the event: of an email that is nobody's yet, it proves nothing. */
  readonly provenFor?: string | undefined;
}

/** No tombstone is there yet, and no email of another account; an email of nobody, or none at all, may be. */
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
 * The write that puts a tombstone in an email's place, whole: whatever the email had is gone with it.
 *
 * @param now epoch milliseconds
 */
export function tombstoneInput(tableName: string, emailId: string, condition: Condition, now: number): PutCommandInput {
  const tombstone: Item = { emailId, erasedAt: now, expiresAt: Math.ceil((now + tombstoneDays * day) / 1000) };
  const ExpressionAttributeNames = expressionNames(condition.ConditionExpression);
  return { TableName: tableName, Item: tombstone, ...condition, ExpressionAttributeNames };
}

/** Makes that write; false where its condition did not hold. */
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
