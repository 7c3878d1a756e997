import { readableName } from '../../local/cloudformation/readable-name.ts';
import { assumptionLines } from './assumptions.ts';
import type { Bills } from './bills.ts';
import type { Measured } from './measure.ts';
import { type Prices, pricesAsOf, pricesRegion } from './prices.ts';
import { breakEvenDays, largestTable } from './table-class.ts';
import { textOf } from './text.ts';

/** The bills and their grounds, as lines for people. */
export function reportOf(measured: Measured, bills: Bills, prices: Prices) {
  const { emails, events, failures, provider } = measured;
  const table = largestTable(measured);
  const notes = [
    `Counted: ${emails} emails with ${events} events of ${provider}, of which ${failures} bounced, and ${measured.idleRuns} runs of the scheduled functions.`,
    `Prices: the list prices of ${pricesRegion} of ${pricesAsOf}, without a free tier. Those of EventBridge are from memory.`,
    `The ${readableName(table)} table costs less in the class for infrequent access from ${Math.round(breakEvenDays(measured, table, prices))} days of retention on.`,
    'CPU time is that of this machine. Cold starts, data out and taxes are left out.',
  ];
  const lines = [
    ...[bills.emails, bills.idle, bills.reporting, bills.refused].flatMap(textOf),
    ...notes,
    'Assumed:',
    ...assumptionLines().map(line => `  ${line}`),
  ];
  return { notes, lines };
}
