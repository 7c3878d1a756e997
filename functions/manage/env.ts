import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** The environment of the erase function. The construct that sets it is type-checked against this schema. */
export const manageEnv = z.object({
  TABLE_NAME: text,
  /** The queues that feed the ingest function, where their messages end that were given up, and the quarantine. */
  RETRY_QUEUE_URL: text,
  RETRY_DEAD_LETTERS_QUEUE_URL: text,
  SES_QUEUE_URL: text,
  SES_DEAD_LETTERS_QUEUE_URL: text,
  QUARANTINE_QUEUE_URL: text,
  FAILURE_BUCKET_NAME: text,
  /** The token's claim that names the account, e.g. `account_id`. */
  ACCOUNT_CLAIM: text,
  /** The scope that sees every account, e.g. `mailtrail/support`. */
  SUPPORT_SCOPE: text,
  /** Names under which the sender attaches our two ids to an email. */
  METADATA_ACCOUNT_ID: text,
  METADATA_REFERENCE: text,
});

export type ManageEnv = Record<keyof z.infer<typeof manageEnv>, string>;
