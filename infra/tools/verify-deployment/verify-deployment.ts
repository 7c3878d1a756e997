/** `npm run verify-deployment`: shows that a deployment behaves as it must, also where AWS documents nothing. */

import { type Given, runCommand } from '../../local/cli/command.ts';

const command = {
  call: 'npm run verify-deployment',
  does: 'Checks a deployment by requests and calls that change nothing, and prints one line for each: pass, fail or not shown.',
  options: {
    stack: {
      value: 'NAME',
      help: 'a deployed stack, with the AWS credentials and region of the environment; without it, the one on this machine',
    },
    token: { value: 'TOKEN', help: 'an access token, for the checks of the account API' },
    quarantine: { help: 'also sends a signed body that is no UTF-8: it leaves one message in the quarantine' },
    burst: { help: 'also sends 12 messages to the alarm topic within a second: it may suspend its subscriptions' },
  },
  environment: { DATA_DIR: 'the data directory of the running stack, as npm start was given it (.mailtrail)' },
  notes: ['The exit code is 1 where a check fails.'],
} as const;

async function verify({ stack, token, quarantine, burst }: Given<typeof command.options>): Promise<void> {
  const [{ awsChecks }, { httpChecks }, { fail }, { awsTarget, localTarget }, { textTable }] = await Promise.all([
    import('./aws-checks.ts'),
    import('./http-checks.ts'),
    import('./outcome.ts'),
    import('./target.ts'),
    import('../replay/text-table.ts'),
  ]);
  const target = stack === undefined ? localTarget() : await awsTarget(stack);
  const rows = [];
  // One after the other: a burst of checks must not look like an attack.
  for (const [check, run] of Object.entries({ ...httpChecks, ...awsChecks })) {
    const outcome = await Promise.resolve(run(target, { token, quarantine, burst })).catch(error =>
      fail((error as Error).message),
    );
    rows.push({ check, result: outcome.result, '': outcome.says });
  }
  console.log(textTable(rows));
  if (rows.some(({ result }) => result === 'fail')) process.exitCode = 1;
}

await runCommand({ ...command, run: verify });
