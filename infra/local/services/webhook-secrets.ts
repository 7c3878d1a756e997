import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { nearestName } from '../../../shared/providers/parsing/nearest-name.ts';
import type { Provider, ProviderRequest } from '../../../shared/providers/provider.ts';
import {
  type WebhookSecret,
  webhookSecretsIn,
  webhookSecretsOf,
} from '../../../shared/providers/signatures/webhook-secrets.ts';
import { accountId, region } from '../cloudformation/template.ts';
import { replaceFile } from '../data-dir.ts';
import { StartError } from '../start-error.ts';
import { snsSigningKey } from './sns-signing.ts';

/** The secret that a webhook's verification takes, and the key that the sender signs with. They differ for key pairs alone. */
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
  /** Every topic is signed with the same key, SNS's: the ARN tells topics apart. Signs: ARN, blank, PKCS #8. */
  'sns-topic': () => {
    const topic = `arn:aws:sns:${region}:${accountId}:mail-${randomBytes(6).toString('hex')}`;
    return { verifies: topic, signs: `${topic} ${snsSigningKey()}` };
  },
} as const satisfies Record<Provider['secretKind'], () => SecretPair>;

/** A fresh secret of the kind that a provider uses. */
export function createSecretPair(kind: Provider['secretKind']): SecretPair {
  return kinds[kind]();
}

/** The fault of a secret that the verification cannot use, in words. */
const faults = {
  text: 'is no secret',
  'standard-webhooks': 'is no base64, with or without whsec_',
  base64: 'is no base64',
  'basic-auth': 'is no user:password',
  'ec-p256': 'is no P-256 public key',
  rsa: 'is no RSA public key',
  'sns-topic': 'is no ARN of an SNS topic',
} as const satisfies Record<Provider['secretKind'], string>;

/** A request that proves nothing: a verification only says whether it has a usable secret. */
const unprovenRequest: ProviderRequest = {
  method: 'POST',
  url: 'https://localhost/',
  headers: {},
  body: Buffer.alloc(0),
  receivedAt: 0,
};

export interface WebhookSecretFiles {
  /** The generated ones: provider → list of secrets, as in Secrets Manager. */
  readonly secretsFile: string;
  /** Provider → the key with which demo and simulator sign. */
  readonly signingKeysFile: string;
  /** The user's own, which are valid beside the generated ones; null where there are none. */
  readonly ownSecretsFile: string | null;
}

/**
 * Opens the files of webhook secrets. The generated ones have a random secret per provider, and one more whenever a
 * provider is added.
 *
 * @param ownFile JSON file of the user's own: provider → list of secrets
 * @throws StartError if a file cannot be used
 */
export function openWebhookSecrets(
  dataDir: string,
  ownFile: string | undefined,
  providers: Readonly<Record<string, Provider>>,
): WebhookSecretFiles {
  const ownSecretsFile = ownFile === undefined || ownFile === '' ? null : resolve(ownFile);
  if (ownSecretsFile !== null) checkNames(ownSecretsFile, Object.keys(providers));
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
  return { secretsFile, signingKeysFile, ownSecretsFile };
}

/**
 * The secrets in force as Secrets Manager gives them: per provider the user's own, then the generated one. Both files are
 * read anew. An own file that cannot be used is given as it is, so that the functions meet the same fault as on AWS.
 */
export function webhookSecretsText({ secretsFile, ownSecretsFile }: WebhookSecretFiles): string {
  const generatedText = readFileSync(secretsFile, 'utf8');
  if (ownSecretsFile === null) return generatedText;
  const ownText = readFileSync(ownSecretsFile, 'utf8');
  try {
    const generated = webhookSecretsIn(generatedText);
    const merged = Object.entries(webhookSecretsIn(ownText)).map(([provider, own]) => {
      const both = [...[own].flat(), ...[generated[provider] ?? []].flat()];
      // A generated secret that its user has bound to an account proves nothing else any more.
      return [provider, isUsable(provider, both) ? both : own];
    });
    return JSON.stringify({ ...generated, ...Object.fromEntries(merged) });
  } catch {
    return ownText;
  }
}

/** One line for each of the user's own secrets that can verify nothing. No line has the secret. */
export async function uselessOwnSecrets(
  { ownSecretsFile }: WebhookSecretFiles,
  providers: Readonly<Record<string, Provider>>,
): Promise<readonly string[]> {
  const entries = ownSecretsFile === null ? {} : readWebhookSecrets(ownSecretsFile);
  const lines: string[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    for (const fault of await secretFaults(providers[name]!, webhookSecretsOf(name, entry)))
      lines.push(`WEBHOOK_SECRETS: ${name}'s ${fault}: no callback will match it`);
  }
  return lines;
}

/** The secrets of one provider that can verify nothing, e.g. `secret 2 is no base64`. No fault has the secret. */
export async function secretFaults(provider: Provider, secrets: readonly WebhookSecret[]): Promise<readonly string[]> {
  const faulty: string[] = [];
  for (const [index, own] of secrets.entries()) {
    const secret = typeof own === 'string' ? own : own.secret;
    const answer = await provider.verify(unprovenRequest, [secret], async () => null);
    if (answer !== 'no_secret_configured') continue;
    faulty.push(`secret ${index + 1} ${secret.trim() === '' ? 'is blank' : faults[provider.secretKind]}`);
  }
  return faulty;
}

function isUsable(provider: string, entry: unknown): boolean {
  try {
    webhookSecretsOf(provider, entry);
    return true;
  } catch {
    return false;
  }
}

/** @throws StartError if the file has the name of no provider */
function checkNames(file: string, names: readonly string[]): void {
  const unknown = Object.keys(readWebhookSecrets(file)).filter(name => !names.includes(name));
  if (unknown.length === 0) return;
  const nearest = [...new Set(unknown.flatMap(name => nearestName(name, names) ?? []))];
  const remedy = nearest.length > 0 ? `did you mean ${nearest.join(', ')}?` : `it can be one of: ${names.join(', ')}`;
  throw new StartError(`WEBHOOK_SECRETS: there is no provider ${unknown.join(', ')}, which ${file} names; ${remedy}`);
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
  const keys = Object.values(readWebhookSecrets(signingKeysFile));
  const ofTopic = keys.find((key): key is string => typeof key === 'string' && key.startsWith('arn:'));
  return ofTopic?.split(' ')[1] ?? null;
}
