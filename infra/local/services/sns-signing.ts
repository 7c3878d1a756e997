import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';

/** Stands in for Amazon SNS where its notifications are signed on this machine: with a key, and a certificate of it. */

let ours: string | undefined;

/** One key for every topic, as SNS has: PKCS #8 in base64. Made once a process. */
export function snsSigningKey(): string {
  ours ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'der' })
    .toString('base64');
  return ours;
}

/** The path of a key's certificate, as SNS names them. */
export function certificatePath(signingKey: string): string {
  return `/SimpleNotificationService-${createHash('sha256').update(signingKey).digest('hex').slice(0, 32)}.pem`;
}

/** The X.509 certificate of a key, in PEM. */
export async function certificateOf(signingKey: string): Promise<string> {
  const { generate } = await import('selfsigned');
  const key = createPrivateKey({ key: Buffer.from(signingKey, 'base64'), format: 'der', type: 'pkcs8' });
  const { cert } = await generate([{ name: 'commonName', value: 'sns.amazonaws.com' }], {
    keyPair: {
      privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      publicKey: createPublicKey(key.export({ type: 'pkcs8', format: 'pem' }))
        .export({ type: 'spki', format: 'pem' })
        .toString(),
    },
  });
  return cert;
}

/**
 * SNS's certificate, made on the first request for it, and its ConfirmSubscription.
 *
 * @param signingKey null where nothing is signed on this machine
 */
export async function startSnsSigning(signingKey: string | null): Promise<LoopbackServer> {
  let certificate: Promise<string> | undefined;
  return startLoopbackServer(async ({ url = '/' }) => {
    const { pathname, searchParams } = new URL(url, 'http://sns');
    if (signingKey !== null && pathname === certificatePath(signingKey)) {
      certificate ??= certificateOf(signingKey);
      return { status: 200, contentType: 'application/x-pem-file', body: await certificate };
    }
    if (searchParams.get('Action') === 'ConfirmSubscription') {
      return { status: 200, contentType: 'text/xml', body: '<ConfirmSubscriptionResponse/>' };
    }
    return { status: 404, contentType: 'text/plain', body: '' };
  });
}
