import { credentialsIn, type Environment, endpointIn } from '../../shared/aws/environment.ts';
import { createJsonCall } from '../../shared/aws/json-calls.ts';
import { once } from '../../shared/runtime/once.ts';

/** Reads the text of a secret; rejects if it is out of reach. */
export type ReadSecret = () => Promise<string>;

const service = 'secretsmanager';

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html */
const specialEndpoints = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'] as const;

/**
 * Reads a secret by one signed call, because the first request of a process waits for it, and compiling the SDK's
 * middleware takes longer. Any failure is left to the SDK, which knows every partition and error.
 *
 * @param environment the variables of the Lambda function
 */
export function createSecretReader(
  secretArn: string,
  environment: Environment,
  bySdk: ReadSecret = readBySdk(secretArn),
): ReadSecret {
  // Only the SDK knows these endpoints, and a plain one would answer, too.
  if (specialEndpoints.some(name => environment[name] === 'true')) return bySdk;
  const call = createJsonCall({
    endpoint: endpointIn(environment, service, 'SECRETS_MANAGER'),
    region: environment.AWS_REGION ?? '',
    service,
    version: '1.1',
    connections: 1,
    connectTimeoutMs: 500,
    requestTimeoutMs: 1_000,
  });

  async function readDirectly(): Promise<string> {
    const answer = await call('secretsmanager.GetSecretValue', { SecretId: secretArn }, credentialsIn(environment));
    const { SecretString } = answer.status === 200 ? JSON.parse(answer.body) : {};
    if (typeof SecretString !== 'string') throw new Error(`answered ${answer.status}`);
    return SecretString;
  }

  return () => readDirectly().catch(bySdk);
}

function readBySdk(secretArn: string): ReadSecret {
  const client = once(async () => {
    const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
    return new SecretsManagerClient({
      requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
      maxAttempts: 1,
    });
  });
  return async () => {
    const { GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
    const { SecretString } = await (await client()).send(new GetSecretValueCommand({ SecretId: secretArn }));
    return SecretString ?? '';
  };
}
