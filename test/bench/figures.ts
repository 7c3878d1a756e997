/** The median of some figures. */
export function median(figures: readonly number[]): number {
  return quantile(figures, 0.5);
}

/** The value below which a share of the figures lies, interpolated. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (position - below);
}

/** The median of samples between their quartiles. One sample has no spread. */
export interface Spread {
  readonly median: number;
  /** The first quartile. */
  readonly low: number;
  /** The third quartile. */
  readonly high: number;
}

export interface Figure extends Spread {
  readonly what: string;
  readonly unit: string;
  readonly samples: number;
  /** The least that the same work can cost, measured in the same run. */
  readonly floor?: Spread & { readonly what: string };
  /** The figure by its floor. It depends little on the machine. */
  readonly ratio?: Spread;
  /** The aim of the ratio, or of a figure without a floor. It is printed beside the figure and never enforced. */
  readonly aim?: string;
  /** The place of the figure on a curve. */
  readonly point?: Point;
  /** Set where the figure is a count. `exact`: without a change of the code it is the same in each run, on any machine. */
  readonly count?: Count;
}

export type Count = 'exact' | 'by chance';

export interface Point {
  readonly curve: string;
  /** The quantity that grows along the curve. */
  readonly axis: string;
  readonly at: number;
}

export interface Details {
  /** The floor's samples belong to those of the figure, round by round, where there are as many. */
  readonly floor?: { readonly what: string; readonly samples: readonly number[] };
  readonly aim?: string;
  readonly point?: Point;
  readonly count?: Count;
}

/** A figure of one sample. */
export function figure(what: string, value: number, unit: string, aim?: string): Figure {
  return measured(what, [value], unit, aim === undefined ? {} : { aim });
}

/** A count that is the same in each run. */
export function counted(what: string, value: number, unit: string, details: Omit<Details, 'count'> = {}): Figure {
  return measured(what, [value], unit, { ...details, count: 'exact' });
}

/** A figure of the rounds of one run, with its ratio to the floor of the same run. */
export function measured(what: string, samples: readonly number[], unit: string, details: Details = {}): Figure {
  const { floor, aim, point, count } = details;
  return {
    what,
    unit,
    ...spreadOf(samples),
    samples: samples.length,
    ...(floor && {
      floor: { what: floor.what, ...spreadOf(floor.samples) },
      ratio: ratioOf(samples, floor.samples),
    }),
    ...(aim && { aim }),
    ...(point && { point }),
    ...(count && { count }),
  };
}

function ratioOf(samples: readonly number[], floor: readonly number[]): Spread {
  const base = median(floor);
  const paired = samples.length === floor.length;
  return spreadOf(samples.map((sample, round) => sample / (paired ? floor[round]! : base)));
}

function spreadOf(samples: readonly number[]): Spread {
  return {
    median: rounded(median(samples)),
    low: rounded(quantile(samples, 0.25)),
    high: rounded(quantile(samples, 0.75)),
  };
}

/** Three digits that count. */
function rounded(value: number): number {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return Number(value.toFixed(digits));
}

/** Whether a larger value of the figure is the better one. */
export function isMoreBetter({ unit, aim }: Pick<Figure, 'unit' | 'aim'>): boolean {
  return unit.endsWith('/s') || /^(?:≥|>)/.test(aim ?? '');
}

/** Whether the aim is met; null without one. */
export function isMet({ aim, ratio, median: value }: Figure): boolean | null {
  const [, sign, limit] = /^(≤|<|≥|>=|>|)\s*([\d.,]+)/.exec(aim ?? '') ?? [];
  if (sign === undefined || limit === undefined) return null;
  const reached = ratio?.median ?? value;
  return comparisons[sign as keyof typeof comparisons](reached, Number(limit.replaceAll(',', '')));
}

const comparisons = {
  '≤': (value, limit) => value <= limit,
  '<': (value, limit) => value < limit,
  '≥': (value, limit) => value >= limit,
  '>=': (value, limit) => value >= limit,
  '>': (value, limit) => value > limit,
  '': (value, limit) => value === limit,
} as const satisfies Record<string, (value: number, limit: number) => boolean>;
