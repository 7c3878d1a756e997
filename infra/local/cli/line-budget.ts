/** Figures to add up, by what they count, e.g. `recorded`. */
export type Figures = Readonly<Record<string, number>>;

/** Prints some lines a second, and sums up the others. */
export interface LineBudget {
  print(line: string, figures: Figures): void;
  /** To be called a few times a second: prints the sum of a second that is over. */
  tick(): void;
}

const second = 1_000;

/**
 * @param write prints one line
 * @param now epoch milliseconds
 */
export function createLineBudget(write: (line: string) => void, now: () => number, linesPerSecond = 10): LineBudget {
  let begun = Number.NEGATIVE_INFINITY;
  let lines = 0;
  let sums: Record<string, number> = {};

  function tick(): void {
    if (now() - begun < second) return;
    const more = lines - linesPerSecond;
    if (more > 0) {
      const figures = figuresText(sums, (name, count) => `${count.toLocaleString('en-US')} ${name}`);
      write(`... ${more.toLocaleString('en-US')} more in the last second${figures === '' ? '' : `: ${figures}`}`);
    }
    lines = 0;
    sums = {};
  }

  return {
    tick,
    print(line, figures) {
      tick();
      if (lines === 0) begun = now();
      lines += 1;
      if (lines <= linesPerSecond) return write(line);
      for (const [name, count] of Object.entries(figures)) sums[name] = (sums[name] ?? 0) + count;
    },
  };
}

/** The figures that are not zero, in words. */
export function figuresText(figures: Figures, inWords = (name: string, count: number) => `${name} ${count}`): string {
  return Object.entries(figures)
    .filter(([, count]) => count !== 0)
    .map(([name, count]) => inWords(name, count))
    .join(', ');
}
