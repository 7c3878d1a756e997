import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Provider } from '../../../shared/providers/provider.ts';
import { webhookSecretsIn, webhookSecretsOf } from '../../../shared/providers/signatures/webhook-secrets.ts';
import { accountId, region } from '../cloudformation/template.ts';
import { replaceFile } from '../data-dir.ts';
import { StartError } from '../start-error.ts';
import { snsSigningKey } from './sns-signing.ts';

/** A secret as the webhook's verification takes it, and what the sender signs with; the same thing but for key pairs. */
export interface SecretPair {
  readonly verifies: string;
  readonly signs: string;
}

const shared = (secret: string): SecretPair => ({ verifies: secret, signs: secret });

const kinds = {
  text: () => shared(randomBytes(32).toString('hex')),
  'standard-webhooks': () => shared(`whsec_${randomBytes(32).toString('base64')}`),
  base64: () => shared(randomBytes(48).toString('base64')),
  'basic-auth': () => shared(`mailtrail:${randomBytes(24).toString('hex')}`),
  /** In base64 without PEM armour: SPKI for the public half, PKCS #8 for the private one. */
  'ec-p256': () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return {
      verifies: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      signs: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    };
  },
  rsa: () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return {
      verifies: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      signs: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    };
  },
  /** Every topic is signed with the same key, SNS's: what tells topics apart is the ARN. Signs: ARN, blank, PKCS #8. */
  'sns-topic': () => {
    const topic = `arn:aws:sns:${region}:${accountId}:mail-${randomBytes(6).toString('hex')}`;
    return { verifies: topic, signs: `${topic} ${snsSigningKey()}` };
  },
} as const satisfies Record<Provider['secretKind'], () => SecretPair>;

/** A fresh secret of the kind that a provider uses. */
export function createSecretPair(kind: Provider['secretKind']): SecretPair {
  return kinds[kind]();
}

export interface WebhookSecretFiles {
  /** Provider → list of secrets, as in Secrets Manager. */
  readonly secretsFile: string;
  /** Provider → what the demo signs with; null when the secrets are the user's own. */
  readonly signingKeysFile: string | null;
}

/**
 * The file of webhook secrets: the user's own, or one with a random secret per provider, completed whenever a provider
 * was added.
 */
export function openWebhookSecrets(
  dataDir: string,
  ownFile: string | undefined,
  providers: Readonly<Record<string, Provider>>,
): WebhookSecretFiles {
  if (ownFile !== undefined && ownFile !== '') {
    const secretsFile = resolve(ownFile);
    const unknown = Object.keys(readWebhookSecrets(secretsFile)).filter(name => !Object.hasOwn(providers, name));
    if (unknown.length > 0) {
      throw new StartError(
        `WEBHOOK_SECRETS: ${secretsFile} names ${unknown.join(', ')}; known are ${Object.keys(providers).join(', ')}`,
      );
    }
    return { secretsFile, signingKeysFile: null };
  }
  const secretsFile = join(dataDir, 'webhook-secrets.json');
  const signingKeysFile = join(dataDir, 'signing-keys.json');
  const secrets = existsSync(secretsFile) ? readWebhookSecrets(secretsFile) : {};
  const keys = existsSync(signingKeysFile) ? readWebhookSecrets(signingKeysFile) : {};
  const missing = Object.entries(providers).filter(([name]) => !Object.hasOwn(secrets, name));
  const made = missing.map(([name, { secretKind }]) => [name, createSecretPair(secretKind)] as const);
  if (made.length > 0 || !existsSync(secretsFile)) {
    const write = (file: string, content: object) =>
      replaceFile(file, `${JSON.stringify(content, null, 2)}\n`, { secret: true });
    // The keys first: a start that ends in between makes the pair anew.
    write(signingKeysFile, { ...keys, ...Object.fromEntries(made.map(([provider, { signs }]) => [provider, signs])) });
    write(secretsFile, {
      ...secrets,
      ...Object.fromEntries(made.map(([provider, { verifies }]) => [provider, [verifies]])),
    });
  }
  return { secretsFile, signingKeysFile };
}

/** @throws StartError if the file cannot be read, or one of its entries cannot be used */
function readWebhookSecrets(file: string): Readonly<Record<string, unknown>> {
  try {
    const secrets = webhookSecretsIn(readFileSync(file, 'utf8'));
    for (const [provider, entry] of Object.entries(secrets)) webhookSecretsOf(provider, entry);
    return secrets;
  } catch (error) {
    throw new StartError(`the webhook secrets in ${file} cannot be used: ${(error as Error).message}`);
  }
}

/** The key with which SNS's notifications are signed here, out of the file of signing keys; null where there is none. */
export function snsSigningKeyIn({ signingKeysFile }: WebhookSecretFiles): string | null {
  const keys = signingKeysFile === null ? [] : Object.values(readWebhookSecrets(signingKeysFile));
  const ofTopic = keys.find((key): key is string => typeof key === 'string' && key.startsWith('arn:'));
  return ofTopic?.split(' ')[1] ?? null;
}
