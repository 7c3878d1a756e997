import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { limits } from '../../shared/event.ts';
import { lookUp } from '../../shared/look-up.ts';
import { isPlainText } from '../../shared/text.ts';

/** A rotated secret is in force within 5 minutes: looked up again after 4, and never used beyond 5. */
const refreshAfter = 4 * 60_000;
const expiresAfter = 5 * 60_000;

const secretValue = z.record(z.string(), z.unknown());

const webhookSecret = z.union([
  z.string(),
  z.object({ secret: z.string(), accountId: z.string().check(z.refine(id => isPlainText(id, limits.accountId))) }),
]);

/** A secret that proves events of every account, or of one alone. */
export type WebhookSecret = z.infer<typeof webhookSecret>;

/** One secret proves one thing: where it stood for two accounts, either could tell of the other's emails. */
function areUnequivocal(secrets: readonly WebhookSecret[]): boolean {
  const meanings = new Map<string, string | undefined>();
  return secrets.every(entry => {
    const { secret, accountId } = typeof entry === 'string' ? { secret: entry, accountId: undefined } : entry;
    const isNew = !meanings.has(secret.trim());
    const isSame = meanings.get(secret.trim()) === accountId;
    meanings.set(secret.trim(), accountId);
    return isNew || isSame;
  });
}

const secretList = z._default(
  z.union([
    z.pipe(
      webhookSecret,
      z.transform((secret): readonly WebhookSecret[] => [secret]),
    ),
    z.array(webhookSecret).check(z.refine(areUnequivocal)),
  ]),
  [],
);

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
  let known: { readonly secrets: z.infer<typeof secretValue>; readonly at: number } | null = null;
  let lookup: Promise<z.infer<typeof secretValue>> | null = null;

  const lookUpAll = async () => {
    const at = now();
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    const secrets = secretValue.parse(JSON.parse(SecretString ?? ''));
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

  return async provider => secretList.parse(lookUp(await inForce(), provider));
}
