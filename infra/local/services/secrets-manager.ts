import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '../cloudformation/template.ts';
import { replaceFile } from '../data-dir.ts';
import { StartError } from '../start-error.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';

export interface SecretsManager extends LoopbackServer {
  /** The secrets of the template. */
  serve(secrets: readonly Resource[]): void;
}

/**
 * Secrets Manager's GetSecretValue and DescribeSecret. People fill in a secret that the template leaves empty (`{}`): its value is that of
 * the webhook secrets, asked for on each call. A generated secret is made once, in the data directory.
 */
export async function startSecretsManager(dataDir: string, webhookSecrets: () => string): Promise<SecretsManager> {
  let values: Readonly<Record<string, () => string>> = {};
  const server = await startLoopbackServer(async (request, body) => {
    const answer = (status: number, output: object) => ({
      status,
      contentType: 'application/x-amz-json-1.1',
      body: JSON.stringify(output),
    });
    const { SecretId } = JSON.parse(body) as { SecretId: string };
    const value = values[SecretId];
    if (value === undefined) {
      return answer(400, {
        __type: 'ResourceNotFoundException',
        message: "Secrets Manager can't find the specified secret.",
      });
    }
    const described = { ARN: SecretId, Name: SecretId };
    const operation = request.headers['x-amz-target'];
    if (operation === 'secretsmanager.DescribeSecret')
      return answer(200, { ...described, VersionIdsToStages: { local: ['AWSCURRENT'] } });
    if (operation !== 'secretsmanager.GetSecretValue')
      return answer(400, { __type: 'InvalidRequestException', message: `${operation} is not understood here` });
    return answer(200, { ...described, VersionStages: ['AWSCURRENT'], SecretString: value() });
  });
  return {
    ...server,
    serve(secrets) {
      values = Object.fromEntries(
        secrets.map(secret => [secret.ref, sourceOf(secret, dataDir, webhookSecrets)] as const),
      );
    },
  };
}

function sourceOf({ logicalId, properties }: Resource, dataDir: string, webhookSecrets: () => string): () => string {
  if (properties.SecretString === '{}') return webhookSecrets;
  if (!properties.GenerateSecretString)
    throw new StartError(`${logicalId}: the value of a secret is not understood here`);
  const file = join(dataDir, `secret-${logicalId}`);
  if (!existsSync(file)) replaceFile(file, randomBytes(32).toString('hex'), { secret: true });
  return () => readFileSync(file, 'utf8');
}
