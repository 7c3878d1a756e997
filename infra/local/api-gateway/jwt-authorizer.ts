import { createLocalJWKSet, type JSONWebKeySet, type JWK, jwtVerify } from 'jose';
import type { Authorizer } from './http-api.ts';

export interface AuthorizerOptions {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** One of them is enough; an empty list demands none. */
  readonly scopes: readonly string[];
}

/** API Gateway's JWT authorizer over an issuer's published keys. It takes RSA signatures alone, as API Gateway does. */
export function createJwtAuthorizer(
  jwks: { readonly keys: readonly JWK[] },
  { issuer, audience, scopes }: AuthorizerOptions,
): Authorizer {
  const keyOf = createLocalJWKSet(jwks as JSONWebKeySet);
  return async authorization => {
    try {
      const token = (authorization ?? '').replace(/^Bearer /i, '');
      const { payload } = await jwtVerify(token, keyOf, {
        issuer,
        algorithms: ['RS256', 'RS384', 'RS512'],
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
  };
}

/** A claim as API Gateway writes it: a list as `[a b]`. */
function claimText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(claimText).join(' ')}]`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
