import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readableName } from '../cloudformation/readable-name.ts';
import type { Resource } from '../cloudformation/template.ts';
import { replaceFile } from '../data-dir.ts';
import { StartError } from '../start-error.ts';

/** The file of a secret that AWS generates: its text alone, so that it can be pasted. */
export function generatedSecretFile(dataDir: string, { logicalId }: Pick<Resource, 'logicalId'>): string {
  return join(dataDir, `${readableName(logicalId)}.txt`);
}

/** The value of such a secret. It is made at random at the first start, and kept. */
export function generatedSecret(dataDir: string, secret: Resource): string {
  const file = generatedSecretFile(dataDir, secret);
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const { PasswordLength = 32, SecretStringTemplate } = secret.properties.GenerateSecretString;
  if (SecretStringTemplate !== undefined)
    throw new StartError(`${secret.logicalId}: a generated secret with a template is not understood here`);
  const value = randomBytes(PasswordLength).toString('hex').slice(0, PasswordLength);
  replaceFile(file, `${value}\n`, { secret: true });
  return value;
}
