/**
 * `mailtrail/providers`: proves the webhooks of email providers genuine, and turns their events into one form. It needs
 * Node.js, and nothing of AWS.
 *
 * @example
 * const proof = await verify('sendgrid', request, [publicKey]);
 * if (!proof.genuine) return new Response(null, { status: 401 });
 * const { events, quarantined } = await parse('sendgrid', request);
 */

import { createGet } from '../../../../functions/ingest/http-get.ts';
import { createLoadedAdapters } from '../../../../shared/providers/adapters.ts';
import { createReadingContext } from '../../../../shared/providers/parsing/reading-context.ts';
import type {
  HttpGet,
  MetadataNames,
  Nonce,
  ParsedRequest,
  Provider,
  ProviderRequest,
  Refusal,
  SetUpAnswer,
} from '../../../../shared/providers/provider.ts';
import { providerTitles } from '../../../../shared/providers/titles.ts';

export type { Attribution, CanonicalEvent, EmailFacts, Reason } from '../../../../shared/email/event.ts';
export { emailIdOf } from '../../../../shared/email/event.ts';
export type {
  HttpGet,
  MetadataNames,
  Nonce,
  ParsedRequest,
  Quarantined,
  Refusal,
  SetUpAnswer,
  UnparsableReason,
} from '../../../../shared/providers/provider.ts';
export { providerTitles } from '../../../../shared/providers/titles.ts';
export type { Status, StatusFacts } from '../../../../shared/status/catalogue.ts';
export { statuses } from '../../../../shared/status/catalogue.ts';
export type { Cause, CauseFacts } from '../../../../shared/status/causes.ts';
export { causes, whatToDoAbout } from '../../../../shared/status/causes.ts';
export type { DecidingEvent, Evidence, Verdict } from '../../../../shared/status/precedence.ts';
export { merge } from '../../../../shared/status/precedence.ts';

/** The name of a provider, as in its webhook URL. */
export type ProviderName = keyof typeof providerTitles;

/** One HTTP call of a provider. */
export interface WebhookRequest {
  /** `POST` by default. */
  readonly method?: string | undefined;
  /** The whole URL as the provider called it, because some providers sign it or hold a secret in it. */
  readonly url: string;
  /** Of `fetch`, or of Node.js. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The bytes as they arrived. A body that was parsed and written again proves nothing. */
  readonly body: Uint8Array;
  /** Epoch milliseconds of arrival; now by default. */
  readonly receivedAt?: number | undefined;
}

/** Whether a request is genuine. */
export type Proof =
  | {
      readonly genuine: true;
      /**
       * Empty for most providers. Otherwise refuse a later request with the same `value` and another `content`, because
       * somebody has put new content under an old signature.
       */
      readonly nonces: readonly Nonce[];
    }
  | {
      readonly genuine: false;
      /** For your log. Answer 401, and never tell it the caller. */
      readonly refusal: Refusal;
    };

/** How the sender attaches its own ids to emails. */
export interface ParseOptions {
  /** The names under which the sender attached account and reference; `account_id` and `reference` by default. */
  readonly metadata?: Partial<MetadataNames> | undefined;
  /** Further names that `data.provider` of the provider `app` may have. */
  readonly senders?: readonly string[] | undefined;
}

/** Whether a text is the name of a provider, e.g. the last part of a webhook's URL. */
export function isProvider(name: string): name is ProviderName {
  return Object.hasOwn(providerTitles, name);
}

const adapters = createLoadedAdapters();
const certificateMs = 2_000;
const get = createGet();
const getInTime: HttpGet = url => get(url, AbortSignal.timeout(certificateMs));

/**
 * Verifies the signature of a request, over its bytes.
 *
 * @param secrets one or several, of which any may prove it; the provider's page in Mailtrail's documentation names them
 * @param httpGet gets the certificate of Amazon SNS, which the provider `ses` alone needs
 * @throws whatever `httpGet` throws: let the provider send the request again, by an answer of 503
 */
export async function verify(
  provider: ProviderName,
  request: WebhookRequest,
  secrets: string | readonly string[],
  httpGet: HttpGet = getInTime,
): Promise<Proof> {
  const adapter = await adapterOf(provider);
  const found = await adapter.verify(asProviderRequest(request), [secrets].flat(), httpGet);
  return typeof found === 'string' ? { genuine: false, refusal: found } : { genuine: true, nonces: found };
}

/**
 * The answer to a call that sets a webhook up, such as the confirmation of a subscription; null for a call that may bring
 * events. Ask it before {@link verify}. For the provider `ses` it confirms the subscription by a call to SNS.
 *
 * @throws whatever `httpGet` throws
 */
export async function handshake(
  provider: ProviderName,
  request: WebhookRequest,
  secrets: string | readonly string[],
  httpGet: HttpGet = getInTime,
): Promise<SetUpAnswer | null> {
  const adapter = await adapterOf(provider);
  return (await adapter.handshake?.(asProviderRequest(request), [secrets].flat(), httpGet)) ?? null;
}

/**
 * Reads the events of a genuine request. A piece that it cannot read is in `quarantined`, with the reason. Keep it for a
 * person, and answer 200: the provider would only send the same again.
 */
export async function parse(
  provider: ProviderName,
  request: WebhookRequest,
  { metadata, senders = [] }: ParseOptions = {},
): Promise<ParsedRequest> {
  const adapter = await adapterOf(provider);
  const names = { accountId: 'account_id', reference: 'reference', ...metadata };
  return adapter.parse(asProviderRequest(request), createReadingContext(adapters.loaded, names, senders));
}

async function adapterOf(name: ProviderName): Promise<Provider> {
  const adapter = await adapters.load(name);
  if (adapter === undefined) throw new TypeError(`There is no provider ${JSON.stringify(name)}.`);
  return adapter;
}

function asProviderRequest({ method = 'POST', url, headers, body, receivedAt }: WebhookRequest): ProviderRequest {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  return {
    method,
    url,
    headers: Object.fromEntries(
      entries.map(([name, value]) => [name.toLowerCase(), typeof value === 'object' ? value.join(', ') : value]),
    ),
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    receivedAt: receivedAt ?? Date.now(),
  };
}
