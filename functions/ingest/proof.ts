/** Decides whether a request is genuine, which secret proves it, and for which account. */

import type { Nonces } from '../../shared/guards/nonces.ts';
import type {
  HttpGet,
  Nonce,
  ParsedRequest,
  Provider,
  ProviderRequest,
  Refusal,
  SetUpAnswer,
} from '../../shared/providers/provider.ts';
import { InvalidWebhookSecrets, type WebhookSecret } from '../../shared/providers/signatures/webhook-secrets.ts';
import { abortable } from '../../shared/runtime/abortable.ts';
import { errorName } from '../../shared/runtime/log.ts';
import type { Deadlines } from './deadlines.ts';
import type { WebhookSecretsOf } from './webhook-secrets.ts';

export interface ProofDependencies {
  readonly secretsOf: WebhookSecretsOf;
  readonly nonces: Nonces;
  /** A GET of a URL that an adapter built; rejects once `signal` aborts. */
  readonly get: (url: string, signal: AbortSignal) => Promise<string | null>;
}

/** A genuine request. */
export interface Proven {
  /** The account whose own secret proves the request; undefined if a secret proves events of every account. */
  readonly provenFor: string | undefined;
  /**
   * Nonces that could not be checked because the table is unavailable; the retry queue checks them before recording.
   */
  readonly unproven: readonly Nonce[];
  /** Whether other content that arrived later was recorded under the same nonce. */
  readonly isReclaimed: boolean;
}

/** The proof of a request, or why there is none. */
export type Proof =
  | Proven
  | { readonly setUp: SetUpAnswer }
  | { readonly refusal: Refusal }
  | { readonly unavailable: string };

export type Prove = (provider: Provider, request: ProviderRequest, deadlines: Deadlines) => Promise<Proof>;

/** Never rejects. */
export function createProve({ secretsOf, nonces, get }: ProofDependencies): Prove {
  return async (provider, request, { table, queues }) => {
    let secrets: readonly WebhookSecret[];
    try {
      secrets = await abortable(queues, secretsOf(provider.name));
    } catch (error) {
      return { unavailable: `secrets: ${error instanceof InvalidWebhookSecrets ? error.message : errorName(error)}` };
    }
    let verified: { readonly provenFor: string | undefined; readonly nonces: readonly Nonce[] };
    try {
      const boundedGet: HttpGet = url => abortable(queues, get(url, queues));
      const setUp = (await provider.handshake?.(request, textsOf(secrets), boundedGet)) ?? null;
      if (setUp !== null) return { setUp };
      const found = await verifiedBy(provider, request, secrets, boundedGet);
      if (typeof found === 'string') return { refusal: found };
      verified = found;
    } catch (error) {
      return { unavailable: `http-get: ${errorName(error)}` };
    }
    const { provenFor } = verified;
    if (verified.nonces.length === 0) return { provenFor, unproven: [], isReclaimed: false };
    try {
      const use = await abortable(table, nonces(provider.name, verified.nonces, request.receivedAt));
      if (use === 'reused') return { refusal: 'reused_nonce' };
      return { provenFor, unproven: [], isReclaimed: use === 'reclaimed' };
    } catch {
      return { provenFor, unproven: verified.nonces, isReclaimed: false };
    }
  };
}

/** The nonces and the account that prove a request genuine, or the reason why it is not. */
async function verifiedBy(
  provider: Provider,
  request: ProviderRequest,
  secrets: readonly WebhookSecret[],
  get: HttpGet,
): Promise<Refusal | { readonly provenFor: string | undefined; readonly nonces: readonly Nonce[] }> {
  const nonces = await provider.verify(request, textsOf(secrets), get);
  if (typeof nonces === 'string') return nonces;
  const byAccount = Map.groupBy(secrets, entry => (typeof entry === 'string' ? undefined : entry.accountId));
  const unbound = byAccount.get(undefined) ?? [];
  if (unbound.length === secrets.length) return { provenFor: undefined, nonces };
  byAccount.delete(undefined);
  for (const [provenFor, own] of [[undefined, unbound] as const, ...byAccount]) {
    if (typeof (await provider.verify(request, textsOf(own), get)) !== 'string') return { provenFor, nonces };
  }
  return 'wrong_signature';
}

/** The texts of the secrets, as the adapters take them. */
function textsOf(secrets: readonly WebhookSecret[]): readonly string[] {
  return secrets.map(entry => (typeof entry === 'string' ? entry : entry.secret));
}

/** A request's events as an account's own secret proves them: events without an account become that account's. */
export function forAccount(provenFor: string | undefined, parsed: ParsedRequest): ParsedRequest {
  if (provenFor === undefined) return parsed;
  const events = parsed.events.map(event => ({ ...event, accountId: event.accountId ?? provenFor, provenFor }));
  return { ...parsed, events };
}
