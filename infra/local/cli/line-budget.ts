/** Figures to add up, by what they count, e.g. `recorded`. */
export type Figures = Readonly<Record<string, number>>;

/** Prints some lines a second, and sums up the others. */
export interface LineBudget {
  print(line: string, figures: Figures): void;
  /** Prints a detail of the line above it. It takes a line of the second, and the sum does not count it. */
  printBelow(line: string): void;
  /** To be called a few times a second: prints the sum of a second that is over. */
  tick(): void;
}

export interface LineBudgetOptions {
  readonly linesPerSecond?: number;
  /** Names the lines in the sum, e.g. `alert`, where all of them are of one kind. */
  readonly noun?: string;
}

const second = 1_000;

/**
 * @param write prints one line
 * @param now epoch milliseconds
 */
export function createLineBudget(
  write: (line: string) => void,
  now: () => number,
  { linesPerSecond = 10, noun }: LineBudgetOptions = {},
): LineBudget {
  let begun = Number.NEGATIVE_INFINITY;
  let lines = 0;
  let more = 0;
  let moreBelow = 0;
  let sums: Record<string, number> = {};

  function tick(): void {
    if (now() - begun < second) return;
    if (more > 0) {
      const figures = figuresText(sums, (name, count) => `${count.toLocaleString('en-US')} ${name}`);
      const kind = noun === undefined ? '' : ` ${more === 1 ? noun : `${noun}s`}`;
      write(
        `... ${more.toLocaleString('en-US')} more${kind} in the last second${figures === '' ? '' : `: ${figures}`}`,
      );
    } else if (moreBelow > 0) {
      write(`... ${moreBelow.toLocaleString('en-US')} more ${moreBelow === 1 ? 'line' : 'lines'} in the last second`);
    }
    lines = 0;
    more = 0;
    moreBelow = 0;
    sums = {};
  }

  /** Whether the second has room for the line, which is printed then. */
  function isPrinted(line: string): boolean {
    tick();
    if (lines === 0) begun = now();
    lines += 1;
    if (lines > linesPerSecond) return false;
    write(line);
    return true;
  }

  return {
    tick,
    print(line, figures) {
      if (isPrinted(line)) return;
      more += 1;
      for (const [name, count] of Object.entries(figures)) sums[name] = (sums[name] ?? 0) + count;
    },
    printBelow(line) {
      if (!isPrinted(line)) moreBelow += 1;
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
