import * as z from 'zod';

/** The environment of the ingest function. The construct that sets it is type-checked against this schema. */
export const ingestEnv = z.object({
  TABLE_NAME: z.string().min(1),
  /** One Secrets Manager secret: JSON, provider → list of secrets. */
  WEBHOOK_SECRETS_ARN: z.string().min(1),
  QUARANTINE_QUEUE_URL: z.string().min(1),
  RETENTION_DAYS: z.coerce.number().int().positive(),
  /** Names under which the sender attaches our two ids to an email. */
  METADATA_ACCOUNT_ID: z.string().min(1),
  METADATA_REFERENCE: z.string().min(1),
});

export type IngestEnv = Record<keyof z.infer<typeof ingestEnv>, string>;
