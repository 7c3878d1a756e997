import { describe, expect, it } from 'vitest';
import { once } from '../../shared/runtime/once.ts';

describe('a value that is made once', () => {
  it('is made when it is first needed, and serves all who wait for it', async () => {
    let made = 0;
    const value = once(async () => ++made);
    expect(made).toBe(0);
    expect(await Promise.all([value(), value()])).toEqual([1, 1]);
    expect(await value()).toBe(1);
  });

  it('is made anew after a failure', async () => {
    let tries = 0;
    const value = once(async () => {
      tries += 1;
      if (tries === 1) throw new Error('out of reach');
      return tries;
    });
    await expect(value()).rejects.toThrow('out of reach');
    expect(await value()).toBe(2);
  });
});
