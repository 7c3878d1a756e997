import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** A secret that the deployment generates; rejects while it is unavailable. */
export type GeneratedSecret = () => Promise<string>;

/** Reads the secret once per process; the next request retries a failed read. */
export function createGeneratedSecret(client: Pick<SecretsManagerClient, 'send'>, secretArn: string): GeneratedSecret {
  let lookup: Promise<string> | null = null;
  return () => {
    lookup ??= client.send(new GetSecretValueCommand({ SecretId: secretArn })).then(({ SecretString = '' }) => {
      if (SecretString === '') throw new Error('a generated secret is empty');
      return SecretString;
    });
    lookup.catch(() => {
      lookup = null;
    });
    return lookup;
  };
}
