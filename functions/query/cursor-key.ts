import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CursorKey } from './cursor.ts';

/**
 * Reads the key of the stack's cursors from its secret, once per process; the next request retries a failed read.
 * Changing the key invalidates the cursors in use and nothing else.
 */
export function createCursorKey(client: Pick<SecretsManagerClient, 'send'>, secretArn: string): CursorKey {
  let lookup: Promise<string> | null = null;
  return () => {
    lookup ??= client.send(new GetSecretValueCommand({ SecretId: secretArn })).then(({ SecretString = '' }) => {
      if (SecretString === '') throw new Error('the secret of the cursors is empty');
      return SecretString;
    });
    lookup.catch(() => {
      lookup = null;
    });
    return lookup;
  };
}
