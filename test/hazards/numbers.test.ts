import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** What the outside world does to a webhook, by number, and the file about it. */
const files = {
  authentication: { first: 1, last: 36 },
  transport: { first: 37, last: 52 },
  json: { first: 53, last: 72 },
  fields: { first: 73, last: 92 },
  order: { first: 93, last: 100 },
} as const;

/** The numbers with which titles begin, here or in a table of cases. */
function numbersIn(file: string): number[] {
  const source = readFileSync(new URL(`${file}.test.ts`, import.meta.url), 'utf8');
  const begins = source.matchAll(/(?:^\s*|[([])['"`](\d{1,3}) \S/gm);
  // Replies of SMTP servers begin with numbers as well.
  return [...begins].map(([, number]) => Number(number)).filter(number => number <= 100);
}

describe('every hazard of a webhook has a test by its number:', () => {
  it.each(Object.entries(files))('%s', (file, { first, last }) => {
    const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    expect([...new Set(numbersIn(file))].sort((a, b) => a - b)).toEqual(all);
  });

  it('from 1 to 100', () => {
    const all = Object.values(files).flatMap(({ first, last }) => [first, last]);
    expect(all).toEqual([1, 36, 37, 52, 53, 72, 73, 92, 93, 100]);
  });
});
