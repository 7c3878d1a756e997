/** Longer than any known name. A longer text is no misspelling of one. */
const maxLength = 40;

/** The number of letters to insert, delete, change or swap with a neighbour to get from one text to the other. */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const isSame = one[at - 1] === other[to - 1];
      const isSwapped = at > 1 && to > 1 && one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1];
      next.push(
        Math.min(
          row[to]! + 1,
          next[to - 1]! + 1,
          row[to - 1]! + (isSame ? 0 : 1),
          isSwapped ? before[to - 2]! + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = row;
    row = next;
  }
  return row.at(-1)!;
}

/** The name that a misspelt one most likely stands for, in any case; null if none is near. */
export function nearestName(misspelt: string, names: readonly string[]): string | null {
  if (misspelt.length > maxLength) return null;
  const given = misspelt.toLowerCase();
  const most = (name: string) => Math.max(1, Math.floor(name.length / 3));
  const [nearest] = names
    .filter(name => Math.abs(name.length - given.length) <= most(name))
    .map(name => ({ name, edits: distance(given, name) }))
    .filter(({ name, edits }) => edits <= most(name))
    .sort((one, other) => one.edits - other.edits);
  return nearest?.name ?? null;
}
