import {
  type WebhookSecret,
  webhookSecretsIn,
  webhookSecretsOf,
} from '../../shared/providers/signatures/webhook-secrets.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';
import type { ReadSecret } from './secret-reader.ts';

const minute = 60_000;
/** A removed secret is refused within 15 minutes: secrets are read again after 14 and never used beyond 15. */
const refreshAfter = 14 * minute;
const expiresAfter = 15 * minute;
/** A new secret is in force within 4 minutes: a call that the known ones do not prove has them read again. */
const renewAfter = 4 * minute;

/** A provider's webhook secrets in force, none if it is not configured. Rejects if they are unavailable or invalid. */
export type WebhookSecretsOf = (provider: string) => Promise<readonly WebhookSecret[]>;

/**
 * Secrets that are newer than those that did not prove a request; null if there can be none yet. Rejects like
 * {@link WebhookSecretsOf}.
 *
 * @param since when the request came, in epoch milliseconds
 */
export type RenewedSecretsOf = (provider: string, since: number) => Promise<readonly WebhookSecret[] | null>;

export interface WebhookSecrets {
  /** Begins to read them before a request needs them. If that fails, the request reads them. */
  readonly prefetch: () => void;
  readonly secretsOf: WebhookSecretsOf;
  readonly renewedSecretsOf: RenewedSecretsOf;
}

type AllSecrets = Readonly<Record<string, unknown>>;

/**
 * Reads the webhook secrets of all providers from one Secrets Manager secret, whose JSON maps each provider to a list.
 * A list holds several secrets during a rotation, or if accounts have their own. The secrets stay in memory, and one
 * lookup runs at a time. An invalid entry affects only its provider.
 */
export function createWebhookSecrets(read: ReadSecret, now: () => number): WebhookSecrets {
  /** They may have changed since `at`; `readAt` is when they arrived. */
  let known: { readonly secrets: AllSecrets; readonly at: number; readonly readAt: number } | null = null;
  let lookup: Promise<AllSecrets> | null = null;
  let triedAt = Number.NEGATIVE_INFINITY;

  const lookUpAll = async () => {
    const at = now();
    triedAt = at;
    const secrets = webhookSecretsIn(await read());
    known = { secrets, at, readAt: now() };
    return secrets;
  };

  const currentLookUp = () => {
    lookup ??= lookUpAll().finally(() => {
      lookup = null;
    });
    return lookup;
  };

  const age = () => now() - (known?.at ?? Number.NEGATIVE_INFINITY);

  const inForce = async () => {
    if (known !== null && age() < refreshAfter) return known.secrets;
    const current = currentLookUp();
    if (known !== null && age() < expiresAfter) {
      // The lookup runs beside the request, so that a slow Secrets Manager delays nobody; after a failure the next
      // request retries.
      current.catch(() => {});
      return known.secrets;
    }
    const secrets = await current;
    // A lookup that began before the function was frozen may return expired secrets.
    return age() < expiresAfter ? secrets : lookUpAll();
  };

  /** A flood of forged calls has them read again once in four minutes. */
  const renewed = async (since: number): Promise<AllSecrets | null> => {
    if (lookup === null && known !== null && known.readAt > since) return known.secrets;
    if (lookup === null && now() - triedAt < renewAfter) return null;
    return currentLookUp();
  };

  return {
    prefetch: () => void currentLookUp().catch(() => {}),
    secretsOf: async provider => webhookSecretsOf(provider, ownValue(await inForce(), provider)),
    async renewedSecretsOf(provider, since) {
      const secrets = await renewed(since);
      return secrets === null ? null : webhookSecretsOf(provider, ownValue(secrets, provider));
    },
  };
}
