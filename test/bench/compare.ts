/** The changes between two runs of the benchmarks. */

import { isMoreBetter, type Spread } from './figures.ts';
import type { Measured, Results } from './results.ts';

export interface Change {
  readonly what: string;
  readonly unit: string;
  readonly before: Spread;
  readonly now: Spread;
  readonly is: 'better' | 'worse' | 'same';
}

/** Counts do not depend on the machine, nor on chance. */
const countedUnits = ['', 'KB', 'WCU', 'RCU'];

/** The least change that counts, as a share of the earlier median. */
const leastShares = { counted: 0.02, rounds: 0.1, oneSample: 0.25 } as const;

/** The rule by which a figure is a regression, for people. */
export const rule =
  'A figure is worse where its quartiles lie wholly on the worse side of the earlier ones, and its median moved by more than 10 %. ' +
  'For counts 2 % are enough, and a time of one sample needs 25 %. Between two machines only ratios and counts are compared.';

/** The changes of the figures that both runs have. Times count on one and the same machine only, ratios on any. */
export function changesBetween(before: Results, now: Results): readonly Change[] {
  const isSameMachine = JSON.stringify(before.machine) === JSON.stringify(now.machine);
  const earlier = new Map(before.figures.map(figure => [keyOf(figure), figure]));
  return now.figures.flatMap(figure => {
    const old = earlier.get(keyOf(figure));
    if (old === undefined) return [];
    const { unit, samples, ratio, aim } = figure;
    const isCounted = countedUnits.includes(unit);
    const isComparable = isSameMachine || isCounted || unit === '×';
    const least = leastShares[isCounted ? 'counted' : Math.min(samples, old.samples) === 1 ? 'oneSample' : 'rounds'];
    // A figure's aim may be that of its ratio, which says nothing about the unit.
    const isMore = isMoreBetter({ unit, ...(ratio === undefined && aim !== undefined && { aim }) });
    return [
      ...(isComparable ? [change(figure.what, unit, old, figure, isMore, least)] : []),
      ...(ratio && old.ratio
        ? [change(`${figure.what} / ${figure.floor?.what}`, '×', old.ratio, ratio, isMoreBetter(figure), least)]
        : []),
    ];
  });
}

/** A benchmark may measure the same thing in two units, e.g. a cold start in ms and in CPU ms. */
function keyOf({ benchmark, what, unit, point }: Measured): string {
  return JSON.stringify([benchmark, what, unit, point?.curve, point?.at]);
}

function change(what: string, unit: string, before: Spread, now: Spread, isMore: boolean, least: number): Change {
  const moved = before.median === 0 ? now.median - before.median : now.median / before.median - 1;
  const isUp = now.low > before.high && moved > least;
  const isDown = now.high < before.low && -moved > least;
  const is = isUp ? (isMore ? 'better' : 'worse') : isDown ? (isMore ? 'worse' : 'better') : 'same';
  return { what, unit, before, now, is };
}
