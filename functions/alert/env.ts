import * as z from 'zod/mini';

/** The environment of the alert function. The construct that sets it is type-checked against this schema. */
export const alertEnv = z.object({
  TABLE_NAME: z.string().check(z.minLength(1)),
  ALERT_TOPIC_ARN: z.string().check(z.minLength(1)),
  /** Support's page of an email, with placeholders `{accountId}` and `{emailId}`; empty if there is none. */
  EMAIL_PAGE_URL: z.string(),
});

export type AlertEnv = Record<keyof z.infer<typeof alertEnv>, string>;
