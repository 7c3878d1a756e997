import { describe, expect, it } from 'vitest';
import { createAccountConcurrency, isThrottled } from '../../infra/local/lambda/concurrency.ts';

/** A function whose invocations end when they are told to. */
function slowFunction(name: string) {
  const ends: (() => void)[] = [];
  return {
    name,
    invoke: (_event: unknown) => new Promise<unknown>(resolve => ends.push(() => resolve('done'))),
    warm: async () => {},
    stop: () => {},
    endOne: () => ends.shift()!(),
  };
}

describe('the concurrent executions of an account', () => {
  it('are throttled beyond the quota, over all functions, until one ends', async () => {
    const throttles: string[] = [];
    const account = createAccountConcurrency({ limit: 2, onThrottle: name => throttles.push(name) });
    const ingest = slowFunction('ingest');
    const query = slowFunction('query');
    const first = account.limited(ingest).invoke({});
    const second = account.limited(query).invoke({});
    const third = account.limited(query).invoke({});
    expect(isThrottled(await third.catch(error => error))).toBe(true);
    expect(throttles).toEqual(['query']);
    ingest.endOne();
    expect(await first).toBe('done');
    const fourth = account.limited(query).invoke({});
    query.endOne();
    query.endOne();
    expect(await Promise.all([second, fourth])).toEqual(['done', 'done']);
    expect(throttles).toHaveLength(1);
  });

  it('are kept for a function that reserves some, which has no more', async () => {
    const account = createAccountConcurrency({ limit: 101, reserved: { ingest: 1 } });
    const ingest = slowFunction('ingest');
    const query = slowFunction('query');
    const others = Array.from({ length: 100 }, () => account.limited(query).invoke({}));
    await expect(account.limited(query).invoke({})).rejects.toThrow(/100 executions/);
    const own = account.limited(ingest).invoke({});
    await expect(account.limited(ingest).invoke({})).rejects.toThrow(/1 executions?/);
    ingest.endOne();
    for (const _ of others) query.endOne();
    expect(await Promise.all([own, ...others])).toHaveLength(101);
  });

  it('are told of each function as an invocation begins, without those that are throttled', async () => {
    const running: string[] = [];
    const account = createAccountConcurrency({
      limit: 2,
      onRunning: (name, count) => running.push(`${name} ${count}`),
    });
    const ingest = slowFunction('ingest');
    const all = [1, 2, 3].map(() => account.limited(ingest).invoke({}));
    await expect(all[2]).rejects.toThrow('2 executions');
    ingest.endOne();
    await all[0];
    all.push(account.limited(ingest).invoke({}));
    expect(running).toEqual(['ingest 1', 'ingest 2', 'ingest 2']);
    ingest.endOne();
    ingest.endOne();
    await Promise.all([all[1], all[3]]);
  });

  it('cannot be reserved in an account whose quota is 10, as new accounts have', () => {
    expect(() => createAccountConcurrency({ limit: 10, reserved: { ingest: 1 } })).toThrow(
      'the functions reserve 1 of 10 concurrent executions: Lambda keeps 100 unreserved',
    );
  });
});
