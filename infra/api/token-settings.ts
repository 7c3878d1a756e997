import { CfnParameter, type CfnParameterProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';

/** The tokens that the API takes. */
export type TokenSettings = {
  readonly [Name in 'oidcIssuer' | 'oidcAudience']: NonNullable<Config[Name]>;
};

/** Parameters about the tokens, for a template that is not configured yet. */
const tokenParameters = {
  OidcIssuer: {
    description: "The issuer of your users' tokens. Set oidcIssuer in cdk.json instead: npm run deploy says how.",
    allowedPattern: 'https://.+',
    constraintDescription: 'must be the https URL of your OIDC issuer: set oidcIssuer in cdk.json',
  },
  OidcAudience: {
    description: "The audience of your users' tokens. Set oidcAudience in cdk.json instead: npm run deploy says how.",
    allowedPattern: '.+',
    constraintDescription: 'must be the audience that tokens for this API carry: set oidcAudience in cdk.json',
  },
} as const satisfies Record<string, CfnParameterProps>;

/**
 * The values, which become part of the template once they are configured. Until then each is a parameter without a
 * default: the template can be built but not deployed. (A permanent parameter would keep the previous deployment's value,
 * whatever the configuration says.)
 */
export function tokenSettings(scope: Construct, { oidcIssuer, oidcAudience }: Config): TokenSettings {
  const parameter = (name: keyof typeof tokenParameters) =>
    new CfnParameter(scope, name, tokenParameters[name]).valueAsString;
  return {
    oidcIssuer: oidcIssuer ?? parameter('OidcIssuer'),
    oidcAudience: oidcAudience ?? parameter('OidcAudience'),
  };
}
