import { isUtf8 } from 'node:buffer';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import type { ProviderName } from '../../shared/providers/registry.ts';
import type { Quarantine } from '../../shared/queues/quarantine-messages.ts';
import { createLog } from '../../shared/runtime/log.ts';
import { snsGet } from '../fixtures/sns.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { httpEvent, lambdaContext } from '../rigs/http-event.ts';
import { type IngestParts, ingestFunction } from '../rigs/ingest-function.ts';

/** A request to the gateway. */
export interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** The outcome of a request. */
export interface Outcome {
  readonly status: number;
  /** The reason of a refusal, or null for a genuine request. */
  readonly refusal: string | null;
  /** The counts of an acknowledged request. */
  readonly counts: Readonly<Record<string, number>>;
  readonly answer: HttpAnswer;
}

/** Returns the ingest function with all registered providers. It is called as the gateway calls it. */
export function ingestOf(
  store: IngestParts['store'],
  quarantine: Quarantine,
  { retryQueue, nonces }: Pick<IngestParts, 'retryQueue' | 'nonces'> = {},
) {
  return async (
    provider: ProviderName,
    { method = 'POST', url = '', headers, body }: Sent,
    secrets: readonly string[],
    { receivedAt = noon, base64 = false, get = snsGet } = {},
  ): Promise<Outcome> => {
    const lines: { message: string; refusal?: string }[] = [];
    const handler = ingestFunction({
      secretsOf: async () => secrets,
      store,
      quarantine,
      ...(retryQueue && { retryQueue }),
      ...(nonces && { nonces }),
      get,
      now: () => receivedAt,
      log: createLog(line => lines.push(JSON.parse(line))),
    });
    // The gateway passes binary bodies in base64.
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
