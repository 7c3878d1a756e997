import type { ResolvedTemplate } from '../cloudformation/template.ts';
import type { TokenIssuer } from '../issuer/token-issuer.ts';
import type { StackFunctions } from '../lambda/stack-functions.ts';
import { StartError } from '../start-error.ts';
import type { Authorizer, LocalRoute } from './http-api.ts';
import { discoverIssuer } from './issuer-discovery.ts';
import { createJwtAuthorizer, type KeyFinder } from './jwt-authorizer.ts';
import { accountLimit, type RateLimit } from './token-bucket.ts';

/** The issuer of the stack itself. It answers once the stack runs, so that nobody can ask for its keys before. */
export interface OwnIssuer {
  readonly url: string;
  readonly tokens: Pick<TokenIssuer, 'keyOf'>;
}

/**
 * The routes of the template's HTTP API, each with its function, its authorizer and its limits.
 *
 * @throws StartError for what API Gateway would not deploy, such as an issuer that does not answer
 */
export async function routesOf(
  template: ResolvedTemplate,
  own: OwnIssuer,
  functions: StackFunctions,
): Promise<LocalRoute[]> {
  const byRef = (type: string) => new Map(template.ofType(type).map(({ ref, properties }) => [ref, properties]));
  const integrations = byRef('AWS::ApiGatewayV2::Integration');
  const authorizers = await authorizersOf(template, own);
  const limitOf = rateLimitsOf(template);

  return template.ofType('AWS::ApiGatewayV2::Route').map(({ logicalId, properties }) => {
    const { RouteKey, Target, AuthorizerId, AuthorizationScopes = [] } = properties;
    const integration = integrations.get(String(Target).replace(/^integrations\//, ''));
    if (integration === undefined) throw new StartError(`${logicalId}: its integration is not in the template`);
    const authorizer = AuthorizerId === undefined ? null : authorizers.get(AuthorizerId)?.(AuthorizationScopes);
    if (authorizer === undefined) throw new StartError(`${logicalId}: its authorizer is not in the template`);
    return {
      key: RouteKey,
      function: functions.at(integration.IntegrationUri),
      authorizer,
      limit: limitOf(RouteKey),
      timeoutMs: integration.TimeoutInMillis,
    };
  });
}

/** By its reference, each authorizer's way from the scopes of a route to the check of a token. */
async function authorizersOf(template: ResolvedTemplate, own: OwnIssuer) {
  const all = new Map<string, (scopes: readonly string[]) => Authorizer>();
  for (const { ref, properties } of template.ofType('AWS::ApiGatewayV2::Authorizer')) {
    const { JwtConfiguration } = properties;
    if (JwtConfiguration === undefined) throw new StartError(`${ref}: only JWT authorizers are understood here`);
    const { Issuer: issuer, Audience: audience } = JwtConfiguration;
    const keyOf: KeyFinder = issuer === own.url ? own.tokens.keyOf : await discoverIssuer(issuer);
    all.set(ref, scopes => createJwtAuthorizer(keyOf, { issuer, audience, scopes }));
  }
  return all;
}

/** A stage's names of the limits. */
const limitNames = {
  ratePerSecond: 'ThrottlingRateLimit',
  burst: 'ThrottlingBurstLimit',
} as const satisfies Record<keyof RateLimit, string>;

/**
 * The limits of the stage, by the key of a route.
 *
 * @throws StartError for limits with which API Gateway would not deploy the stage
 */
export function rateLimitsOf(template: ResolvedTemplate): (routeKey: string) => RateLimit {
  const { DefaultRouteSettings = {}, RouteSettings = {} } =
    template.ofType('AWS::ApiGatewayV2::Stage')[0]?.properties ?? {};
  const keys = template.ofType('AWS::ApiGatewayV2::Route').map(({ properties }) => properties.RouteKey);
  const unknown = Object.keys(RouteSettings).find(key => !keys.includes(key));
  if (unknown !== undefined) {
    throw new StartError(`Unable to find Route by key ${unknown} within the provided RouteSettings`);
  }
  const limitOf = (limit: keyof RateLimit, routeKey: string): number =>
    RouteSettings[routeKey]?.[limitNames[limit]] ?? DefaultRouteSettings[limitNames[limit]] ?? accountLimit[limit];
  return routeKey => ({ ratePerSecond: limitOf('ratePerSecond', routeKey), burst: limitOf('burst', routeKey) });
}
