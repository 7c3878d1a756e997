import type { Resource } from '../cloudformation/template.ts';
import { StartError } from '../start-error.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';

export interface SecretsManager extends LoopbackServer {
  /**
   * Takes the secrets of the template.
   *
   * @param generated the value of a secret that AWS generates
   */
  serve(secrets: readonly Resource[], generated: (secret: Resource) => string): void;
  /** The value of a secret by its ARN. */
  valueOf(arn: string): string;
}

/**
 * Secrets Manager's GetSecretValue and DescribeSecret. People fill in a secret that the template leaves empty (`{}`): its
 * value is that of the webhook secrets, asked for on each call.
 */
export async function startSecretsManager(webhookSecrets: () => string): Promise<SecretsManager> {
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
    valueOf(arn) {
      const value = values[arn];
      if (value === undefined) throw new StartError(`${arn} is no secret of the template`);
      return value();
    },
    serve(secrets, generated) {
      values = Object.fromEntries(
        secrets.map(secret => {
          const { logicalId, ref, properties } = secret;
          if (properties.GenerateSecretString !== undefined) return [ref, () => generated(secret)] as const;
          if (properties.SecretString !== '{}')
            throw new StartError(`${logicalId}: the value of a secret is not understood here`);
          return [ref, webhookSecrets] as const;
        }),
      );
    },
  };
}
