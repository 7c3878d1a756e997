/** The factor for the number of a property's examples: `RUNS`, or 1. `npm run prove` takes 20. */
const factor = Number(process.env.RUNS ?? 1);

/** The number of a property's examples. `usual` of them are enough for every day. */
export function runs(usual: number): number {
  return Math.max(1, Math.round(usual * factor));
}
