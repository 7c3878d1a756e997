/** The checks before a deployment. All run, so that one reading shows all that is to be done. */

import { parseArgs } from 'node:util';
import { type Config, ConfigError, missingForDeployment, readConfig } from '../../config.ts';
import { commandLineContext } from '../command-line-context.ts';
import { textTable } from '../replay/text-table.ts';
import { type Account, awsAccount } from './account.ts';
import { type Finding, ok, problem } from './finding.ts';
import { fetchGet, type Get, issuerFinding } from './issuer.ts';

/** A deployment that is about to start. */
export interface Intent {
  /** The arguments for `cdk deploy`. */
  readonly args: readonly string[];
  /** Whether a person can be asked. */
  readonly isTerminal: boolean;
  readonly get?: Get;
  readonly account?: Account;
}

/** One check by its name, as the table shows it. */
export interface Checked extends Finding {
  readonly check: string;
}

interface Context {
  readonly args: readonly string[];
  readonly isTerminal: boolean;
  /** The settings; null where they cannot be read. */
  readonly config: Config | null;
  readonly configProblem: string | null;
  readonly context: Readonly<Record<string, unknown>>;
  readonly get: Get;
  readonly account: Account;
  readonly hasAccess: boolean;
}

type Check = (context: Context) => Promise<Finding | null> | Finding | null;

/** The names under which AWS's own parts of a deployment stand in ARNs, by the setting that names them. */
const regional = [
  'certificateArn',
  'existingTable',
  'existingWebhookSecret',
] as const satisfies readonly (keyof Config)[];

/** Each check returns null where it does not apply. */
const checks = {
  settings({ config, configProblem }) {
    const fault = configProblem ?? (config && missingForDeployment(config));
    return fault ? problem('are missing or not valid', fault) : ok('are complete');
  },
  approval: ({ args, isTerminal }) =>
    isTerminal || isApproved(args)
      ? ok(isTerminal ? 'cdk asks here before it widens permissions' : 'cdk asks nobody')
      : problem(
          'cdk asks before it widens permissions, and there is no terminal to ask',
          'In CI, review with npx cdk diff, then: npm run deploy -- --require-approval never',
        ),
  'events URL': ({ config }) =>
    config?.eventsUrl?.startsWith('http:')
      ? problem('leads to this machine, for npm start alone', 'Set eventsUrl to an https URL, or leave it out.')
      : null,
  issuer: ({ config, get }) => (config?.oidcIssuer ? issuerFinding(config.oidcIssuer, get) : null),
  bootstrap: ({ hasAccess, account, context }) =>
    hasAccess ? account.bootstrap(String(context['@aws-cdk/core:bootstrapQualifier'] ?? 'hnb659fds')) : null,
  concurrency: ({ hasAccess, account, config }) => (hasAccess && config ? account.concurrency(config) : null),
  async regions({ hasAccess, account, config }) {
    const named = regional.filter(name => config?.[name] !== undefined);
    const region = hasAccess ? await account.region() : null;
    if (region === null || named.length === 0) return null;
    const foreign = named.filter(name => config?.[name]?.split(':')[3] !== region);
    return foreign.length === 0
      ? ok(`${named.join(', ')}: in ${region}`)
      : problem(`${foreign.join(', ')}: not in ${region}`, `Take parts of ${region}, or deploy to their region.`);
  },
  'existing table': ({ hasAccess, account, config }) =>
    hasAccess && config?.existingTable ? account.existingTable(config.existingTable) : null,
} as const satisfies Record<string, Check>;

/** Runs all checks. */
export async function checkDeployment({
  args,
  isTerminal,
  get,
  account = awsAccount(),
}: Intent): Promise<readonly Checked[]> {
  const access = await account.access();
  const context = commandLineContext(args);
  const all: Context = {
    ...settingsIn(context),
    args,
    isTerminal,
    context,
    get: get ?? fetchGet,
    account,
    hasAccess: access.result !== 'problem',
  };
  const findings = await Promise.all(
    Object.entries<Check>(checks).map(async ([check, run]) => {
      const finding = await run(all);
      return finding && { check, ...finding };
    }),
  );
  return [{ check: 'access', ...access }, ...findings.filter(finding => finding !== null)];
}

function settingsIn(context: Readonly<Record<string, unknown>>): Pick<Context, 'config' | 'configProblem'> {
  try {
    return { config: readConfig(context), configProblem: null };
  } catch (error) {
    if (error instanceof ConfigError) return { config: null, configProblem: error.message };
    throw error;
  }
}

/** Whether the arguments answer what cdk would ask. */
function isApproved(args: readonly string[]): boolean {
  const { values } = parseArgs({
    args: [...args],
    options: { 'require-approval': { type: 'string' }, yes: { type: 'boolean', short: 'y' } },
    strict: false,
  });
  return values['require-approval'] === 'never' || values.yes === true;
}

/** The profile that the arguments name, for the clients of the checks. */
export function profileIn(args: readonly string[]): string | undefined {
  const { values } = parseArgs({ args: [...args], options: { profile: { type: 'string' } }, strict: false });
  return typeof values.profile === 'string' ? values.profile : undefined;
}

const hasRemedy = ({ remedy }: Checked) => remedy !== undefined;

/** The checks as a table, with the remedies below it. */
export function deploymentReport(checked: readonly Checked[]): string {
  const table = textTable(checked.map(({ check, result, says }) => ({ check, result, '': says })));
  const remedies = checked.filter(hasRemedy).map(({ check, remedy }) => `${check}: ${remedy}`);
  return [table, ...remedies].join('\n\n');
}
