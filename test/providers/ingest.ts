import { isUtf8 } from 'node:buffer';
import { createHandler } from '../../functions/ingest/handler.ts';
import { createKeep } from '../../functions/ingest/keep.ts';
import type { IngestMetrics } from '../../functions/ingest/metrics.ts';
import type { Nonces } from '../../functions/ingest/nonces.ts';
import type { Quarantine } from '../../functions/ingest/quarantine.ts';
import type { RetryQueue } from '../../functions/ingest/retry-queue.ts';
import type { HttpAnswer } from '../../shared/http.ts';
import { createLog } from '../../shared/log.ts';
import { createReadingContext } from '../../shared/providers/reading-context.ts';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';
import type { Recorder } from '../../shared/store.ts';
import { noon } from '../arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../http-event.ts';
import { snsGet } from '../sns.ts';

/** A request as it comes to the gateway. */
export interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** What became of a request. */
export interface Outcome {
  readonly status: number;
  /** Why it was not taken for genuine; null where it was. */
  readonly refusal: string | null;
  /** The counts of an acknowledged request. */
  readonly counts: Readonly<Record<string, number>>;
  readonly answer: HttpAnswer;
}

/** Whoever counts nothing. */
export const noMetrics: IngestMetrics = { count() {}, arrived() {}, recorded() {} };

/**
 * The ingest function of the registered providers, called as the gateway calls it. Without a retry queue of the test's
 * there is none in reach, and without nonces none was ever used.
 */
export function ingestOf(
  store: Pick<Recorder, 'record'>,
  quarantine: Quarantine,
  {
    retryQueue = () => Promise.reject(new Error('out of reach')),
    nonces = async () => true,
  }: { readonly retryQueue?: RetryQueue; readonly nonces?: Nonces } = {},
) {
  return async (
    provider: ProviderName,
    { method = 'POST', url = '', headers, body }: Sent,
    secrets: readonly string[],
    { receivedAt = noon, base64 = false, get = snsGet } = {},
  ): Promise<Outcome> => {
    const lines: { message: string; refusal?: string }[] = [];
    const handler = createHandler({
      providers,
      secretsOf: async () => secrets,
      nonces,
      keep: createKeep({ store, quarantine, retryQueue, metrics: noMetrics, now: () => receivedAt }),
      context: createReadingContext(providers, { accountId: 'account_id', reference: 'reference' }),
      get,
      metrics: noMetrics,
      now: () => receivedAt,
      log: createLog(line => lines.push(JSON.parse(line))),
    });
    // Bytes that are no text reach a function in base64.
    const encoding = { base64: base64 || !isUtf8(body) };
    const event = httpEvent('POST /webhooks/{provider}', { provider }, headers, body, { ...encoding, method, url });
    const answer = await handler(event, lambdaContext);
    const refused = lines.find(({ message }) => message === 'webhook.refused');
    return {
      status: answer.statusCode,
      refusal: refused?.refusal ?? null,
      counts: answer.statusCode === 200 && answer.body ? JSON.parse(answer.body) : {},
      answer,
    };
  };
}
