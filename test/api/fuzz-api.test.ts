import { expect, it } from 'vitest';
import { runs } from '../rigs/runs.ts';
import { deviationText, fuzzApi } from './fuzz-api.ts';

it('the API answers generated requests as documented, none with 5xx, and shows nobody an email of another account', async () => {
  const requests = runs(500);
  const { done, answers, deviations } = await fuzzApi({ runs: requests, seed: 1 });
  expect(deviations.map(deviationText)).toEqual([]);
  expect(done).toBe(requests);
  // Requests that reach no route would find no deviation.
  for (const [route, byStatus] of Object.entries(answers)) expect(byStatus[200], route).toBeGreaterThan(0);
}, 120_000);

it('the fuzzer reports an email of another account in a list, and an answer of 5xx', async () => {
  const { deviations } = await fuzzApi({
    runs: 500,
    seed: 1,
    store: store => ({
      ...store,
      page: (filter, request) => store.page({ ...filter, accountId: 'acct-adela' }, request),
      email: () => Promise.reject(new Error('out of reach')),
    }),
  });
  expect(deviations.map(({ wrong }) => wrong)).toEqual(expect.arrayContaining(['shows acct-adela', 'answered 500']));
});
