/** `npm run cost -- --provider X`: the bill of emails and of a month at rest, counted in a local run. */

import { fileURLToPath } from 'node:url';
import type { ProviderName } from '../../../shared/providers/registry.ts';
import { providerTitles } from '../../../shared/providers/titles.ts';
import { environmentVariable, readConfig } from '../../config.ts';
import { type Given, runCommand } from '../../local/cli/command.ts';
import { commandLineContext } from '../command-line-context.ts';

const command = {
  call: 'npm run cost',
  does: 'Estimates the bill of AWS: of emails over their retention, and of a month at rest. It sends emails through a stack on this machine with temporary data, and counts.',
  options: {
    provider: {
      value: 'NAME',
      required: true,
      oneOf: Object.keys(providerTitles),
      help: 'the provider whose webhooks come',
    },
    emails: { value: 'N', range: [1, 1e12], otherwise: 1e6, help: 'the emails of the bill, sent within a month' },
    retention: { value: 'DAYS', range: [1, 36_500], help: 'days until an email is removed, in place of the setting' },
    'events-per-call': {
      value: 'N',
      range: [1, 1_000],
      otherwise: 1,
      help: 'events in a call, where it sends batches',
    },
    opens: { value: 'N', range: [0, 90], help: 'how often each email is opened; else it has five events' },
    failures: { value: 'PERCENT', range: [0, 100], fractions: true, otherwise: 4, help: 'emails that bounce' },
    sample: { value: 'N', range: [5, 10_000], otherwise: 200, help: 'emails that are sent on this machine' },
    prices: { value: 'FILE', help: 'JSON of your own prices: a name of prices.ts → US dollars' },
    json: { help: 'prints the bills as JSON' },
    'write-docs': { help: 'writes the tables of docs/cost.md' },
  },
  environment: { 'MAILTRAIL_...': 'a setting of the stack, as for npm run deploy' },
  notes: [
    'An email is accepted, delivered, opened twice and clicked, as far as its provider reports that. A failed one is deferred until it bounces.',
    'The sender registers each email in one more call where the provider does not return the account.',
  ],
} as const;

const cache = fileURLToPath(new URL('../../../node_modules/.cache/mailtrail/', import.meta.url));

async function cost(given: Given<typeof command.options>): Promise<void> {
  const [{ billsOf }, { measure }, { pricesFrom }, { assembled, variablesOf }, { reportOf }] = await Promise.all([
    import('./bills.ts'),
    import('./measure.ts'),
    import('./own-prices.ts'),
    import('./assembled.ts'),
    import('./report.ts'),
  ]);
  const provider = given.provider as ProviderName;
  const prices = pricesFrom(given.prices);
  const config = readConfig(commandLineContext([]));
  const providers = [...new Set([...config.providers, provider])];
  Object.assign(process.env, variablesOf({ ...config, providers }));
  if (given.retention !== undefined) process.env[environmentVariable('retentionDays')] = String(given.retention);
  const onProgress = (line: string) => console.error(line);
  const measured = await measure({
    provider,
    emails: given.sample,
    failures: Math.round((given.sample * given.failures) / 100),
    opens: given.opens,
    eventsPerCall: given['events-per-call'],
    assembly: await assembled(cache, onProgress),
    onProgress,
  });
  const bills = billsOf(measured, given.emails, prices);
  if (given.json) {
    console.log(JSON.stringify({ ...bills, notes: reportOf(measured, bills, prices).notes }, null, 2));
  } else {
    for (const line of reportOf(measured, bills, prices).lines) console.log(line);
  }
  if (given['write-docs']) {
    const { writeTables } = await import('./docs-tables.ts');
    writeTables(bills);
  }
}

await runCommand({ ...command, run: cost });
