import { beforeEach, describe, expect, it } from 'vitest';
import { createLineBudget, type LineBudget } from '../../infra/local/cli/line-budget.ts';

let now: number;
let lines: string[];
let budget: LineBudget;
beforeEach(() => {
  now = 1_000_000;
  lines = [];
  budget = createLineBudget(
    line => lines.push(line),
    () => now,
    { linesPerSecond: 3 },
  );
});

const print = (count: number, figures: Readonly<Record<string, number>> = { recorded: 1 }) => {
  for (let index = 0; index < count; index += 1) budget.print(`line ${index}`, figures);
};

describe('lines on the terminal', () => {
  it('are all printed while there are few', () => {
    print(3);
    now += 1_000;
    print(3);
    now += 5_000;
    budget.tick();
    expect(lines).toEqual(['line 0', 'line 1', 'line 2', 'line 0', 'line 1', 'line 2']);
  });

  it('are summed up beyond so many in a second, once the second is over', () => {
    print(3);
    print(1_238);
    print(2, { refused: 1, recorded: 0 });
    now += 999;
    budget.tick();
    expect(lines).toHaveLength(3);
    now += 1;
    budget.tick();
    budget.tick();
    expect(lines.slice(3)).toEqual(['... 1,240 more in the last second: 1,238 recorded, 2 refused']);
  });

  it('are summed up before the first line of the next second', () => {
    print(4);
    now += 1_000;
    print(1);
    expect(lines.slice(3)).toEqual(['... 1 more in the last second: 1 recorded', 'line 0']);
  });

  it('are named in the sum where all of them are of one kind', () => {
    const alerts = createLineBudget(
      line => lines.push(line),
      () => now,
      { linesPerSecond: 3, noun: 'alert' },
    );
    for (const more of [1, 40]) {
      for (let index = 0; index < 3 + more; index += 1) alerts.print('alert', {});
      now += 1_000;
      alerts.tick();
    }
    expect(lines.filter(line => line !== 'alert')).toEqual([
      '... 1 more alert in the last second',
      '... 40 more alerts in the last second',
    ]);
  });

  it('below others use up the second, and are not counted', () => {
    print(1);
    for (let index = 0; index < 5; index += 1) budget.printBelow(`piece ${index}`);
    print(2);
    now += 1_000;
    budget.tick();
    expect(lines).toEqual(['line 0', 'piece 0', 'piece 1', '... 2 more in the last second: 2 recorded']);
  });

  it('below others are counted where nothing else was summed up', () => {
    print(1);
    for (let index = 0; index < 5; index += 1) budget.printBelow(`piece ${index}`);
    now += 1_000;
    budget.tick();
    expect(lines.at(-1)).toBe('... 3 more lines in the last second');
  });

  it('are counted even where they have no figures', () => {
    print(5, {});
    now += 1_000;
    budget.tick();
    expect(lines.at(-1)).toBe('... 2 more in the last second');
  });
});
