/** Whose emails a token opens, and whether it may change them. API Gateway has verified it by then: issuer, audience, signature and time. */

import type {
  APIGatewayEventRequestContextJWTAuthorizer,
  APIGatewayEventRequestContextV2,
  APIGatewayProxyEventV2WithRequestContext,
} from 'aws-lambda';
import { isAccountId, limits } from '../email/event.ts';
import { problem } from './problems.ts';
import type { HttpAnswer } from './responses.ts';
import type { Route } from './routes.ts';

export type VerifiedToken = APIGatewayEventRequestContextJWTAuthorizer['jwt'];

/** An event of any route but a provider's; public ones come without an authorizer. */
export type ApiEvent = APIGatewayProxyEventV2WithRequestContext<
  APIGatewayEventRequestContextV2 & { readonly authorizer?: { readonly jwt: VerifiedToken } }
>;

export interface AccessRules {
  /** The token's claim that names the account. */
  readonly accountClaim: string;
  /** The scope that sees every account, and may change all that can be changed. */
  readonly supportScope: string;
  /** The scope with which an account's token may change something; where there is none, support alone may. */
  readonly manageScope?: string;
}

/** Claims by which issuers mark an ID token: it says who somebody is and was never meant to open an API. */
const idTokenMarks = {
  token_use: value => value === 'id',
  typ: value => value === 'ID',
  at_hash: value => value !== undefined,
} as const satisfies Record<string, (value: unknown) => boolean>;

/** Whether the token is recognisably an ID token; not every issuer marks them. */
function isIdToken({ claims }: VerifiedToken): boolean {
  return Object.entries(idTokenMarks).some(([claim, marks]) => marks(claims[claim]));
}

/** RFC 8693 names it `scope`; Okta and Entra ID have `scp`. */
const scopeClaims = ['scope', 'scp'] as const;

type Claims = Readonly<Record<string, unknown>>;

/**
 * The claims as the issuer wrote them. API Gateway, which has verified the token, hands each on as text: `7` and `"7"`
 * are the same there, and a list is `[a b]`.
 */
function issuedClaims(authorization: string): Claims {
  try {
    return JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()) ?? {};
  } catch {
    return {};
  }
}

/** The text of the account claim; null, true, a number, a list and an object are none. */
function accountClaimOf(verified: Claims, issued: Claims, { accountClaim }: AccessRules): string | undefined {
  const claim = issued[accountClaim];
  return typeof claim === 'string' && verified[accountClaim] === claim ? claim : undefined;
}

const invalidToken = { 'www-authenticate': 'Bearer error="invalid_token"' };

/** Said without the claim itself. */
const unusableAccountClaim = {
  detail: `The token's account claim is no account id: 1 to ${limits.accountId} characters out of A-Z, a-z, 0-9 and . _ ~ : @ = + -`,
};

function hasScope({ claims, scopes }: VerifiedToken, issued: Claims, scope: string): boolean {
  // API Gateway fills `scopes` only on routes that demand some; the claims are always there.
  if (scopes?.includes(scope)) return true;
  const grants = (claim: unknown) => wordsIn(claim).includes(scope);
  return scopeClaims.some(name => grants(claims[name]) && grants(issued[name]));
}

/** Words of a text, or of a list, which API Gateway writes as `[a b]`; none of anything else. */
function wordsIn(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.filter(word => typeof word === 'string');
  if (typeof claim !== 'string' || /^(?:map\[|\{)/.test(claim)) return [];
  return claim.replace(/^\[(.*)\]$/s, '$1').split(' ');
}

/**
 * Why the bearer may not call a route; null where they may. An account that is not theirs looks like one that does not
 * exist. Which scope a route asks for is no secret (RFC 6750), and neither is a claim that no account can have.
 */
export function refusalOf(
  event: ApiEvent,
  { access, writes }: Pick<Route, 'writes'> & { readonly access: Exclude<Route['access'], 'provider'> },
  rules: AccessRules,
): HttpAnswer | null {
  if (access === 'public') return null;
  const { requestContext, pathParameters, headers } = event;
  const token = requestContext.authorizer?.jwt;
  // API Gateway passes the header on that it has verified; without it, nobody knows of which type a claim was.
  const { authorization } = headers;
  if (token === undefined || authorization === undefined || isIdToken(token)) {
    return problem('unauthorized', {}, invalidToken);
  }
  const issued = issuedClaims(authorization);
  const isSupport = hasScope(token, issued, rules.supportScope);
  if (access === 'support') return isSupport ? null : forbidden(rules.supportScope);
  const accountId = pathParameters?.accountId ?? '';
  if (isSupport) return isAccountId(accountId) ? null : problem('not-found');
  const claim = accountClaimOf(token.claims, issued, rules);
  if (claim !== undefined && !isAccountId(claim)) return problem('forbidden', unusableAccountClaim, invalidToken);
  if (claim !== accountId) return problem('not-found');
  const { manageScope = rules.supportScope } = rules;
  return !writes || hasScope(token, issued, manageScope) ? null : forbidden(manageScope);
}

/** @param scope the one that is missing */
function forbidden(scope: string): HttpAnswer {
  return problem('forbidden', {}, { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` });
}
