import * as z from 'zod/mini';

const filled = z.string().check(z.minLength(1));

/** The environment of the alert function. The construct that sets it is type-checked against this schema. */
export const alertEnv = z.object({
  TABLE_NAME: filled,
  GUARD_TABLE_NAME: filled,
  /** The topic for machines. */
  ALERT_EVENTS_TOPIC_ARN: filled,
  /** The queue of people's digests. */
  DIGEST_QUEUE_URL: filled,
  /** Support's page of an email, with placeholders `{accountId}` and `{emailId}`; empty if there is none. */
  EMAIL_PAGE_URL: z.string(),
});

export type AlertEnv = Record<keyof z.infer<typeof alertEnv>, string>;
