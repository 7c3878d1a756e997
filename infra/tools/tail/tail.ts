/** `npm run tail`: follows the events of emails and the alerts about them, one line each. */

import { setTimeout as delay } from 'node:timers/promises';
import { type ProviderName, providers } from '../../../shared/providers/registry.ts';
import { type Status, statusIds } from '../../../shared/status/catalogue.ts';
import { type Given, runCommand, UsageError } from '../../local/cli/command.ts';
import { StartError } from '../../local/start-error.ts';
import type { Line } from './lines.ts';

const command = {
  call: 'npm run tail',
  does: 'Follows events and alerts of a running installation, one line each, until Ctrl-C. It changes nothing.',
  options: {
    account: { value: 'ID', help: 'the events of the newest emails of this account' },
    recipient: { value: 'ADDRESS', help: 'the events of the newest emails to this address' },
    provider: {
      value: 'NAME',
      oneOf: Object.keys(providers) as ProviderName[],
      help: 'only lines about this provider',
    },
    status: { value: 'STATUS', oneOf: statusIds as readonly Status[], help: 'only events that lead to this status' },
    since: { value: 'TIME', help: 'begins so long ago: 90s, 30m, 1h or 2d (1h with --once, else now)' },
    stack: {
      value: 'NAME',
      help: 'a deployed stack, with the AWS credentials and region of the environment; without it, the one on this machine',
    },
    json: { help: 'prints each line as JSON' },
    once: { help: 'prints the lines that there are, and ends' },
  },
  environment: { DATA_DIR: 'the data directory of the running stack, as npm start was given it (.mailtrail)' },
  notes: [
    'Without --account and --recipient no index lists all emails, and the stream takes no third reader. So it follows the emails that ask for attention, such as bounces, and the counts of each provider by the minute.',
    'It reads the newest 100 emails again every 5 seconds, and the metrics once a minute. In AWS that costs about one US cent an hour for the emails, and a cent for each 1,000 metrics.',
    'A line has no subject, body or secret.',
  ],
} as const;

const pollMs = 5_000;

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** @throws UsageError */
function millisecondsOf(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (unit === undefined) throw new UsageError(`--since must be a time such as 90s, 30m, 1h or 2d, not "${text}".`);
  return Number(count) * units[unit as keyof typeof units];
}

async function tail(given: Given<typeof command.options>): Promise<void> {
  const { account, recipient, provider, status, stack, json, once } = given;
  const ago = millisecondsOf(given.since ?? (once ? '1h' : '0s'));
  const [{ awsInstallation, localInstallation }, { followEmails }, { followCounts }, { textOf }] = await Promise.all([
    import('../doctor/installation.ts'),
    import('./emails.ts'),
    import('./counts.ts'),
    import('./lines.ts'),
  ]);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const isWanted = (line: Line) =>
    (provider === undefined || ('provider' in line ? line.provider === provider : true)) &&
    (status === undefined || (line.kind === 'event' && [line.to, line.event].includes(status)));

  const installation = stack === undefined ? localInstallation() : await awsInstallation(stack);
  const since = Date.now() - ago;
  const isNarrow = account !== undefined || recipient !== undefined;
  const polls = await Promise.all([
    followEmails(installation, { account, recipient }, since),
    ...(isNarrow ? [] : [followCounts(installation, since)]),
  ]);
  do {
    const lines = (await Promise.all(polls.map(poll => poll()))).flat().filter(isWanted);
    for (const line of lines.sort((one, other) => one.at.localeCompare(other.at)))
      console.log(json ? JSON.stringify(line) : textOf(line));
    if (!once) await delay(pollMs, undefined, { signal: stopping.signal }).catch(() => {});
  } while (!once && !stopping.signal.aborted);
}

/** An installation that does not answer is no fault of this program. */
const reachable = (given: Parameters<typeof tail>[0]) =>
  tail(given).catch(error => {
    if (error instanceof StartError) throw error;
    const reason = (error as Error).message || (error as Error).name;
    throw new StartError(`The stack cannot be followed: ${reason}`);
  });

await runCommand({ ...command, run: reachable });
