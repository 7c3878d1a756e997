import { certificateOf, certificatePath, snsSigningKey } from '../infra/local/sns-signing.ts';

const certificate = await certificateOf(snsSigningKey());

/** What Amazon SNS answers a GET: the certificate of the key with which tests sign, and nothing else. */
export const snsGet = async (url: string): Promise<string | null> =>
  new URL(url).pathname === certificatePath(snsSigningKey()) ? certificate : null;
