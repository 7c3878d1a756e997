import * as z from 'zod/mini';

/** The environment of the changes function. The construct that sets it is type-checked against this schema. */
export const changesEnv = z.object({
  /** The table of emails. */
  TABLE_NAME: z.string().check(z.minLength(1)),
  /** The table that keeps the news of each provider. */
  GUARD_TABLE_NAME: z.string().check(z.minLength(1)),
  /** The bus that gets an event for each change of a status; empty if there is none. */
  EVENT_BUS_NAME: z._default(z.string(), ''),
});

export type ChangesEnv = Record<keyof z.infer<typeof changesEnv>, string>;
