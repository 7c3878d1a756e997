/** `npm run doctor`: looks at a running installation, and names each fault with its impact and its remedy. */

import { type Given, runCommand } from '../../local/cli/command.ts';

const command = {
  call: 'npm run doctor',
  does: 'Looks at a running installation and changes nothing. Prints each fault with its impact and one thing to do.',
  options: {
    stack: {
      value: 'NAME',
      help: 'a deployed stack, with the AWS credentials and region of the environment; without it, the one on this machine',
    },
    json: { help: 'prints JSON for scripts: each check with its findings' },
  },
  environment: { DATA_DIR: 'the data directory of the running stack, as npm start was given it (.mailtrail)' },
  notes: [
    'The exit code is 0 without a finding, 1 with findings, and 2 where nothing could be looked at.',
    'It sends one call without a signature to the webhook of each provider in use. The call counts as refused.',
  ],
} as const;

async function doctor({ stack, json }: Given<typeof command.options>): Promise<void> {
  const [{ examine }, { awsInstallation, localInstallation }, { reportOf }] = await Promise.all([
    import('./examine.ts'),
    import('./installation.ts'),
    import('./report.ts'),
  ]);
  try {
    const examined = await examine(stack === undefined ? localInstallation() : await awsInstallation(stack));
    console.log(json ? JSON.stringify(examined, null, 2) : reportOf(examined));
    if (examined.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 2;
  }
}

await runCommand({ ...command, run: doctor });
