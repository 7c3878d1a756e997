/** The changes between two runs of the benchmarks. */

import { isMoreBetter, type Spread } from './figures.ts';
import type { Measured, Results } from './results.ts';

export interface Change extends Pick<Measured, 'benchmark' | 'what' | 'unit' | 'point'> {
  readonly before: Spread;
  readonly now: Spread;
  readonly is: 'better' | 'worse' | 'same';
}

/** The least change that counts: a share of the earlier median, and a step. A share of 0 is 0. */
const leastChanges = {
  exact: { share: 0.02, step: 0.01 },
  'by chance': { share: 0.25, step: 5 },
  rounds: { share: 0.1, step: 0 },
  oneSample: { share: 0.25, step: 0 },
} as const;

type LeastChange = (typeof leastChanges)[keyof typeof leastChanges];

/** The rule by which a figure is a regression, for people. */
export const rule =
  'A figure is worse where its quartiles lie wholly on the worse side of the earlier ones, and its median moved by more than 10 %. ' +
  'For counts 2 % are enough. A time of one sample needs 25 %, and a count that depends on chance more than 5 besides. ' +
  'Between two machines only ratios and counts are compared.';

/** The changes of the figures that both runs have. Times count on one and the same machine only, ratios on any. */
export function changesBetween(before: Results, now: Results): readonly Change[] {
  const isSameMachine = JSON.stringify(before.machine) === JSON.stringify(now.machine);
  const earlier = new Map(before.figures.map(figure => [keyOf(figure), figure]));
  return now.figures.flatMap(figure => {
    const old = earlier.get(keyOf(figure));
    if (old === undefined) return [];
    const { unit, samples, ratio, aim, count } = figure;
    const isComparable = isSameMachine || count === 'exact' || unit === '×';
    const least = leastChanges[count ?? (Math.min(samples, old.samples) === 1 ? 'oneSample' : 'rounds')];
    // A figure's aim may be that of its ratio, which says nothing about the unit.
    const isMore = isMoreBetter({ unit, ...(ratio === undefined && aim !== undefined && { aim }) });
    const byFloor = { ...figure, what: `${figure.what} / ${figure.floor?.what}`, unit: '×' };
    return [
      ...(isComparable ? [change(figure, old, figure, isMore, least)] : []),
      ...(ratio && old.ratio ? [change(byFloor, old.ratio, ratio, isMoreBetter(figure), least)] : []),
    ];
  });
}

/** A benchmark may measure the same thing in two units, e.g. a cold start in ms and in CPU ms. */
function keyOf({ benchmark, what, unit, point }: Measured): string {
  return JSON.stringify([benchmark, what, unit, point?.curve, point?.at]);
}

function change(of: Measured, before: Spread, now: Spread, isMore: boolean, { share, step }: LeastChange): Change {
  const { benchmark, what, unit, point } = of;
  const moved = now.median - before.median;
  const isFar = Math.abs(moved) > Math.max(step, share * Math.abs(before.median));
  const isUp = isFar && now.low > before.high;
  const isDown = isFar && now.high < before.low;
  const is = isUp ? (isMore ? 'better' : 'worse') : isDown ? (isMore ? 'worse' : 'better') : 'same';
  return { benchmark, what, unit, ...(point && { point }), before, now, is };
}
