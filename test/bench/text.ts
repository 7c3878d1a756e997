/** Figures and changes as lines of text. */

import type { Change } from './compare.ts';
import { isMet, type Spread } from './figures.ts';
import type { Measured } from './results.ts';

/** A median with its quartiles, where it has a spread. */
export function spreadText({ median, low, high }: Spread): string {
  return low === high ? String(median) : `${median} (${low}–${high})`;
}

/** The aim of a figure and whether it is met, or nothing. */
export function aimText(figure: Measured): string {
  const met = isMet(figure);
  return met === null ? '' : `${figure.aim} ${met ? '✓' : '✗'}`;
}

/** The figures of a benchmark. Curves are drawn below the single figures. */
export function linesOf(figures: readonly Measured[]): readonly string[] {
  const single = figures.filter(({ point }) => point === undefined);
  const rows = single.map(figure => [
    figure.what,
    `${spreadText(figure)} ${figure.unit}`.trim(),
    figure.ratio ? `${spreadText(figure.ratio)} × ${figure.floor?.what}` : '',
    figure.aim ? `aim ${aimText(figure)}` : '',
  ]);
  return [...aligned(rows), ...curvesOf(figures).flatMap(curve => ['', ...curveLines(curve)])];
}

export interface Curve {
  readonly title: string;
  readonly axis: string;
  readonly unit: string;
  readonly points: readonly (Measured & { readonly point: NonNullable<Measured['point']> })[];
}

/** The curves among figures, each with its points in order. */
export function curvesOf(figures: readonly Measured[]): readonly Curve[] {
  const points = figures.flatMap(figure => (figure.point === undefined ? [] : [{ ...figure, point: figure.point }]));
  const curves = Map.groupBy(points, ({ what, point }) => `${point.curve}: ${what}`);
  return [...curves].map(([title, all]) => ({
    title,
    axis: all[0]!.point.axis,
    unit: all[0]!.unit,
    points: all.toSorted((one, other) => one.point.at - other.point.at),
  }));
}

const barWidth = 24;

/** A bar for each point of a curve, as long as its median among them. */
export function barsOf({ points }: Curve): readonly string[] {
  const greatest = Math.max(...points.map(({ median }) => median));
  return points.map(({ median }) => '█'.repeat(Math.max(1, Math.round((median / greatest) * barWidth))));
}

function curveLines(curve: Curve): readonly string[] {
  const bars = barsOf(curve);
  const rows = curve.points.map((point, index) => [
    `  ${point.point.at.toLocaleString('en')}`,
    spreadText(point),
    bars[index]!,
  ]);
  return [`${curve.title}, ${curve.unit} by ${curve.axis}`, ...aligned(rows)];
}

/** The changes beyond the spread, worst first, and the number of the others. */
export function changeLines(changes: readonly Change[]): readonly string[] {
  const shown = (['worse', 'better'] as const).flatMap(is => changes.filter(change => change.is === is));
  const rows = shown.map(({ benchmark, what, unit, point, before, now, is }) => [
    is === 'worse' ? 'REGRESSION' : is,
    `${benchmark}: ${what}${point === undefined ? '' : `, ${point.axis}: ${point.at.toLocaleString('en')}`}`,
    `${spreadText(before)} → ${spreadText(now)} ${unit}`.trim(),
  ]);
  return [...aligned(rows), `${changes.length - shown.length} of ${changes.length} figures are the same.`];
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
