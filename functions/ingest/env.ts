import * as z from 'zod/mini';
import { commaList } from '../../shared/runtime/comma-list.ts';

/** The environment of the ingest function. The construct that sets it is type-checked against this schema. */
export const ingestEnv = z.object({
  TABLE_NAME: z.string().check(z.minLength(1)),
  /** The ARN of one Secrets Manager secret. Its JSON maps each provider to a list of secrets. */
  WEBHOOK_SECRETS_ARN: z.string().check(z.minLength(1)),
  /** The table of nonces, erasures and own keys. */
  GUARD_TABLE_NAME: z.string().check(z.minLength(1)),
  QUARANTINE_QUEUE_URL: z.string().check(z.minLength(1)),
  RETRY_QUEUE_URL: z.string().check(z.minLength(1)),
  /** The two queues that feed the function. */
  RETRY_QUEUE_ARN: z.string().check(z.minLength(1)),
  SES_QUEUE_ARN: z.string().check(z.minLength(1)),
  METRICS_NAMESPACE: z.string().check(z.minLength(1)),
  RETENTION_DAYS: z.coerce.number().check(z.int(), z.positive()),
  /** Metadata names under which the sender attaches its account id and its reference to an email. */
  METADATA_ACCOUNT_ID: z.string().check(z.minLength(1)),
  METADATA_REFERENCE: z.string().check(z.minLength(1)),
  /** The account of emails that no event names an account for; empty if they have none. */
  DEFAULT_ACCOUNT_ID: z._default(z.string(), ''),
  /** The providers whose webhooks are taken, separated by commas; empty for all. */
  ACCEPTED_PROVIDERS: z._default(z.string(), ''),
  /** Names of the installation's own senders, separated by commas. */
  SENDER_NAMES: z._default(z.string(), ''),
});

export type IngestEnv = Record<keyof z.infer<typeof ingestEnv>, string>;

/** The recorder's settings from the environment. */
export function recorderSettings(env: z.infer<typeof ingestEnv>) {
  return {
    tableName: env.TABLE_NAME,
    retentionDays: env.RETENTION_DAYS,
    defaultAccountId: env.DEFAULT_ACCOUNT_ID || undefined,
  };
}

/** The adapters' settings from the environment. */
export function readingSettings(env: z.infer<typeof ingestEnv>) {
  const metadata = { accountId: env.METADATA_ACCOUNT_ID, reference: env.METADATA_REFERENCE };
  return [metadata, commaList(env.SENDER_NAMES)] as const;
}
