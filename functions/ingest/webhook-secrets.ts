import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

/** A rotated secret is in force within 5 minutes: looked up again after 4, and never used beyond 5. */
const refreshAfter = 4 * 60_000;
const expiresAfter = 5 * 60_000;

const secretValue = z.record(z.string(), z.union([z.string().transform(secret => [secret]), z.array(z.string())]));

/** Webhook secrets by provider; a provider that is not in it has none. */
export type WebhookSecrets = Readonly<Record<string, readonly string[]>>;

/**
 * The webhook secrets of all providers, from one Secrets Manager secret whose value is JSON: provider → list of secrets
 * (several while one is being rotated). Kept in memory, one lookup at a time.
 *
 * @returns a function that gives the secrets in force; it rejects when they are out of reach or unreadable
 */
export function createWebhookSecrets(
  client: Pick<SecretsManagerClient, 'send'>,
  secretArn: string,
  now: () => number,
): () => Promise<WebhookSecrets> {
  let known: { readonly secrets: WebhookSecrets; readonly at: number } | null = null;
  let lookup: Promise<WebhookSecrets> | null = null;

  const lookUp = async () => {
    const at = now();
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    const secrets = secretValue.parse(JSON.parse(SecretString ?? ''));
    known = { secrets, at };
    return secrets;
  };

  return async () => {
    const age = known === null ? Number.POSITIVE_INFINITY : now() - known.at;
    if (known !== null && age < refreshAfter) return known.secrets;
    lookup ??= lookUp().finally(() => {
      lookup = null;
    });
    try {
      return await lookup;
    } catch (error) {
      if (known !== null && age < expiresAfter) return known.secrets;
      throw error;
    }
  };
}
