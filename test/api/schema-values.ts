import fc from 'fast-check';
import { noon } from '../rigs/arbitrary-events.ts';
import { nameIn, type OpenApi, type Schema } from './document.ts';

/** Values that a caller can know, by the name of the parameter or member. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.emailAddress(),
  fc.stringMatching(/^[\w-]{22}$/),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

const time = fc
  .oneof(
    fc.integer({ min: -14 * 24 * 60, max: 24 * 60 }).map(minutes => noon + minutes * 60_000),
    fc.integer({ min: Date.UTC(0), max: Date.UTC(9999, 11, 31) }),
  )
  .map(millis => new Date(millis).toISOString());

/** Generates values that a schema allows. A known name mostly gets known values. */
export function valuesOf(schema: Schema, document: OpenApi, known: KnownValues = {}, name = ''): fc.Arbitrary<unknown> {
  const { $ref, enum: allowed, oneOf, anyOf, type, format, minimum = 0, maximum = 2 ** 31 } = schema;
  const { minItems = 0, maxItems = 10, uniqueItems = false, items = {}, properties = {}, required = [] } = schema;
  const inside = (member: Schema, memberName = name) => valuesOf(member, document, known, memberName);
  const object = (names: readonly string[]) =>
    fc.record(Object.fromEntries(names.map(member => [member, inside(properties[member] ?? {}, member)])));

  if ($ref !== undefined) return inside(document.components.schemas[nameIn($ref)]!);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (allowed !== undefined) return fc.constantFrom(...allowed);
  if (oneOf !== undefined) return fc.oneof(...oneOf.map(one => object([...required, ...(one.required ?? [])])));
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(one => inside(one)));
  if (type === 'integer')
    return fc.oneof(fc.integer({ min: minimum, max: maximum }), fc.constantFrom(minimum, maximum));
  if (type === 'array') {
    const lengths = { minLength: minItems, maxLength: maxItems };
    return uniqueItems ? fc.uniqueArray(inside(items), lengths) : fc.array(inside(items), lengths);
  }
  if (type === 'object') return object(Object.keys(properties));
  if (format === 'date-time') return time;
  if (format === 'date') return time.map(text => text.slice(0, 10));
  if (type !== 'string') return fc.jsonValue({ maxDepth: 3 });
  const values = known[name] ?? [];
  return values.length === 0 ? text : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, text);
}
