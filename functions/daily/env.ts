import * as z from 'zod/mini';

const filled = z.string().check(z.minLength(1));

/** The environment of the daily function. The construct that sets it is type-checked against this schema. */
export const dailyEnv = z.object({
  TABLE_NAME: filled,
  GUARD_TABLE_NAME: filled,
  /** The topic for people. */
  SUPPORT_TOPIC_ARN: filled,
  /** The topic for machines. */
  ALERT_EVENTS_TOPIC_ARN: filled,
  /** The bus for other systems; empty if there is none. */
  EVENT_BUS_NAME: z.string(),
  RETENTION_DAYS: z.string().check(z.regex(/^\d+$/)),
  /** The UTC hour at which a digest is due. */
  DIGEST_HOUR: z.string().check(z.regex(/^(?:1?\d|2[0-3])$/)),
  /** `true`: each account has a digest of its own for machines. */
  ACCOUNT_DIGESTS: z.enum(['true', 'false']),
  /** The page that lists emails; empty if there is none. */
  UI_URL: z.string(),
  /** The API, for the command that lists emails where there is no page. */
  API_URL: z.string(),
});

export type DailyEnv = Record<keyof z.infer<typeof dailyEnv>, string>;
