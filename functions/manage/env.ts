import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** The environment of the manage function. The construct that sets it is type-checked against this schema. */
export const manageEnv = z.object({
  TABLE_NAME: text,
  /** The table that records erasures. */
  GUARD_TABLE_NAME: text,
  /** The token's claim that names the account, e.g. `account_id`. */
  ACCOUNT_CLAIM: text,
  /** The scope that sees every account, e.g. `mailtrail/support`. */
  SUPPORT_SCOPE: text,
  /** The scope with which an account's token may erase, e.g. `mailtrail/manage`. */
  MANAGE_SCOPE: text,
});

export type ManageEnv = Record<keyof z.infer<typeof manageEnv>, string>;
