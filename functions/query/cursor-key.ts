import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CursorKey } from './cursor.ts';

/**
 * The key of the stack's cursors, from its secret: looked up once and kept. A lookup that failed is tried again with the
 * next request; whoever changes the key makes the cursors of that day useless, and nothing else.
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
