/** The installation's own keys. */
export type OwnKeyName = 'canary' | 'cursor';

/** The key of such an item in the table of guards. */
export const ownKeyItem = (name: OwnKeyName): string => `key:${name}`;
