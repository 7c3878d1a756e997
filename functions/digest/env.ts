import * as z from 'zod/mini';

const filled = z.string().check(z.minLength(1));

/** The environment of the digest function. The construct that sets it is type-checked against this schema. */
export const digestEnv = z.object({
  TABLE_NAME: filled,
  GUARD_TABLE_NAME: filled,
  /** The topic for people. */
  SUPPORT_TOPIC_ARN: filled,
  DIGEST_QUEUE_URL: filled,
  /** The least seconds between two digests, unless the first is full. */
  SECONDS_BETWEEN_DIGESTS: z.string().check(z.regex(/^\d+$/)),
  /** Support's page of an email, with placeholders `{accountId}` and `{emailId}`; empty if there is none. */
  EMAIL_PAGE_URL: z.string(),
  /** The API, for the command that shows an email where there is no page. */
  API_URL: z.string(),
});

export type DigestEnv = Record<keyof z.infer<typeof digestEnv>, string>;
