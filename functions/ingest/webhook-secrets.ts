import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  type WebhookSecret,
  webhookSecretsIn,
  webhookSecretsOf,
} from '../../shared/providers/signatures/webhook-secrets.ts';
import { ownValue } from '../../shared/runtime/own-property.ts';

/** A rotated secret is in force within 5 minutes: looked up again after 4, and never used beyond 5. */
const refreshAfter = 4 * 60_000;
const expiresAfter = 5 * 60_000;

/** A provider's webhook secrets in force, none where it is not configured; rejects when they are out of reach or unreadable. */
export type WebhookSecretsOf = (provider: string) => Promise<readonly WebhookSecret[]>;

/**
 * The webhook secrets of all providers, from one Secrets Manager secret whose value is JSON: provider → list of secrets
 * (several while one is being rotated, or where accounts have their own). Kept in memory, one lookup at a time. A fault in
 * one provider's entry affects that provider alone.
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
      // Beside the request, so that nobody waits while Secrets Manager is slow; should it fail, the next one asks again.
      lookup.catch(() => {});
      return known.secrets;
    }
    const secrets = await lookup;
    // One that was begun before the function was frozen may bring what is long out of date.
    return age() < expiresAfter ? secrets : lookUpAll();
  };

  return async provider => webhookSecretsOf(provider, ownValue(await inForce(), provider));
}
