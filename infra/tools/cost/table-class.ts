import { assumed } from './assumptions.ts';
import type { Measured } from './measure.ts';
import { costOf, type Prices } from './prices.ts';

/**
 * The days of retention from which the table class for infrequent access costs less: its writes are dearer, and its
 * storage is cheaper. Reads are left out, because an email is read less often than it is written.
 *
 * @param table the name of the table
 */
export function breakEvenDays({ used, stored, emails }: Measured, table: string, prices: Prices): number {
  const writes = used.units
    .filter(row => row.table === table && row.kind === 'write')
    .reduce((sum, { units }) => sum + units, 0);
  const { itemBytes = 0, indexBytes = 0 } = stored.find(one => one.table === table) ?? {};
  const dearer = costOf(prices, 'rareTableWrites', writes / emails) - costOf(prices, 'tableWrites', writes / emails);
  const gigabytes = (itemBytes + indexBytes) / emails / 1e9;
  const saved = costOf(prices, 'tableStorage', gigabytes) - costOf(prices, 'rareTableStorage', gigabytes);
  return (dearer / saved) * assumed('daysAMonth');
}

/** The table that keeps most bytes of the emails. */
export function largestTable({ stored }: Measured): string {
  return stored.toSorted((one, other) => other.itemByteDays - one.itemByteDays)[0]?.table ?? '';
}
