import { describe, expect, it } from 'vitest';
import { changesBetween } from './compare.ts';
import { counted, type Details, figure, isMet, measured } from './figures.ts';
import { withTables } from './performance-page.ts';
import type { Results } from './results.ts';
import { changeLines } from './text.ts';

const machine = { node: 'v24.0.0', cpus: 2, model: 'a model' };

const resultsOf = (figures: readonly ReturnType<typeof figure>[], on = machine): Results => ({
  date: '2026-01-02',
  machine: on,
  figures: figures.map(one => ({ benchmark: 'reads', ...one })),
});

const verdicts = (before: Results, now: Results) => changesBetween(before, now).map(({ what, is }) => `${what}: ${is}`);

describe('a figure', () => {
  it('is the median of its samples between their quartiles', () => {
    expect(measured('read', [5, 1, 2, 4, 3], 'ms')).toEqual({
      what: 'read',
      unit: 'ms',
      median: 3,
      low: 2,
      high: 4,
      samples: 5,
    });
  });

  it('has its ratio to the floor round by round, so that a slow minute counts for both', () => {
    const floor = { what: 'bare', samples: [1, 10, 2] };
    const { ratio } = measured('read', [2, 20, 4], 'ms', { floor });
    expect(ratio).toEqual({ median: 2, low: 2, high: 2 });
  });

  it.each([
    ['≤ 2', true],
    ['< 2', false],
    ['≥ 2', true],
    ['> 2', false],
    ['2', true],
    ['≤ 1,000', true],
    [undefined, null],
  ])('of 2 with the aim %s is met: %s', (aim, met) => {
    expect(isMet(figure('read', 2, 'ms', aim))).toBe(met);
  });
});

describe('two runs of the benchmarks', () => {
  const times = (...samples: number[]) => resultsOf([measured('read', samples, 'ms')]);

  it.each([
    ['overlap', times(10, 11, 12), times(11, 12, 13), 'same'],
    ['differ by less than a tenth', times(100, 100, 101), times(105, 105, 106), 'same'],
    ['differ by more', times(10, 11, 12), times(14, 15, 16), 'worse'],
    ['differ to the better', times(14, 15, 16), times(10, 11, 12), 'better'],
  ])('whose quartiles %s', (_, before, now, is) => {
    expect(verdicts(before, now)).toEqual([`read: ${is}`]);
  });

  it('count fewer events a second as worse', () => {
    const rates = (rate: number) => resultsOf([measured('batches', [rate, rate, rate], 'events/s')]);
    expect(verdicts(rates(900), rates(700))).toEqual(['batches: worse']);
  });

  it('compare one sample of a time with patience, and a count without', () => {
    const both = (ms: number, units: number) => resultsOf([figure('answer', ms, 'ms'), counted('write', units, 'WCU')]);
    expect(verdicts(both(100, 1), both(120, 1.1))).toEqual(['answer: same', 'write: worse']);
  });

  it.each([
    [0, 3, 'same'],
    [1, 3, 'same'],
    [0, 6, 'worse'],
    [100, 120, 'same'],
    [100, 130, 'worse'],
  ])('allow a count by chance to go from %i to %i: %s', (before, now, is) => {
    const again = (count: number) => resultsOf([measured('sent again', [count], '', { count: 'by chance' })]);
    expect(verdicts(again(before), again(now))).toEqual([`sent again: ${is}`]);
  });

  it.each([
    [0, 0.002, 'same'],
    [0, 0.1, 'worse'],
    [0.1, 0, 'better'],
  ])('name an exact count that goes from %d to %d: %s', (before, now, is) => {
    const failed = (count: number) => resultsOf([counted('failed conditions', count, '')]);
    expect(verdicts(failed(before), failed(now))).toEqual([`failed conditions: ${is}`]);
  });

  it('name the benchmark and the point of a curve with each change', () => {
    const point = { curve: 'table', axis: 'emails in the table', at: 1_000 };
    const at = (ms: number) => resultsOf([measured('write', [ms, ms, ms], 'ms', { point }), figure('read', ms, 'ms')]);
    expect(changeLines(changesBetween(at(1), at(2)))).toEqual([
      'REGRESSION  reads: write, emails in the table: 1,000  1 → 2 ms',
      'REGRESSION  reads: read                               1 → 2 ms',
      '0 of 2 figures are the same.',
    ]);
  });

  it('compare ratios and counts alone where the machines differ', () => {
    const details: Details = { floor: { what: 'bare', samples: [1, 1, 1] }, aim: '≤ 1.2' };
    const on = (model: string, ms: number) =>
      resultsOf([measured('read', [ms, ms, ms], 'ms', details), counted('write', 1, 'WCU')], { ...machine, model });
    expect(verdicts(on('one', 1), on('other', 2))).toEqual(['read / bare: worse', 'write: same']);
  });

  it('are the same where they are one file: a figure in another unit, or at another point, is another', () => {
    const at = (samples: readonly number[], curve: string, emails: number) =>
      measured('read', samples, 'ms', { point: { curve, axis: 'emails', at: emails } });
    const run = resultsOf([
      figure('read', 2, 'ms'),
      figure('read', 1, 'CPU ms'),
      at([5, 6, 7], 'table', 1),
      at([50, 60, 70], 'table', 1_000),
      at([9, 9, 9], 'history', 1),
    ]);
    expect(verdicts(run, run)).toEqual(run.figures.map(() => 'read: same'));
  });

  it('leave out figures that only one of them has', () => {
    expect(verdicts(times(1), resultsOf([figure('other', 1, 'ms')]))).toEqual([]);
  });
});

describe('docs/performance.md', () => {
  const page = 'by hand\n\n<!-- npm run bench: begin -->\n\nold\n\n<!-- npm run bench: end -->\n\nby hand too\n';
  const curve = (at: number) => measured('write', [at], 'ms', { point: { curve: 'table', axis: 'emails', at } });
  const written = withTables(page, resultsOf([figure('read', 2, 'ms', '≤ 3'), curve(1), curve(1_000)]), {
    reads: 'Reads',
  });

  it('has the figures and curves of a run between the words that are written by hand', () => {
    expect(written).toMatch(/^by hand\n\n<!--/);
    expect(written).toContain('Measured on 2026-01-02: 2 cores of a model, Node.js 24.0.0.');
    expect(written).toContain('### Reads');
    expect(written).toContain('| read | 2 ms |  | ≤ 3 ✓ |');
    expect(written).toContain('| 1,000 | 1000 | `████████████████████████` |');
    expect(written).toMatch(/end -->\n\nby hand too\n$/);
    expect(written).not.toContain('old');
  });

  it('is written again in the same way', () => {
    expect(withTables(written, resultsOf([]), {})).not.toContain('### Reads');
  });
});
