import type { APIGatewayEventRequestContextJWTAuthorizer } from 'aws-lambda';

/** A token that API Gateway's authorizer has already verified: issuer, audience, signature and time. */
export type VerifiedToken = APIGatewayEventRequestContextJWTAuthorizer['jwt'];

export interface AccessRules {
  /** The token's claim that names the account. */
  readonly accountClaim: string;
  /** The scope that sees every account. */
  readonly supportScope: string;
}

/** Claims by which issuers mark an ID token: it says who somebody is and was never meant to open an API. */
const idTokenMarks = {
  token_use: value => value === 'id',
  typ: value => value === 'ID',
  at_hash: value => value !== undefined,
} as const satisfies Record<string, (value: unknown) => boolean>;

/** Whether the token is recognisably an ID token; not every issuer marks them. */
export function isIdToken({ claims }: VerifiedToken): boolean {
  return Object.entries(idTokenMarks).some(([claim, marks]) => marks(claims[claim]));
}

/** Whether the token's bearer may see the account's emails. */
export function maySee({ claims, scopes }: VerifiedToken, accountId: string, rules: AccessRules): boolean {
  if (claims[rules.accountClaim] === accountId) return true;
  // API Gateway fills `scopes` only on routes that demand some; the claims are always there.
  const granted = [...(scopes ?? []), ...scopeClaims.flatMap(claim => wordsIn(claims[claim]))];
  return granted.includes(rules.supportScope);
}

/** RFC 8693 names it `scope`; Okta and Entra ID have `scp`. */
const scopeClaims = ['scope', 'scp'] as const;

/** Words of a text, or of a list, which API Gateway writes as `[a b]`. */
function wordsIn(claim: unknown): string[] {
  return typeof claim === 'string' ? claim.replace(/^\[(.*)\]$/s, '$1').split(' ') : [];
}
