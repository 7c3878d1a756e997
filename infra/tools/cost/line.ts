import { costOf, type PriceName, type Prices } from './prices.ts';

/** One line of a bill. */
export interface Line {
  readonly component: string;
  /** How its quantity comes about. */
  readonly basis: string;
  readonly price: PriceName;
  readonly quantity: number;
}

export interface PricedLine extends Line {
  readonly unit: string;
  readonly usd: number;
}

/** Lines, and their sum in US dollars. */
export interface Bill {
  readonly title: string;
  readonly lines: readonly PricedLine[];
  readonly usd: number;
}

/** Prices lines. Those that cost nothing are left out. */
export function billOf(title: string, lines: readonly Line[], prices: Prices): Bill {
  const priced = lines
    .map(line => ({ ...line, unit: prices[line.price].unit, usd: costOf(prices, line.price, line.quantity) }))
    .filter(({ usd }) => usd > 0);
  return { title, lines: priced, usd: priced.reduce((sum, { usd }) => sum + usd, 0) };
}
