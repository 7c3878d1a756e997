import { type Config, environmentVariable } from '../../config.ts';
import { localClient } from '../issuer/local-client.ts';

const settings = {
  uiClientId: localClient.clientId,
  uiScope: localClient.scope,
  uiAudience: localClient.audience,
} as const satisfies Partial<Config>;

/**
 * The environment variables by which the stack gets the page for the local issuer. There are none where it is configured
 * for another issuer, which knows other clients.
 *
 * @param configured the settings in cdk.json
 */
export function localClientVariables(
  configured: Readonly<Record<string, unknown>> = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const isSet = (field: keyof Config) => field in configured || environmentVariable(field) in environment;
  if (environment[environmentVariable('oidcIssuer')] || configured.oidcIssuer) return {};
  const fields = Object.entries(settings) as [keyof typeof settings, string][];
  return Object.fromEntries(
    fields.filter(([field]) => !isSet(field)).map(([field, value]) => [environmentVariable(field), value]),
  );
}
