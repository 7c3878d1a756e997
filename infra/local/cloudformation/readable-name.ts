/** The eight hexadecimal digits by which CDK tells ids of the same letters apart. */
const hash = /[0-9A-F]{8}$/;

/** A logical id as people read it: `SesEventsQueueF4E5BF5D` → `ses-events-queue`. */
export function readableName(logicalId: string): string {
  return logicalId
    .replace(hash, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase();
}

/** The readable name of each logical id; the id itself where another one reads the same. */
export function readableNames(logicalIds: readonly string[]): Readonly<Record<string, string>> {
  const byName = Map.groupBy(logicalIds, readableName);
  return Object.fromEntries(
    logicalIds.map(id => {
      const name = readableName(id);
      return [id, name !== '' && byName.get(name)!.length === 1 ? name : id];
    }),
  );
}
