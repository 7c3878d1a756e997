import { createConnections } from '../../shared/dynamodb/connections.ts';
import { createSigner } from '../../shared/dynamodb/signature.ts';

/** Reads the text of a secret; rejects if it is out of reach. */
export type ReadSecret = () => Promise<string>;

const service = 'secretsmanager';
const contentType = 'application/x-amz-json-1.1';
const target = 'secretsmanager.GetSecretValue';

/**
 * Reads a secret by one signed call, because the first request of a process waits for it, and compiling the SDK's
 * middleware takes longer. Any failure is left to the SDK, which knows every partition and error.
 *
 * @param environment the variables of the Lambda function
 */
export function createSecretReader(
  secretArn: string,
  environment: Readonly<Record<string, string | undefined>>,
  bySdk: ReadSecret = readBySdk(secretArn),
): ReadSecret {
  const region = environment.AWS_REGION ?? '';
  const { protocol, hostname, host, port } = new URL(
    environment.AWS_ENDPOINT_URL_SECRETS_MANAGER ?? environment.AWS_ENDPOINT_URL ?? endpointIn(region),
  );
  const secure = protocol === 'https:';
  const { post } = createConnections({
    host: hostname,
    port: Number(port) || (secure ? 443 : 80),
    secure,
    connections: 1,
    connectTimeoutMs: 500,
    requestTimeoutMs: 1_000,
  });
  const sign = createSigner({ region, service });
  const body = JSON.stringify({ SecretId: secretArn });

  async function readDirectly(): Promise<string> {
    const credentials = {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: environment.AWS_SESSION_TOKEN,
    };
    const answer = await post(
      {
        host,
        'content-type': contentType,
        'content-length': Buffer.byteLength(body),
        'x-amz-target': target,
        ...sign({ host, target, contentType, body }, credentials, Date.now()),
      },
      body,
    );
    const { SecretString } = answer.status === 200 ? JSON.parse(answer.body) : {};
    if (typeof SecretString !== 'string') throw new Error(`answered ${answer.status}`);
    return SecretString;
  }

  return () => readDirectly().catch(bySdk);
}

function endpointIn(region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

function readBySdk(secretArn: string): ReadSecret {
  return async () => {
    const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
    const client = new SecretsManagerClient({
      requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
      maxAttempts: 1,
    });
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    return SecretString ?? '';
  };
}
