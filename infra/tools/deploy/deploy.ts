/** `npm run deploy`: says what is missing for a deployment, or runs `cdk deploy` with the arguments. */

import { spawnSync } from 'node:child_process';
import { runCommand } from '../../local/cli/command.ts';
import { StartError } from '../../local/start-error.ts';

const nextSteps = `Next:
  confirm the subscriptions with their tokens, as docs/operating.md says
  npm run verify-deployment -- --stack NAME`;

await runCommand({
  call: 'npm run deploy',
  does: 'Checks settings, issuer and AWS account, and says what is missing. Then deploys Mailtrail.',
  options: { check: { help: 'checks only, and deploys nothing' } },
  operand: '[CDK_OPTIONS...]',
  passesOptionsOn: true,
  environment: {
    'MAILTRAIL_...': 'a setting, e.g. MAILTRAIL_OIDC_ISSUER for oidcIssuer; goes before the one in cdk.json',
    'AWS_PROFILE, AWS_REGION': 'the account and the region',
  },
  notes: [
    'Every other argument goes to cdk deploy, e.g. -c oidcIssuer=https://login.example.com/ for a setting.',
    'In CI, where nobody can be asked: npm run deploy -- --require-approval never, after a review of npx cdk diff.',
    'All options of cdk deploy: npx cdk deploy --help',
  ],
  async run({ check }, args) {
    const { checkDeployment, deploymentReport, profileIn } = await import('./checks.ts');
    const profile = profileIn(args);
    if (profile !== undefined) process.env.AWS_PROFILE = profile;
    const checked = await checkDeployment({ args, isTerminal: process.stdout.isTTY ?? false });
    const report = deploymentReport(checked);
    if (checked.some(({ result }) => result === 'problem')) {
      throw new StartError(`${report}\n\nNothing was deployed.`);
    }
    console.log(report);
    if (check) return;
    const { status } = spawnSync('npx', ['--no-install', 'cdk', 'deploy', ...args], { stdio: 'inherit' });
    process.exitCode = status ?? 1;
    if (status === 0) console.log(`\n${nextSteps}`);
  },
});
