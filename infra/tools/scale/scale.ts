/** `npm run scale`: the writes of the table and its indexes under a load, and of their hottest partitions. */

import { runCommand } from '../../local/cli/command.ts';

await runCommand({
  call: 'npm run scale',
  does: 'Prints the write units a second of the table and each index under a load, and of their hottest partition keys.',
  options: {
    events: { value: 'N', range: [1, 1_000_000], help: 'events a second; without it, the loads of docs/scale.md' },
    failing: { value: 'PERCENT', range: [0, 100], otherwise: 4, help: 'emails that fail and recover' },
    largest: { value: 'PERCENT', range: [0, 100], otherwise: 50, help: 'share of the largest account in all emails' },
  },
  async run({ events, failing, largest }) {
    const { pageLoads, scaleTables } = await import('./scale-table.ts');
    const rates = events === undefined ? pageLoads.map(({ eventsPerSecond }) => eventsPerSecond) : [events];
    const loads = rates.map(eventsPerSecond => ({
      eventsPerSecond,
      failingPercent: failing,
      largestAccountPercent: largest,
    }));
    console.log(scaleTables(loads));
  },
});
