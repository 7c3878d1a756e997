/**
 * What an on-demand table takes per second at most, whatever the cause of a flood: at 8 write units for the life of an
 * email, some 43 million emails a day. What goes beyond is throttled, and recorded later. Indexes follow their table:
 * they are written with it alone.
 */
export const throughputCeiling = { maxWriteRequestUnits: 4_000, maxReadRequestUnits: 4_000 } as const;
