import type { ResolvedTemplate } from '../cloudformation/template.ts';
import type { TokenIssuer } from '../issuer/token-issuer.ts';
import type { StackFunctions } from '../lambda/stack-functions.ts';
import { StartError } from '../start-error.ts';
import type { Authorizer, LocalRoute } from './http-api.ts';

/** The routes of the template's HTTP API, each with its function and its authorizer. */
export function routesOf(template: ResolvedTemplate, issuer: TokenIssuer, functions: StackFunctions): LocalRoute[] {
  const byRef = (type: string) => new Map(template.ofType(type).map(({ ref, properties }) => [ref, properties]));
  const integrations = byRef('AWS::ApiGatewayV2::Integration');
  const authorizers = byRef('AWS::ApiGatewayV2::Authorizer');

  return template.ofType('AWS::ApiGatewayV2::Route').map(({ logicalId, properties }) => {
    const { RouteKey, Target, AuthorizerId, AuthorizationScopes } = properties;
    const integration = integrations.get(String(Target).replace(/^integrations\//, ''));
    if (integration === undefined) throw new StartError(`${logicalId}: its integration is not in the template`);
    const authorizer = AuthorizerId === undefined ? null : authorizerOf(AuthorizerId, AuthorizationScopes);
    return { key: RouteKey, function: functions.at(integration.IntegrationUri), authorizer };
  });

  function authorizerOf(ref: string, scopes: readonly string[] = []): Authorizer {
    const { JwtConfiguration } = authorizers.get(ref) ?? {};
    if (JwtConfiguration === undefined) throw new StartError(`${ref}: only JWT authorizers are understood here`);
    return issuer.authorizer({ issuer: JwtConfiguration.Issuer, audience: JwtConfiguration.Audience, scopes });
  }
}
