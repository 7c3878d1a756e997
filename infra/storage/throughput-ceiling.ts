import type { Config } from '../config.ts';

/**
 * The most units per second that an on-demand table takes, whatever causes a flood. At 8 write units per email, 4,000
 * suffice for some 43 million emails a day. Writes beyond it are throttled and recorded later. Indexes need no own limit,
 * since they are written only with their table. DynamoDB changes the limit of a table in place.
 */
export function throughputCeiling({ maxWriteUnits, maxReadUnits }: Config) {
  return { maxWriteRequestUnits: maxWriteUnits, maxReadRequestUnits: maxReadUnits };
}
