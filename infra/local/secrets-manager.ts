import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { replaceFile } from './data-dir.ts';
import type { Resource } from './template.ts';

export interface SecretsManager {
  readonly endpoint: string;
  /** The secrets of the template. */
  serve(secrets: readonly Resource[]): void;
  stop(): void;
}

/**
 * Secrets Manager's GetSecretValue. A secret that the template leaves empty (`{}`) is one that people fill in: its value
 * is the file of webhook secrets, read again on each call. A secret that AWS would generate is generated once.
 */
export async function startSecretsManager(dataDir: string, webhookSecretsFile: string): Promise<SecretsManager> {
  let values: Readonly<Record<string, () => string>> = {};
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = (status: number, output: object) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(output));
    try {
      const { SecretId } = JSON.parse(Buffer.concat(chunks).toString()) as { SecretId: string };
      const value = values[SecretId];
      if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue' || value === undefined) {
        answer(400, {
          __type: 'ResourceNotFoundException',
          message: "Secrets Manager can't find the specified secret.",
        });
      } else answer(200, { ARN: SecretId, Name: SecretId, VersionStages: ['AWSCURRENT'], SecretString: value() });
    } catch (error) {
      answer(500, { __type: 'InternalServiceError', message: String(error) });
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    serve(secrets) {
      values = Object.fromEntries(
        secrets.map(secret => [secret.ref, () => secretValue(secret, dataDir, webhookSecretsFile)] as const),
      );
    },
    stop: () => server.close().closeAllConnections(),
  };
}

function secretValue({ logicalId, properties }: Resource, dataDir: string, webhookSecretsFile: string): string {
  const { SecretString, GenerateSecretString } = properties;
  if (SecretString === '{}') return readFileSync(webhookSecretsFile, 'utf8');
  if (GenerateSecretString === undefined) return SecretString ?? '';
  const file = join(dataDir, `secret-${logicalId}`);
  if (!existsSync(file)) replaceFile(file, generated(GenerateSecretString), { secret: true });
  return readFileSync(file, 'utf8');
}

function generated({ PasswordLength = '32', SecretStringTemplate, GenerateStringKey }: Record<string, string>): string {
  const text = randomBytes(Number(PasswordLength)).toString('base64url').slice(0, Number(PasswordLength));
  if (SecretStringTemplate === undefined || GenerateStringKey === undefined) return text;
  return JSON.stringify({ ...JSON.parse(SecretStringTemplate), [GenerateStringKey]: text });
}
