/** Shuffles items in the same way in every run (a linear congruential generator, Fisher-Yates). */
export function shuffled<Item>(items: readonly Item[], seed = 42): Item[] {
  const order = [...items];
  let state = seed;
  for (let index = order.length - 1; index > 0; index -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (index + 1));
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}
