/**
 * Decides which account's emails a token opens, and whether it may change them. API Gateway has already verified its
 * issuer, audience, signature and time.
 */

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

/** An event of any route except a provider's; public routes have no authorizer. */
export type ApiEvent = APIGatewayProxyEventV2WithRequestContext<
  APIGatewayEventRequestContextV2 & { readonly authorizer?: { readonly jwt: VerifiedToken } }
>;

export interface AccessRules {
  /** The token's claim that names its account. */
  readonly accountClaim: string;
  /** The scope that reads and changes the data of every account. */
  readonly supportScope: string;
  /** The scope with which an account's token may change data; without it only support may. */
  readonly manageScope?: string;
}

/** Claims by which issuers mark an ID token, which identifies a person and is not meant for an API. */
const idTokenMarks = {
  token_use: value => value === 'id',
  typ: value => value === 'ID',
  at_hash: value => value !== undefined,
} as const satisfies Record<string, (value: unknown) => boolean>;

/** Whether the token is marked as an ID token; not every issuer marks them. */
function isIdToken({ claims }: VerifiedToken): boolean {
  return Object.entries(idTokenMarks).some(([claim, marks]) => marks(claims[claim]));
}

/** The scope claim is `scope` in RFC 8693, `scp` at Okta and Entra ID. */
const scopeClaims = ['scope', 'scp'] as const;

type Claims = Readonly<Record<string, unknown>>;

/**
 * The claims as the issuer wrote them. API Gateway turns each claim into text: `7` and `"7"` become the same, and a
 * list becomes `[a b]`.
 */
function issuedClaims(authorization: string): Claims {
  try {
    return JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()) ?? {};
  } catch {
    return {};
  }
}

/** The text of the account claim; undefined for null, true, a number, a list and an object. */
function accountClaimOf(verified: Claims, issued: Claims, { accountClaim }: AccessRules): string | undefined {
  const claim = issued[accountClaim];
  return typeof claim === 'string' && verified[accountClaim] === claim ? claim : undefined;
}

const invalidToken = { 'www-authenticate': 'Bearer error="invalid_token"' };

/** The detail does not repeat the claim. */
const unusableAccountClaim = {
  detail: `The token's account claim is not an account id: 1 to ${limits.accountId} characters of A-Z, a-z, 0-9 and . _ ~ : @ = + -`,
};

function hasScope({ claims, scopes }: VerifiedToken, issued: Claims, scope: string): boolean {
  // API Gateway fills `scopes` only on routes that require some; the claims are always present.
  if (scopes?.includes(scope)) return true;
  const grants = (claim: unknown) => wordsIn(claim).includes(scope);
  return scopeClaims.some(name => grants(claims[name]) && grants(issued[name]));
}

/** The words of a text, or of a list, which API Gateway writes as `[a b]`; none of other values. */
function wordsIn(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.filter(word => typeof word === 'string');
  if (typeof claim !== 'string' || /^(?:map\[|\{)/.test(claim)) return [];
  return claim.replace(/^\[(.*)\]$/s, '$1').split(' ');
}

/**
 * Why the bearer may not call a route; null if they may. Another account's path looks like one that does not exist. A
 * route's scope is no secret (RFC 6750), nor is an unusable claim.
 */
export function refusalOf(
  event: ApiEvent,
  { access, writes }: Pick<Route, 'writes'> & { readonly access: Exclude<Route['access'], 'provider'> },
  rules: AccessRules,
): HttpAnswer | null {
  if (access === 'public') return null;
  const { requestContext, pathParameters, headers } = event;
  const token = requestContext.authorizer?.jwt;
  // API Gateway passes on the header that it verified; only its token has the claims' types.
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

/** @param scope the missing scope */
function forbidden(scope: string): HttpAnswer {
  return problem(
    'forbidden',
    { detail: `The token lacks the scope ${scope}.` },
    { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  );
}
