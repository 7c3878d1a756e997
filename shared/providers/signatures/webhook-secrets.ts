/** The webhook secrets of all providers: a JSON object, provider → list of secrets, or one secret. */

import * as z from 'zod/mini';
import { accountIdShape, canaryAccountId } from '../../email/event.ts';

/** The webhook secrets cannot be used. The message names the provider and the fault, and never a secret. */
export class InvalidWebhookSecrets extends Error {
  override readonly name = 'InvalidWebhookSecrets';
}

const webhookSecret = z.union([
  z.string(),
  z.object({ secret: z.string(), accountId: z.string().check(z.regex(accountIdShape)) }),
]);

/** A secret that proves events of every account, or of one alone. */
export type WebhookSecret = z.infer<typeof webhookSecret>;

const secretList = z.union([
  z.pipe(
    webhookSecret,
    z.transform((secret): readonly WebhookSecret[] => [secret]),
  ),
  z.array(webhookSecret),
]);

const secretsByProvider = z.record(z.string(), z.unknown());

/** @throws InvalidWebhookSecrets where it is no JSON object */
export function webhookSecretsIn(json: string): Readonly<Record<string, unknown>> {
  try {
    return secretsByProvider.parse(JSON.parse(json));
  } catch {
    throw new InvalidWebhookSecrets('they must be a JSON object, provider → list of secrets');
  }
}

/**
 * One provider's entry; none where there is none.
 *
 * @throws InvalidWebhookSecrets where it cannot be used
 */
export function webhookSecretsOf(provider: string, entry: unknown = []): readonly WebhookSecret[] {
  const { success, data: secrets } = secretList.safeParse(entry);
  if (!success) {
    throw new InvalidWebhookSecrets(
      `${provider}: must be a list of secrets, each a text or {"secret": "…", "accountId": "…"}`,
    );
  }
  if (secrets.some(entry => typeof entry !== 'string' && entry.accountId === canaryAccountId)) {
    throw new InvalidWebhookSecrets(`${provider}: the account ${canaryAccountId} is Mailtrail's own`);
  }
  if (!areUnequivocal(secrets)) {
    throw new InvalidWebhookSecrets(`${provider}: a secret stands there twice, for different accounts`);
  }
  return secrets;
}

/** A secret stands for one account. If it stood for two, each could report events of the other's emails. */
function areUnequivocal(secrets: readonly WebhookSecret[]): boolean {
  const accounts = new Map<string, string | undefined>();
  return secrets.every(entry => {
    const { secret, accountId } = typeof entry === 'string' ? { secret: entry, accountId: undefined } : entry;
    const key = keyOf(secret);
    const isSame = !accounts.has(key) || accounts.get(key) === accountId;
    accounts.set(key, accountId);
    return isSame;
  });
}

/** A secret without the prefix, armour and blanks that dashboards put around a key. */
function keyOf(secret: string): string {
  return secret
    .replace(/-----(?:BEGIN|END) [A-Z ]+-----/g, '')
    .replace(/\s/g, '')
    .replace(/^whsec_/, '')
    .replace(/=+$/, '');
}
