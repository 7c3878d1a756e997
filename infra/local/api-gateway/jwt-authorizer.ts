import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { readSaved, replaceFile } from '../data-dir.ts';
import type { Authorizer } from './http-api.ts';

/** The issuer of local tokens. Its key never leaves this machine. */
export interface TokenIssuer {
  /** The public key, as an issuer publishes it. */
  readonly jwks: { readonly keys: readonly JWK[] };
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** The authorizer of a route. */
  authorizer(options: {
    readonly issuer: string;
    readonly audience: readonly string[];
    readonly scopes: readonly string[];
  }): Authorizer;
}

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
  const jwk = readSaved(file, 'a new key is made: tokens of the old one are refused then') as JWK;
  const { kty, n, e, kid, alg, use } = jwk;
  const publicJwk = { kty, n, e, kid, alg, use } as JWK;
  const [privateKey, publicKey] = await Promise.all([importJWK(jwk, algorithm), importJWK(publicJwk, algorithm)]);
  return {
    jwks: { keys: [publicJwk] },
    sign: claims =>
      new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(kid && { kid }) }).sign(privateKey),
    authorizer:
      ({ issuer, audience, scopes }) =>
      async authorization => {
        try {
          const token = (authorization ?? '').replace(/^Bearer /i, '');
          const { payload } = await jwtVerify(token, publicKey, {
            issuer,
            algorithms: [algorithm],
            requiredClaims: ['exp'],
          });
          const audiences = [payload.aud ?? payload.client_id].flat();
          if (!audiences.some(one => audience.includes(String(one)))) return 'unauthorized';
          const words = [payload.scope ?? payload.scp].flat().filter(word => typeof word === 'string');
          const granted = words.flatMap(word => word.split(' '));
          if (scopes.length > 0 && !scopes.some(scope => granted.includes(scope))) return 'forbidden';
          return {
            claims: Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, claimText(value)])),
            // Null on routes that demand no scopes, although the declared type has no null.
            scopes: (scopes.length > 0 ? granted : null) as string[],
          };
        } catch {
          return 'unauthorized';
        }
      },
  };
}

/** A claim as API Gateway writes it: a list as `[a b]`. */
function claimText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(claimText).join(' ')}]`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
