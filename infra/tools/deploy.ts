/** `npm run deploy`: says what is not configured yet, or runs `cdk deploy` with the arguments. */

import { spawnSync } from 'node:child_process';
import { ConfigError, commandLineContext, missingForDeployment, readConfig } from '../config.ts';
import { runCommand } from '../local/cli/command.ts';
import { StartError } from '../local/start-error.ts';

await runCommand({
  call: 'npm run deploy',
  does: 'Deploys Mailtrail with the AWS credentials and region of the environment, or says which settings are missing.',
  options: {},
  operand: '[CDK_OPTIONS...]',
  passesOptionsOn: true,
  environment: {
    'MAILTRAIL_...': 'a setting, e.g. MAILTRAIL_OIDC_ISSUER for oidcIssuer; goes before the one in cdk.json',
    'AWS_PROFILE, AWS_REGION': 'the account and the region',
  },
  notes: [
    'Every argument goes to cdk deploy, e.g. -c oidcIssuer=https://login.example.com/ for a setting, or --require-approval never.',
    'All options of cdk deploy: npx cdk deploy --help',
  ],
  run(_given, args) {
    const problem = configurationProblem(args);
    if (problem !== null) throw new StartError(problem);
    const { status } = spawnSync('npx', ['--no-install', 'cdk', 'deploy', ...args], { stdio: 'inherit' });
    process.exitCode = status ?? 1;
  },
});

function configurationProblem(args: readonly string[]): string | null {
  try {
    return missingForDeployment(readConfig(commandLineContext(args)));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
