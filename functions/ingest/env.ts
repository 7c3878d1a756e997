import * as z from 'zod/mini';

/** The environment of the ingest function. The construct that sets it is type-checked against this schema. */
export const ingestEnv = z.object({
  TABLE_NAME: z.string().check(z.minLength(1)),
  /** One Secrets Manager secret: JSON, provider → list of secrets. */
  WEBHOOK_SECRETS_ARN: z.string().check(z.minLength(1)),
  /** Nonces and erasures. */
  GUARD_TABLE_NAME: z.string().check(z.minLength(1)),
  QUARANTINE_QUEUE_URL: z.string().check(z.minLength(1)),
  RETRY_QUEUE_URL: z.string().check(z.minLength(1)),
  /** The two queues that feed the function. */
  RETRY_QUEUE_ARN: z.string().check(z.minLength(1)),
  SES_QUEUE_ARN: z.string().check(z.minLength(1)),
  METRICS_NAMESPACE: z.string().check(z.minLength(1)),
  RETENTION_DAYS: z.coerce.number().check(z.int(), z.positive()),
  /** Names under which the sender attaches our two ids to an email. */
  METADATA_ACCOUNT_ID: z.string().check(z.minLength(1)),
  METADATA_REFERENCE: z.string().check(z.minLength(1)),
  /** The account of emails that no event names an account for; empty where they have none. */
  DEFAULT_ACCOUNT_ID: z._default(z.string(), ''),
  /** Names of the sender's own senders, separated by commas. */
  SENDER_NAMES: z._default(z.string(), ''),
});

export type IngestEnv = Record<keyof z.infer<typeof ingestEnv>, string>;

/** The settings of the recorder, out of the environment. */
export function recorderSettings(env: z.infer<typeof ingestEnv>) {
  return {
    tableName: env.TABLE_NAME,
    retentionDays: env.RETENTION_DAYS,
    defaultAccountId: env.DEFAULT_ACCOUNT_ID || undefined,
  };
}

/** The settings of the adapters' reading, out of the environment. */
export function readingSettings(env: z.infer<typeof ingestEnv>) {
  const metadata = { accountId: env.METADATA_ACCOUNT_ID, reference: env.METADATA_REFERENCE };
  return [metadata, env.SENDER_NAMES.split(',').filter(name => name !== '')] as const;
}
