/**
 * The event patterns by which an event source mapping filters: every field named must match one of its listed values or
 * comparisons. Fields that are not named do not matter.
 */

type Comparison = Readonly<Record<string, unknown>>;

/**
 * Whether the event matches the pattern.
 *
 * @throws Error for a comparison that is not known here
 */
export function matchesPattern(pattern: unknown, event: unknown): boolean {
  if (Array.isArray(pattern)) return pattern.some(expected => matchesValue(expected, event));
  if (typeof pattern !== 'object' || pattern === null) throw new Error(`not an event pattern: ${pattern}`);
  // Of an event's list any element may match.
  if (Array.isArray(event)) return event.some(element => matchesPattern(pattern, element));
  const fields = typeof event === 'object' && event !== null ? (event as Record<string, unknown>) : {};
  return Object.entries(pattern).every(([name, expected]) =>
    name === '$or' && Array.isArray(expected)
      ? expected.some(alternative => matchesPattern(alternative, event))
      : matchesPattern(expected, Object.hasOwn(fields, name) ? fields[name] : undefined),
  );
}

function matchesValue(expected: unknown, value: unknown): boolean {
  if (typeof expected === 'object' && expected !== null) {
    const [[name, argument] = ['', undefined]] = Object.entries(expected as Comparison);
    const compare = comparisons[name];
    if (compare === undefined) throw new Error(`the comparison ${name} of an event pattern is not understood here`);
    if (name === 'exists') return compare(argument, value);
    return Array.isArray(value) ? value.some(element => compare(argument, element)) : compare(argument, value);
  }
  return Array.isArray(value) ? value.includes(expected) : value === expected;
}

const comparisons: Readonly<Record<string, (argument: unknown, value: unknown) => boolean>> = {
  // Leaves only: a field that holds an object does not "exist".
  exists: (argument, value) =>
    (value !== undefined && (value === null || Array.isArray(value) || typeof value !== 'object')) === argument,
  prefix: onText((argument, value) => value.startsWith(argument)),
  suffix: onText((argument, value) => value.endsWith(argument)),
  'equals-ignore-case': (argument, value) =>
    typeof value === 'string' && value.toLowerCase() === String(argument).toLowerCase(),
  wildcard: (argument, value) =>
    typeof value === 'string' &&
    new RegExp(`^${String(argument).split('*').map(escaped).join('.*')}$`, 's').test(value),
  numeric: (argument, value) => typeof value === 'number' && inRange(argument as readonly unknown[], value),
  'anything-but': (argument, value) => {
    if (value === undefined) return false;
    const excluded = Array.isArray(argument) ? argument : [argument];
    return !excluded.some(expected =>
      typeof expected === 'object' && expected !== null
        ? Object.entries(expected).some(([name, texts]) =>
            [texts].flat().some(text => matchesValue({ [name]: text }, value)),
          )
        : matchesValue(expected, value),
    );
  },
};

function onText(compare: (argument: string, value: string) => boolean) {
  return (argument: unknown, value: unknown): boolean => {
    if (typeof value !== 'string') return false;
    if (typeof argument === 'string') return compare(argument, value);
    const { 'equals-ignore-case': text } = argument as { 'equals-ignore-case': string };
    return compare(text.toLowerCase(), value.toLowerCase());
  };
}

const orders: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** E.g. `['>', 0, '<=', 5]`. */
function inRange(range: readonly unknown[], value: number): boolean {
  for (let index = 0; index < range.length; index += 2) {
    if (orders[String(range[index])]?.(value, Number(range[index + 1])) !== true) return false;
  }
  return true;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
