/**
 * What stands in the place of an email that was erased, for some time: a late event of that very message finds it, and
 * does not make the email anew. Its key is a hash (emailIdOf), so that nothing of a person is in it.
 */

import { shortHash } from '../runtime/hash.ts';

/** Days that it stands: longer than any provider tries again, than a queue keeps a message, and than most complaints take. */
const tombstoneDays = 30;

const day = 24 * 60 * 60_000;

/** The item, whole: whatever an email had besides is gone with it. */
export interface Tombstone {
  readonly emailId: string;
  /** Epoch milliseconds. */
  readonly erasedAt: number;
  /** Whose email it was, as far as an account erased it; hashed, too. */
  readonly erasedFor?: string;
  /** Epoch seconds, as DynamoDB's time to live wants it. */
  readonly expiresAt: number;
}

/**
 * @param accountId the account that erases; null for support
 * @param now epoch milliseconds
 */
export function tombstoneOf(emailId: string, accountId: string | null, now: number): Tombstone {
  return {
    emailId,
    erasedAt: now,
    ...(accountId !== null && { erasedFor: accountHash(accountId) }),
    expiresAt: Math.ceil((now + tombstoneDays * day) / 1000),
  };
}

/** Whether an account erased it: to others it tells nothing. */
export function wasErasedFor(item: Readonly<Record<string, unknown>>, accountId: string): boolean {
  return item.erasedFor === accountHash(accountId);
}

function accountHash(accountId: string): string {
  return shortHash('erased for', accountId);
}

/** Whether an item is one: to everybody but whoever erases, it is no email. */
export function isTombstone(item: Readonly<Record<string, unknown>>): boolean {
  return item.erasedAt !== undefined;
}
