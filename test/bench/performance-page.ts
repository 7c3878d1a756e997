/** `docs/performance.md`: the words are written by hand, the tables come from the last whole run. */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Measured, Results } from './results.ts';
import { aimText, barsOf, type Curve, curvesOf, spreadText } from './text.ts';

const file = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

const begin = '<!-- npm run bench: begin -->';
const end = '<!-- npm run bench: end -->';

/** Writes the tables of the page. */
export function writePage(results: Results, titles: Readonly<Record<string, string>>): void {
  writeFileSync(file, withTables(readFileSync(file, 'utf8'), results, titles));
}

/** The page with the tables of these results in place of its own. */
export function withTables(page: string, results: Results, titles: Readonly<Record<string, string>>): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error('docs/performance.md has no place for the tables');
  const { date, machine } = results;
  const head = `Measured on ${date}: ${machine.cpus} cores of ${machine.model}, Node.js ${machine.node.slice(1)}.`;
  const sections = [...Map.groupBy(results.figures, ({ benchmark }) => benchmark)].map(([benchmark, figures]) =>
    [`### ${titles[benchmark] ?? benchmark}`, `\`npm run bench -- --only ${benchmark}\``, ...tablesOf(figures)].join(
      '\n\n',
    ),
  );
  return `${page.slice(0, from + begin.length)}\n\n${[head, ...sections].join('\n\n')}\n\n${page.slice(to)}`;
}

function tablesOf(figures: readonly Measured[]): readonly string[] {
  const single = figures.filter(({ point }) => point === undefined);
  return [...(single.length === 0 ? [] : [tableOf(single)]), ...curvesOf(figures).map(curveTable)];
}

function tableOf(figures: readonly Measured[]): string {
  const rows = figures.map(figure => [
    figure.what,
    `${spreadText(figure)} ${figure.unit}`.trim(),
    figure.ratio ? `${spreadText(figure.ratio)} × ${figure.floor?.what}` : '',
    aimText(figure),
  ]);
  return markdown(['figure', 'median (quartiles)', 'ratio to its floor', 'aim'], rows);
}

function curveTable(curve: Curve): string {
  const bars = barsOf(curve);
  const rows = curve.points.map((point, index) => [
    point.point.at.toLocaleString('en'),
    spreadText(point),
    `\`${bars[index]}\``,
  ]);
  return [`**${curve.title}**`, markdown([curve.axis, curve.unit, ''], rows)].join('\n\n');
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n');
}
