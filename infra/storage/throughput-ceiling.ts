/**
 * The most units per second that an on-demand table takes, whatever causes a flood. At 8 write units per email, they
 * suffice for some 43 million emails a day. Writes beyond it are throttled and recorded later. Indexes need no own
 * limit, since they are written only with their table.
 */
export const throughputCeiling = { maxWriteRequestUnits: 4_000, maxReadRequestUnits: 4_000 } as const;
