import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { UsageError } from '../../local/cli/command.ts';
import { type PriceName, type Prices, prices } from './prices.ts';

const names = Object.keys(prices) as [PriceName, ...PriceName[]];
const ownPrices = z.partialRecord(z.enum(names), z.number().nonnegative());

/**
 * The list prices, with those of a JSON file in their place: a name of the table → US dollars for its amount.
 *
 * @throws UsageError
 */
export function pricesFrom(file: string | undefined): Prices {
  if (file === undefined) return prices;
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`--prices: ${(error as Error).message}`);
  }
  const parsed = ownPrices.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${path.join('.') || file}: ${message}`);
    throw new UsageError(`--prices: ${lines.join('\n')}`);
  }
  return Object.fromEntries(
    names.map(name => [name, { ...prices[name], usd: parsed.data[name] ?? prices[name].usd }]),
  ) as Prices;
}
