import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Authorizer, TokenRefusal } from './http-api.ts';

export interface AuthorizerOptions {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** One of them is enough; an empty list demands none. */
  readonly scopes: readonly string[];
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** Finds the key of a token by its header. */
export type KeyFinder = JWTVerifyGetKey;

/** API Gateway takes RSA signatures alone. */
const algorithms = ['RS256', 'RS384', 'RS512'];

/** A token that opens nothing; the text is the gateway's own, where it is known. */
class InvalidToken extends Error {}

/**
 * API Gateway's JWT authorizer over an issuer's published keys. As there, the token's header must name its key, and no
 * time gets any tolerance (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html).
 */
export function createJwtAuthorizer(
  keyOf: KeyFinder,
  { issuer, audience, scopes, now = Date.now }: AuthorizerOptions,
): Authorizer {
  async function verified(token: string): Promise<JWTPayload> {
    if (typeof decodeProtectedHeader(token).kid !== 'string') throw new InvalidToken();
    const at = now();
    const currentDate = new Date(at);
    const { payload } = await jwtVerify(token, keyOf, { issuer, algorithms, currentDate, requiredClaims: ['exp'] });
    if (payload.iat !== undefined && !(payload.iat <= at / 1000)) throw new InvalidToken();
    const audiences = [payload.aud ?? payload.client_id].flat();
    if (!audiences.some(one => audience.includes(String(one)))) {
      throw new InvalidToken('the token does not have a valid audience');
    }
    return payload;
  }

  return async authorization => {
    if (authorization === undefined || authorization === '') {
      return refusal('no token', 'Bearer');
    }
    let payload: JWTPayload;
    try {
      payload = await verified(authorization.replace(/^Bearer /i, ''));
    } catch (error) {
      const description = descriptionOf(error);
      const details = description === '' ? '' : ` error_description="${description}"`;
      return refusal(
        description || 'invalid_token',
        `Bearer scope="${scopes.join(' ')}" error="invalid_token"${details}`,
      );
    }
    const words = [payload.scope ?? payload.scp].flat().filter(word => typeof word === 'string');
    const granted = words.flatMap(word => word.split(' '));
    if (scopes.length > 0 && !scopes.some(scope => granted.includes(scope))) {
      return { refused: 'forbidden', error: 'insufficient_scope', headers: {} };
    }
    return {
      claims: Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, claimText(value)])),
      // Null on routes that demand no scopes, although the declared type has no null.
      scopes: (scopes.length > 0 ? granted : null) as string[],
    };
  };
}

function refusal(error: string, challenge: string): TokenRefusal {
  return { refused: 'unauthorized', error, headers: { 'www-authenticate': challenge } };
}

function descriptionOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  return error instanceof InvalidToken ? error.message : '';
}

/** A claim as API Gateway writes it, in the way of the language Go: a list as `[a b]`, an object as `map[name:value]`. */
function claimText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(claimText).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return value === null ? '<nil>' : String(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${claimText(member)}`).join(' ')}]`;
}
