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

export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The first aim, if there is one. It is printed beside the figure and never enforced. */
  readonly aim?: string;
}

export function figure(what: string, value: number, unit: string, aim?: string): Figure {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return { what, value: Number(value.toFixed(digits)), unit, ...(aim && { aim }) };
}
