import fc from 'fast-check';

/** How many times as many examples as usual a property is tried on: `RUNS`, or 1; `npm run prove` takes 20. */
const factor = Number(process.env.RUNS ?? 1);

/** The number of examples that a property is tried on, of which `usual` are enough for every day. */
export function runs(usual: number): number {
  return Math.max(1, Math.round(usual * factor));
}

/** Properties that name no number of their own. */
fc.configureGlobal({ numRuns: runs(40) });
