import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** The hazards of a webhook: the numbers that each file covers. */
const files = {
  authentication: { first: 1, last: 36 },
  transport: { first: 37, last: 52 },
  json: { first: 53, last: 72 },
  fields: { first: 73, last: 92 },
  order: { first: 93, last: 100 },
} as const;

/** The numbers of hazards at the beginning of titles, also in tables of cases. */
function numbersIn(file: string): number[] {
  const source = readFileSync(new URL(`${file}.test.ts`, import.meta.url), 'utf8');
  const titles = source.matchAll(/(?:^\s*|[([])['"`]hazard (\d{1,3}): \S/gm);
  return [...titles].map(([, number]) => Number(number));
}

describe('the catalogue of hazards', () => {
  it.each(Object.entries(files))('has a test for each hazard of %s', (file, { first, last }) => {
    const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    expect([...new Set(numbersIn(file))].sort((a, b) => a - b)).toEqual(all);
  });

  it('runs from 1 to 100 without a gap', () => {
    const all = Object.values(files).flatMap(({ first, last }) => [first, last]);
    expect(all).toEqual([1, 36, 37, 52, 53, 72, 73, 92, 93, 100]);
  });
});
