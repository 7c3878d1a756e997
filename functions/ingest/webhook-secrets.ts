import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { canaryAccountId } from '../../shared/email/event.ts';
import {
  type WebhookSecret,
  webhookSecretsIn,
  webhookSecretsOf,
} from '../../shared/providers/signatures/webhook-secrets.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';

/** A rotated secret is in force within 5 minutes: secrets are read again after 4 and never used beyond 5. */
const refreshAfter = 4 * 60_000;
const expiresAfter = 5 * 60_000;

/** A provider's webhook secrets in force, none if it is not configured. Rejects if they are unavailable or invalid. */
export type WebhookSecretsOf = (provider: string) => Promise<readonly WebhookSecret[]>;

/**
 * Reads the webhook secrets of all providers from one Secrets Manager secret, whose JSON maps each provider to a list.
 * A list holds several secrets during a rotation, or if accounts have their own. The secrets stay in memory, and one
 * lookup runs at a time. An invalid entry affects only its provider.
 */
export function createWebhookSecrets(
  client: Pick<SecretsManagerClient, 'send'>,
  secretArn: string,
  now: () => number,
): WebhookSecretsOf {
  let known: { readonly secrets: Readonly<Record<string, unknown>>; readonly at: number } | null = null;
  let lookup: Promise<Readonly<Record<string, unknown>>> | null = null;

  const lookUpAll = async () => {
    const at = now();
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    const secrets = webhookSecretsIn(SecretString ?? '');
    known = { secrets, at };
    return secrets;
  };

  const age = () => now() - (known?.at ?? Number.NEGATIVE_INFINITY);

  const inForce = async () => {
    if (known !== null && age() < refreshAfter) return known.secrets;
    lookup ??= lookUpAll().finally(() => {
      lookup = null;
    });
    if (known !== null && age() < expiresAfter) {
      // The lookup runs beside the request, so that a slow Secrets Manager delays nobody; after a failure the next
      // request retries.
      lookup.catch(() => {});
      return known.secrets;
    }
    const secrets = await lookup;
    // A lookup that began before the function was frozen may return expired secrets.
    return age() < expiresAfter ? secrets : lookUpAll();
  };

  return async provider => webhookSecretsOf(provider, ownValue(await inForce(), provider));
}

/**
 * Adds the canary's key to the secrets of the sending application; it proves events of the canary's account alone. While
 * the key is out of reach, every other secret stays in force.
 */
export function withCanaryKey(secretsOf: WebhookSecretsOf, key: () => Promise<string>): WebhookSecretsOf {
  return async provider => {
    if (provider !== 'app') return secretsOf(provider);
    const [secrets, canaryKey] = await Promise.all([secretsOf(provider), key().catch(() => null)]);
    return canaryKey === null ? secrets : [...secrets, { secret: canaryKey, accountId: canaryAccountId }];
  };
}
