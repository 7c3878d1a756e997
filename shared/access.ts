/** Whose emails a token opens. API Gateway has verified it by then: issuer, audience, signature and time. */

import type {
  APIGatewayEventRequestContextJWTAuthorizer,
  APIGatewayEventRequestContextV2,
  APIGatewayProxyEventV2WithRequestContext,
} from 'aws-lambda';
import { limits } from './event.ts';
import { type HttpAnswer, problem } from './http.ts';
import type { Route } from './routes.ts';
import { isPlainText } from './text.ts';

export type VerifiedToken = APIGatewayEventRequestContextJWTAuthorizer['jwt'];

/** An event of any route but a provider's; public ones come without an authorizer. */
export type ApiEvent = APIGatewayProxyEventV2WithRequestContext<
  APIGatewayEventRequestContextV2 & { readonly authorizer?: { readonly jwt: VerifiedToken } }
>;

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
function isIdToken({ claims }: VerifiedToken): boolean {
  return Object.entries(idTokenMarks).some(([claim, marks]) => marks(claims[claim]));
}

/** RFC 8693 names it `scope`; Okta and Entra ID have `scp`. */
const scopeClaims = ['scope', 'scp'] as const;

function isSupport({ claims, scopes }: VerifiedToken, { supportScope }: AccessRules): boolean {
  // API Gateway fills `scopes` only on routes that demand some; the claims are always there.
  const granted = [...(scopes ?? []), ...scopeClaims.flatMap(claim => wordsIn(claims[claim]))];
  return granted.includes(supportScope);
}

/** Words of a text, or of a list, which API Gateway writes as `[a b]`. */
function wordsIn(claim: unknown): string[] {
  return typeof claim === 'string' ? claim.replace(/^\[(.*)\]$/s, '$1').split(' ') : [];
}

/**
 * Why the bearer may not call a route; null where they may. An account that is not theirs looks like one that does not
 * exist; that a route is for support alone is no secret (RFC 6750).
 */
export function refusalOf(
  { requestContext, pathParameters }: ApiEvent,
  access: Exclude<Route['access'], 'provider'>,
  rules: AccessRules,
): HttpAnswer | null {
  if (access === 'public') return null;
  const token = requestContext.authorizer?.jwt;
  if (token === undefined || isIdToken(token)) {
    return problem('unauthorized', {}, { 'www-authenticate': 'Bearer error="invalid_token"' });
  }
  if (access === 'support') {
    if (isSupport(token, rules)) return null;
    return problem(
      'forbidden',
      {},
      { 'www-authenticate': `Bearer error="insufficient_scope", scope="${rules.supportScope}"` },
    );
  }
  const accountId = pathParameters?.accountId ?? '';
  const isTheirs = token.claims[rules.accountClaim] === accountId || isSupport(token, rules);
  return isTheirs && isPlainText(accountId, limits.accountId) ? null : problem('not-found');
}
