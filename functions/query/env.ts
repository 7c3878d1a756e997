import * as z from 'zod/mini';

const positive = z.coerce.number().check(z.int(), z.positive());

/** The environment of the query function. The construct that sets it is type-checked against this schema. */
export const queryEnv = z.object({
  TABLE_NAME: z.string().check(z.minLength(1)),
  /** The table that keeps the news of each provider, and the key that seals cursors. */
  GUARD_TABLE_NAME: z.string().check(z.minLength(1)),
  /** The providers in use, separated by commas; empty if they are not known. */
  PROVIDERS: z.string(),
  RETENTION_DAYS: positive,
  /** The token's claim that names the account, e.g. `account_id`. */
  ACCOUNT_CLAIM: z.string().check(z.minLength(1)),
  /** The scope that sees every account, e.g. `mailtrail/support`. */
  SUPPORT_SCOPE: z.string().check(z.minLength(1)),
  /** Ages beyond which a waiting status is old. */
  ENQUEUED_OLD_AFTER_MINUTES: positive,
  SENT_OLD_AFTER_MINUTES: positive,
  DEFERRED_OLD_AFTER_MINUTES: positive,
});

export type QueryEnv = Record<keyof z.infer<typeof queryEnv>, string>;
