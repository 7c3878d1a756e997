/**
 * `npm run fuzz -- --provider X --runs N` reads mutated genuine bodies, signed again. None may throw, take more than
 * 50 ms per event or change a prototype. It also sends a tenth as many forged requests, which must all be refused.
 *
 * `npm run fuzz -- --api --runs N` sends requests generated from the OpenAPI document. Each answer must be as documented,
 * never 5xx, and never with another account's email.
 */

import { type Given, runCommand } from '../../infra/local/cli/command.ts';
import { type ProviderName, providers } from '../../shared/providers/registry.ts';

const providerNames = Object.keys(providers) as ProviderName[];

const command = {
  call: 'npm run fuzz',
  does: 'Sends mutated and forged callbacks to the adapters, or generated requests to the API. None may do harm.',
  options: {
    api: { help: 'the API, instead of the adapters' },
    provider: { value: 'NAME', oneOf: providerNames, help: 'one provider instead of all' },
    runs: { value: 'N', range: [1, 100_000_000], otherwise: 1000, help: 'how many bodies or requests' },
    seed: { value: 'S', range: [0, 2 ** 31], help: 'the seed of an earlier run; another one each time unless given' },
  },
} as const;

async function fuzz({
  api,
  provider,
  runs,
  seed = Date.now() % 2 ** 31,
}: Given<typeof command.options>): Promise<void> {
  const { apiHolds, providersHold } = await import('./run.ts');
  console.log(`seed ${seed}`);
  const chosen = provider === undefined ? providerNames : [provider];
  const holds = api ? apiHolds({ runs, seed }) : providersHold(chosen, { runs, seed });
  if (!(await holds)) process.exitCode = 1;
}

await runCommand({ ...command, run: fuzz });
