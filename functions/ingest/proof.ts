/** Decides whether a request is genuine, which secret proves it, and for which account. */

import { canaryAccountId, canaryIdPrefix } from '../../shared/email/event.ts';
import type { Nonces } from '../../shared/guards/nonces.ts';
import type { OwnKey } from '../../shared/guards/own-key.ts';
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
import type { RenewedSecretsOf, WebhookSecretsOf } from './webhook-secrets.ts';

export interface ProofDependencies {
  readonly secretsOf: WebhookSecretsOf;
  /** Secrets for a request that those before do not prove. */
  readonly renewedSecretsOf?: RenewedSecretsOf;
  /** The key of the canary, which sends as an application does. It proves events of the canary's account alone. */
  readonly canaryKey?: OwnKey;
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

/** A proof before its nonces are looked up. */
type Attempt = Exclude<Proof, Proven> | { readonly provenFor: string | undefined; readonly nonces: readonly Nonce[] };

/** Never rejects. */
export function createProve({
  secretsOf,
  renewedSecretsOf = async () => null,
  canaryKey,
  nonces,
  get,
}: ProofDependencies): Prove {
  return async (provider, request, deadlines) => {
    const { table } = deadlines;
    const attempt = await bestAttempt(provider, request, deadlines);
    if (!('provenFor' in attempt)) return attempt;
    const { provenFor } = attempt;
    if (attempt.nonces.length === 0) return { provenFor, unproven: [], isReclaimed: false };
    try {
      const use = await abortable(table, nonces(provider.name, attempt.nonces, request.receivedAt));
      if (use === 'reused') return { refusal: 'reused_nonce' };
      return { provenFor, unproven: [], isReclaimed: use === 'reclaimed' };
    } catch {
      return { provenFor, unproven: attempt.nonces, isReclaimed: false };
    }
  };

  /** Look-ups after the first cost time. Only requests that the known secrets do not prove need them. */
  async function bestAttempt(provider: Provider, request: ProviderRequest, deadlines: Deadlines): Promise<Attempt> {
    const { table, queues } = deadlines;
    const { name } = provider;
    const attemptWith = (secrets: readonly WebhookSecret[]) =>
      attempt(provider, request, secrets, url => abortable(queues, get(url, queues)));
    let first: Attempt;
    try {
      first = await attemptWith(await abortable(queues, secretsOf(name)));
      if (!isForWantOfSecret(first)) return first;
    } catch (error) {
      first = withoutSecrets(error);
      // Somebody may have mended the list.
      if (!(error instanceof InvalidWebhookSecrets)) return first;
    }
    try {
      if (name === 'app' && canaryKey !== undefined) {
        // A hanging table leaves time to read the secrets again.
        const secret = await abortable(table, canaryKey()).catch((error: Error) => error);
        if (typeof secret !== 'string') {
          // Refused, the canary would look for the fault in its signature.
          if (request.headers['webhook-id']?.startsWith(canaryIdPrefix))
            return { unavailable: `canary key: ${errorName(secret)}` };
        } else {
          const canary = await attemptWith([{ secret, accountId: canaryAccountId }]);
          if ('provenFor' in canary) return canary;
        }
      }
      const renewed = (await abortable(queues, renewedSecretsOf(name, request.receivedAt))) ?? null;
      return renewed === null ? first : await attemptWith(renewed);
    } catch (error) {
      // Newer secrets may prove it: a refused call of some providers never comes again.
      return withoutSecrets(error);
    }
  }
}

function withoutSecrets(error: unknown): Attempt {
  return { unavailable: `secrets: ${error instanceof InvalidWebhookSecrets ? error.message : errorName(error)}` };
}

/** Refusals that other secrets would undo. */
const forWantOfSecret: readonly unknown[] = ['no_secret_configured', 'wrong_signature'] satisfies Refusal[];

function isForWantOfSecret(attempt: Attempt): boolean {
  if ('setUp' in attempt) return forWantOfSecret.includes(attempt.setUp.refusal);
  return 'refusal' in attempt && forWantOfSecret.includes(attempt.refusal);
}

/** Never rejects. */
async function attempt(
  provider: Provider,
  request: ProviderRequest,
  secrets: readonly WebhookSecret[],
  get: HttpGet,
): Promise<Attempt> {
  try {
    const setUp = (await provider.handshake?.(request, textsOf(secrets), get)) ?? null;
    if (setUp !== null) return { setUp };
    const found = await verifiedBy(provider, request, secrets, get);
    return typeof found === 'string' ? { refusal: found } : found;
  } catch (error) {
    return { unavailable: `http-get: ${errorName(error)}` };
  }
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
