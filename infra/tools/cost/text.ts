import { rounded } from './emails-lines.ts';
import type { Bill, PricedLine } from './line.ts';

/** US dollars, to the cent. */
export const dollars = (usd: number) => usd.toFixed(2);

/** A bill as lines of text: the dearest line first. */
export function textOf({ title, lines, usd }: Bill): readonly string[] {
  const rows = dearestFirst(lines).map(({ component, basis, quantity, unit, usd: cost }) => [
    component,
    `${rounded(quantity)} ${unit}`,
    dollars(cost),
    basis,
  ]);
  const widths = [0, 1, 2].map(column => Math.max(0, ...rows.map(row => row[column]!.length)));
  return [
    `${title}: $${dollars(usd)}`,
    ...rows.map(
      ([component = '', quantity = '', cost = '', basis = '']) =>
        `  ${component.padEnd(widths[0]!)}  ${cost.padStart(widths[2]!)}  ${quantity.padEnd(widths[1]!)}  ${basis}`,
    ),
    '',
  ];
}

export function dearestFirst(lines: readonly PricedLine[]): readonly PricedLine[] {
  return lines.toSorted((one, other) => other.usd - one.usd);
}
