import { type Config, environmentVariable } from '../../config.ts';
import { localClient } from '../issuer/local-client.ts';

const settings = {
  uiClientId: localClient.clientId,
  uiScope: localClient.scope,
  uiAudience: localClient.audience,
} as const satisfies Partial<Config>;

/** Without a subscriber nobody would get the alerts. */
const subscribers = { supportEmail: 'support@example.com' } as const satisfies Partial<Config>;

/** Without an hour there would be no daily digest to look at. */
const digest = { dailyDigestHour: '7' } as const satisfies Partial<Record<keyof Config, string>>;

/** Events for other systems, which cost nothing here. */
const publishing = { events: 'true' } as const satisfies Partial<Record<keyof Config, string>>;

/** Settings that name parts in AWS. The stack on this machine has its own in their place. */
const namesInAws = [
  'domainName',
  'certificateArn',
  'existingTable',
  'existingWebhookSecret',
] as const satisfies readonly (keyof Config)[];

/** The environment variables that leave those settings out, whatever cdk.json says. */
const withoutNamesInAws = Object.fromEntries(namesInAws.map(field => [environmentVariable(field), '']));

/** The environment variables that the settings of one machine add to those of the user. */
export function localSettings(
  configured: Readonly<Record<string, unknown>> = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  return {
    ...unset({ ...subscribers, ...digest, ...publishing }, configured, environment),
    ...localClientVariables(configured, environment),
    ...withoutNamesInAws,
  };
}

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
  if (environment[environmentVariable('oidcIssuer')] || configured.oidcIssuer) return {};
  return unset(settings, configured, environment);
}

/** The settings that the user leaves open, as environment variables. */
function unset(
  settings: Readonly<Partial<Record<keyof Config, string>>>,
  configured: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const isSet = (field: keyof Config) => field in configured || environmentVariable(field) in environment;
  const fields = Object.entries(settings) as [keyof Config, string][];
  return Object.fromEntries(
    fields.filter(([field]) => !isSet(field)).map(([field, value]) => [environmentVariable(field), value]),
  );
}
