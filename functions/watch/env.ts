import * as z from 'zod/mini';
import { commaList } from '../../shared/runtime/comma-list.ts';

const named = z.string().check(z.minLength(1));

/** The environment of the watch function. The construct that sets it is type-checked against this schema. */
export const watchEnv = z.object({
  GUARD_TABLE_NAME: named,
  /** The URL of the HTTP API. */
  API_URL: named,
  /** The function that answers reads. */
  QUERY_FUNCTION_NAME: named,
  /** The token's claim that names the account. */
  ACCOUNT_CLAIM: named,
  OPERATIONS_TOPIC_ARN: named,
  /** The table of emails. */
  TABLE_NAME: named,
  QUARANTINE_QUEUE_URL: named,
  /** The dead-letter queues. */
  RETRY_DEAD_LETTERS_URL: named,
  SES_DEAD_LETTERS_URL: named,
  DIGEST_DEAD_LETTERS_URL: named,
  FAILURE_BUCKET_NAME: named,
  SUPPORT_TOPIC_ARN: named,
  /** The ids of the event source mappings by names for people, e.g. `alert=2f1c...,changes=9a0e...`. */
  EVENT_SOURCE_MAPPINGS: named,
  METRICS_NAMESPACE: named,
  /** The providers in use, separated by commas; empty if they are not known. */
  PROVIDERS: z.string(),
  /** The stated gaps in minutes, e.g. `sendgrid=60,app=1440`. */
  EXPECT_NEWS: z.string(),
  /** The UTC hour at which the daily digest is due; empty if there is none. */
  DIGEST_HOUR: z.string().check(z.regex(/^(?:1?\d|2[0-3])?$/)),
});

export type WatchEnv = Record<keyof z.infer<typeof watchEnv>, string>;

/** The providers in use, each with its stated gap in milliseconds; null where none is stated. */
export function listedProviders({
  PROVIDERS,
  EXPECT_NEWS,
}: Pick<WatchEnv, 'PROVIDERS' | 'EXPECT_NEWS'>): ReadonlyMap<string, number | null> {
  const stated = new Map(pairs(EXPECT_NEWS));
  return new Map(
    commaList(PROVIDERS).map(provider => {
      const minutes = stated.get(provider);
      return [provider, minutes === undefined ? null : Number(minutes) * 60_000];
    }),
  );
}

/** The pairs of a list such as `alert=2f1c...,changes=9a0e...`. */
export function pairs(list: string): readonly (readonly [name: string, value: string])[] {
  return commaList(list).map(pair => pair.split('=') as [string, string]);
}
