import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assumed } from './assumptions.ts';
import type { Bills } from './bills.ts';
import { rounded } from './emails-lines.ts';
import type { Bill } from './line.ts';
import { dollars } from './text.ts';

/** The page whose tables come from the tool. */
export const costPageFile = fileURLToPath(new URL('../../../docs/cost.md', import.meta.url));

const begin = '<!-- npm run cost -- --write-docs: begin -->';
const end = '<!-- end -->';

/** Lines that cost less are one line of the table. */
const leastUsd = 0.1;

/** Writes the tables of the page. */
export function writeTables(bills: Bills): void {
  writeFileSync(costPageFile, withTables(readFileSync(costPageFile, 'utf8'), bills));
}

/** The page with the tables of these bills in place of its own. */
export function withTables(page: string, bills: Bills): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error('docs/cost.md has no place for the tables');
  const tables = [bills.emails, bills.idle, bills.reporting, bills.refused].map(tableOf);
  const all = [...tables, floodTable(bills.refused)].join('\n\n');
  return `${page.slice(0, from + begin.length)}\n\n${all}\n\n${page.slice(to)}`;
}

/** A bill as a table. Compute depends on the machine, so that it is rounded to ten cents. */
function tableOf({ title, lines, usd }: Bill): string {
  const byComponent = new Map<string, number>();
  for (const { component, price, usd: cost } of lines) {
    const stable = price === 'lambdaGbSeconds' ? Math.round(cost * 10) / 10 : cost;
    byComponent.set(component, (byComponent.get(component) ?? 0) + stable);
  }
  const rows = [...byComponent].filter(([, cost]) => cost >= leastUsd).sort(([, one], [, other]) => other - one);
  const sum = [...byComponent.values()].reduce((total, cost) => total + cost, 0);
  const rest = sum - rows.reduce((total, [, cost]) => total + cost, 0);
  return [
    `| ${title} | US dollars |`,
    '|---|---|',
    ...rows.map(([component, cost]) => `| ${component} | ${dollars(cost)} |`),
    ...(rest >= 0.005 ? [`| the rest | ${dollars(rest)} |`] : []),
    `| **sum** | **${dollars(usd === 0 ? 0 : sum)}** |`,
  ].join('\n');
}

const floods = [1, 50, 500] as const;

/** The price of calls that come at a steady rate. */
function floodTable({ usd }: Bill): string {
  const rows = floods.map(rate => {
    const millions = (rate * assumed('daysAMonth') * 86_400) / 1e6;
    return `| ${rate} a second | ${rounded(millions)} million | ${rounded(Math.round(millions * usd))} |`;
  });
  return ['| unsigned calls | a month | US dollars |', '|---|---|---|', ...rows].join('\n');
}
