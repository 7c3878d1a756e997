import * as z from 'zod/mini';
import { emailIdShape } from '../../shared/event.ts';
import { fingerprint } from '../../shared/fingerprint.ts';
import type { PageKey } from '../../shared/store.ts';

/** The list that a cursor goes on in: which one, and whose. */
export interface ListOfAccount {
  readonly accountId: string;
  readonly list: 'all' | 'attention';
}

const content = z.tuple([z.int().check(z.nonnegative()), z.string().check(z.regex(emailIdShape)), z.string()]);

/** Where a list goes on, as opaque text. It carries a check over its list, so that it is of no use in another one. */
export function cursorOf({ accountId, list }: ListOfAccount, { at, emailId }: PageKey): string {
  const check = fingerprint('cursor', accountId, list, at, emailId);
  return Buffer.from(JSON.stringify([at, emailId, check])).toString('base64url');
}

/** The inverse of {@link cursorOf}; null for what that did not give for this very list. */
export function pageKeyOf(list: ListOfAccount, cursor: string): PageKey | null {
  try {
    const [at, emailId] = content.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    const pageKey = { at, emailId };
    return cursorOf(list, pageKey) === cursor ? pageKey : null;
  } catch {
    return null;
  }
}
