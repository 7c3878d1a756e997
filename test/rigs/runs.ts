import fc from 'fast-check';

/** The factor for the number of a property's examples: `RUNS`, or 1. `npm run prove` takes 20. */
const factor = Number(process.env.RUNS ?? 1);

/** The number of a property's examples. `usual` of them are enough for every day. */
export function runs(usual: number): number {
  return Math.max(1, Math.round(usual * factor));
}

// This is the number for properties that name none.
fc.configureGlobal({ numRuns: runs(40) });
