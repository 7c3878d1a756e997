import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
} from 'jose';
import type { Authorizer } from '../api-gateway/http-api.ts';
import { type AuthorizerOptions, createJwtAuthorizer, type KeyFinder } from '../api-gateway/jwt-authorizer.ts';
import { readSaved, replaceFile } from '../data-dir.ts';

/** The issuer of local tokens. Its key never leaves this machine. */
export interface TokenIssuer {
  /** The public key, as an issuer publishes it. */
  readonly jwks: { readonly keys: readonly JWK[] };
  readonly privateJwk: JWK;
  readonly keyOf: KeyFinder;
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** The authorizer of a route. */
  authorizer(options: AuthorizerOptions): Authorizer;
}

/** API Gateway takes RSA signatures alone. */
const algorithm = 'RS256';

/** The issuer with the key in the data directory, which the first start makes. */
export async function openTokenIssuer(dataDir: string): Promise<TokenIssuer> {
  const file = join(dataDir, 'token-key.json');
  if (!existsSync(file)) {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const jwk = await exportJWK(privateKey);
    replaceFile(file, JSON.stringify({ ...jwk, kid: await calculateJwkThumbprint(jwk), alg: algorithm, use: 'sig' }), {
      secret: true,
    });
  }
  const privateJwk = readSaved(file, 'a new key is made: tokens of the old one are refused then') as JWK;
  const { kty, n, e, kid, alg, use } = privateJwk;
  const jwks = { keys: [{ kty, n, e, kid, alg, use } as JWK] };
  const privateKey = await importJWK(privateJwk, algorithm);
  const keyOf = createLocalJWKSet(jwks);
  return {
    jwks,
    privateJwk,
    keyOf,
    sign: claims =>
      new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'at+jwt', ...(kid && { kid }) }).sign(privateKey),
    authorizer: options => createJwtAuthorizer(keyOf, options),
  };
}
