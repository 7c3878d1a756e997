/** Runs work side by side, in as many lanes as there are; each has a lane to itself meanwhile. */
export type InLane<Lane> = <Outcome>(work: (lane: Lane) => Promise<Outcome>) => Promise<Outcome>;

/**
 * Lanes for work that must not meet, such as calls through a proxy whose faults are counted.
 *
 * @param cleared leaves a lane as the next work expects it
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
