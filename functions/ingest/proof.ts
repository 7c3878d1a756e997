/** Whether a request is genuine, which secret proves it, and what that proves. */

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
  /** A GET of a URL that an adapter made; rejects once `signal` says that there is no time left. */
  readonly get: (url: string, signal: AbortSignal) => Promise<string | null>;
}

/** A genuine request. */
export interface Proven {
  /** The account whose own secret alone proves it; undefined where a secret proves events of every account. */
  readonly provenFor: string | undefined;
  /** Nonces that could not be looked up, as the table will not be: the retry queue does it before it records anything. */
  readonly unproven: readonly Nonce[];
  /** Whether something else, which came later, was recorded by its nonce. */
  readonly isReclaimed: boolean;
}

/** What a request is, or for want of what it cannot be told. */
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

/** Why a request is not genuine, or by which nonces it is, and for whom. */
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

/** The secrets as the adapters take them, whatever each proves. */
function textsOf(secrets: readonly WebhookSecret[]): readonly string[] {
  return secrets.map(entry => (typeof entry === 'string' ? entry : entry.secret));
}

/** A request's events as an account's own secret proves them: those that name no account are that account's. */
export function forAccount(provenFor: string | undefined, parsed: ParsedRequest): ParsedRequest {
  if (provenFor === undefined) return parsed;
  const events = parsed.events.map(event => ({ ...event, accountId: event.accountId ?? provenFor, provenFor }));
  return { ...parsed, events };
}
