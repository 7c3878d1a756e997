/** Returns pseudo-random numbers from 0 up to 1, which are the same for the same seed. */
export type Random = () => number;

/** Mulberry32, with a state of 32 bits. Every seed is a good one. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns one of the items. */
export function oneOf<Item>(items: readonly Item[], random: Random): Item {
  return items[Math.floor(random() * items.length)]!;
}

/** Returns a number from `least` to `most`. */
export function between(least: number, most: number, random: Random): number {
  return least + random() * (most - least);
}
