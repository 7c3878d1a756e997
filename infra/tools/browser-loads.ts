import type { UiModules, UiSource } from '../compute/ui-modules.ts';

/** The modules that a browser loads for a page, and the bound on their size. */
export interface BrowserLoad {
  readonly name: string;
  /** Compressed by gzip. */
  readonly bytes: number;
  /** In KB of 1,024 bytes. */
  readonly maxKilobytes: number;
}

interface Budget {
  readonly sources: readonly UiSource[];
  /** Sources whose modules the browser has already. */
  readonly after?: readonly UiSource[];
  readonly maxKilobytes: number;
}

const elements = ['loader', 'emails', 'email', 'status'] as const satisfies readonly UiSource[];

const budgets = {
  'page with the list': { sources: ['loader', 'emails'], maxKilobytes: 20 },
  'page with all elements': { sources: elements, maxKilobytes: 30 },
  'page /ui, on top of these': { sources: ['page'], after: elements, maxKilobytes: 60 },
} as const satisfies Record<string, Budget>;

/** The loads that have a budget. */
export function browserLoads({ modules, loadedBy }: UiModules): readonly BrowserLoad[] {
  return Object.entries<Budget>(budgets).map(([name, { sources, after = [], maxKilobytes }]) => {
    const held = after.length === 0 ? [] : loadedBy(...after);
    const loaded = loadedBy(...sources).filter(module => !held.includes(module));
    const sizes = modules.filter(module => loaded.includes(module.name)).map(({ gzippedSize }) => gzippedSize);
    return { name, bytes: sizes.reduce((sum, size) => sum + size, 0), maxKilobytes };
  });
}
