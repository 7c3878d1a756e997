/** Searches every reachable state of a system, breadth first, and visits each state once. */

/** A possible next step. */
export interface Step<State> {
  /** Describes the step in words. */
  readonly says: () => string;
  readonly to: State;
  /** The promise that this step breaks, in words. */
  readonly breaks?: string | null;
}

export interface System<State> {
  readonly initial: State;
  /** Returns the same text for equal states. */
  keyOf(state: State): string;
  /** Returns every possible next step, or none in a final state. */
  stepsFrom(state: State): readonly Step<State>[];
  /** Returns the promise that the state breaks, in words, or null. */
  brokenIn(state: State): string | null;
  /** Returns the promise that a final state breaks, alone or together with earlier final states, or null. */
  brokenAtTheEnd(state: State): string | null;
}

export interface Findings {
  readonly states: number;
  readonly steps: number;
  readonly ends: number;
  /** The first broken promise, with one of the shortest ways there. */
  readonly broken: { readonly promise: string; readonly trace: readonly string[] } | null;
}

/** A scenario with more states is too large. */
const mostStates = 1_000_000;

/** Visits every reachable state, until it finds a broken promise or has visited them all. */
export function search<State>(system: System<State>): Findings {
  const numbers = new Map<string, number>();
  /** The state from which each state was first reached. `cameBy` has the step. */
  const cameFrom: number[] = [];
  const cameBy: number[] = [];
  /** Every step, as the two states that it joins. */
  const edges: { readonly from: number[]; readonly to: number[] } = { from: [], to: [] };
  const ends: number[] = [];
  let frontier: { readonly state: State; readonly number: number }[] = [];

  const findings = (broken: Findings['broken']) => ({
    states: numbers.size,
    steps: edges.to.length,
    ends: ends.length,
    broken,
  });
  const traceTo = (number: number): string[] => {
    const ordinals: number[] = [];
    for (let at = number; at !== 0; at = cameFrom[at]!) ordinals.unshift(cameBy[at]!);
    let state = system.initial;
    return ordinals.map(ordinal => {
      const step = system.stepsFrom(state)[ordinal]!;
      state = step.to;
      return step.says();
    });
  };
  const reached = (state: State, from: number, by: number): string | null => {
    const key = system.keyOf(state);
    const known = numbers.get(key);
    const number = known ?? numbers.size;
    if (from >= 0) {
      edges.from.push(from);
      edges.to.push(number);
    }
    if (known !== undefined) return null;
    if (number === mostStates) throw new Error(`more than ${mostStates} states`);
    numbers.set(key, number);
    cameFrom.push(from);
    cameBy.push(by);
    frontier.push({ state, number });
    return system.brokenIn(state);
  };

  const wrong = reached(system.initial, -1, -1);
  if (wrong !== null) return findings({ promise: wrong, trace: [] });
  while (frontier.length > 0) {
    const states = frontier;
    frontier = [];
    for (const { state, number } of states) {
      const steps = system.stepsFrom(state);
      for (const [ordinal, { says, to, breaks }] of steps.entries()) {
        const promise = breaks ?? reached(to, number, ordinal);
        if (promise) return findings({ promise, trace: [...traceTo(number), says()] });
      }
      if (steps.length > 0) continue;
      ends.push(number);
      const promise = system.brokenAtTheEnd(state);
      if (promise !== null) return findings({ promise, trace: traceTo(number) });
    }
  }
  const stuck = withoutWayTo(ends, edges, numbers.size);
  if (stuck !== null) return findings({ promise: 'from everywhere there is a way to an end', trace: traceTo(stuck) });
  return findings(null);
}

/** Returns the first state from which no way leads to an end, or null. */
function withoutWayTo(
  ends: readonly number[],
  { from, to }: { readonly from: readonly number[]; readonly to: readonly number[] },
  states: number,
): number | null {
  // Each state has a chain of the steps into it: `newest` has the last one, and `before` the one before each.
  const newest = new Int32Array(states).fill(-1);
  const before = new Int32Array(to.length);
  for (const [edge, state] of to.entries()) {
    before[edge] = newest[state]!;
    newest[state] = edge;
  }
  const good = new Uint8Array(states);
  const waiting = [...ends];
  for (const end of ends) good[end] = 1;
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    for (let edge = newest[state]!; edge !== -1; edge = before[edge]!) {
      const origin = from[edge]!;
      if (good[origin] === 1) continue;
      good[origin] = 1;
      waiting.push(origin);
    }
  }
  const stuck = good.indexOf(0);
  return stuck === -1 ? null : stuck;
}
