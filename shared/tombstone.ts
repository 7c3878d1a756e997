/**
 * What stands in the place of an email that was erased, for some time: a late event of that very message finds it, and
 * does not make the email anew. Its key is a hash (emailIdOf), so that nothing of a person is in it.
 */

/** Days that it stands: longer than any provider tries again, than a queue keeps a message, and than most complaints take. */
const tombstoneDays = 30;

const day = 24 * 60 * 60_000;

/** The item, whole: whatever an email had besides is gone with it. */
export interface Tombstone {
  readonly emailId: string;
  /** Epoch milliseconds. */
  readonly erasedAt: number;
  /** Epoch seconds, as DynamoDB's time to live wants it. */
  readonly expiresAt: number;
}

/** @param now epoch milliseconds */
export function tombstoneOf(emailId: string, now: number): Tombstone {
  return { emailId, erasedAt: now, expiresAt: Math.ceil((now + tombstoneDays * day) / 1000) };
}

/** Whether an item is one: to everybody but whoever erases, it is no email. */
export function isTombstone(item: Readonly<Record<string, unknown>>): boolean {
  return item.erasedAt !== undefined;
}
