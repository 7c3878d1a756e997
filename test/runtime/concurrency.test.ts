import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forEachConcurrently } from '../../shared/runtime/concurrency.ts';

describe('concurrent work', () => {
  it('is done once for every item, and never more at once than the limit', async () => {
    const done: number[] = [];
    let atOnce = 0;
    let most = 0;
    await forEachConcurrently([1, 2, 3, 4, 5], 2, async item => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await turn();
      atOnce -= 1;
      done.push(item);
    });
    expect([done.sort(), most]).toEqual([[1, 2, 3, 4, 5], 2]);
  });

  it('ends with its first failure, begins nothing after it, and leaves nothing under way', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      if (item === 2) throw new Error('out of reach');
      await turn();
      ended.push(item);
    };
    await expect(forEachConcurrently([1, 2, 3, 4, 5], 2, work)).rejects.toThrow('out of reach');
    expect([begun, ended]).toEqual([[1, 2], [1]]);
  });
});
