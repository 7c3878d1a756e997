/**
 * The event patterns by which an event source mapping filters. Every field of the pattern must match one of its listed
 * values or comparisons, and other fields do not matter. Only the comparisons of our template are understood.
 */

import { ownValue } from '../../../shared/runtime/own-property.ts';

/**
 * Whether the event matches the pattern.
 *
 * @throws Error for a comparison that is not known here
 */
export function matchesPattern(pattern: unknown, event: unknown): boolean {
  if (Array.isArray(pattern)) return pattern.some(expected => matchesValue(expected, event));
  if (typeof pattern !== 'object' || pattern === null) throw new Error(`not an event pattern: ${pattern}`);
  const fields = typeof event === 'object' && event !== null ? (event as Record<string, unknown>) : {};
  return Object.entries(pattern).every(([name, expected]) => matchesPattern(expected, ownValue(fields, name)));
}

function matchesValue(expected: unknown, value: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return value === expected;
  const [[name, argument] = ['', undefined]] = Object.entries(expected);
  const compare = ownValue(comparisons, name);
  if (compare === undefined) throw new Error(`the comparison ${name} of an event pattern is not understood here`);
  return compare(argument, value);
}

const comparisons: Readonly<Record<string, (argument: unknown, value: unknown) => boolean>> = {
  // Only a leaf exists: a field that holds an object does not.
  exists: (argument, value) => (value !== undefined && (value === null || typeof value !== 'object')) === argument,
  'anything-but': (argument, value) => value !== undefined && ![argument].flat().includes(value),
};
