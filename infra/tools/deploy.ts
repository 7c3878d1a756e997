/** `npm run deploy`: says what is not configured yet, or runs `cdk deploy` with the remaining arguments. */

import { spawnSync } from 'node:child_process';
import { ConfigError, commandLineContext, missingForDeployment, readConfig } from '../config.ts';

const args = process.argv.slice(2);
const problem = configurationProblem();
if (problem === null) {
  const { status } = spawnSync('npx', ['--no-install', 'cdk', 'deploy', ...args], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else {
  console.error(problem);
  process.exitCode = 1;
}

function configurationProblem(): string | null {
  try {
    return missingForDeployment(readConfig(commandLineContext(args)));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
