import { vi } from 'vitest';
import { patienceMs } from './patience.ts';

/** Repeats a check until it holds. */
export function eventually<Result>(check: () => Result | Promise<Result>): Promise<Result> {
  return vi.waitFor(check, { timeout: patienceMs, interval: 50 });
}
