/** Runs work concurrently in the lanes. Each piece of work has a lane to itself. */
export type InLane<Lane> = <Outcome>(work: (lane: Lane) => Promise<Outcome>) => Promise<Outcome>;

/**
 * Creates lanes for work that must not meet, such as calls through a proxy that counts its faults.
 *
 * @param cleared resets a lane for the next work
 */
export function createLanes<Lane>(lanes: readonly Lane[], cleared: (lane: Lane) => unknown): InLane<Lane> {
  const free = [...lanes];
  const waiting: ((lane: Lane) => void)[] = [];
  return async work => {
    const lane = free.pop() ?? (await new Promise<Lane>(resolve => waiting.push(resolve)));
    try {
      return await work(lane);
    } finally {
      await cleared(lane);
      const next = waiting.shift();
      if (next === undefined) free.push(lane);
      else next(lane);
    }
  };
}
