import * as z from 'zod/mini';
import { $ZodObjectJIT } from 'zod/v4/core';

/**
 * The object of `zod/mini` in the form that zod compiles at its first use. It parses in a third of the time, which
 * counts for a thousand events.
 */
export const object: typeof z.object = (...given) => {
  const schema = z.object(...given);
  return new $ZodObjectJIT(schema._zod.def) as unknown as typeof schema;
};

/** Text that may be missing. A member that is not needed must not make an event unreadable. */
export const text = z.nullish(z.string());

/** Text, or nothing in place of anything else. For members that only add to an event. */
export const textOrNone = z.catch(text, undefined);

/** One text, or a list of them. */
export const textOrList = z.nullish(z.union([z.string(), z.array(z.string())]));

/** A number or its text: providers have changed from one to the other. */
export const numberOrText = z.nullish(z.union([z.number(), z.string()]));

/** Any value. A member that is searched later must not make an event unreadable. */
export const anything = z.optional(z.unknown());

/** An object, or null for the empty list that some send for an empty object. */
export const orEmptyList = <Shape extends z.ZodMiniType>(shape: Shape) =>
  z.nullish(
    z.union([
      shape,
      z.pipe(
        z.array(z.unknown()),
        z.transform(() => null),
      ),
    ]),
  );
