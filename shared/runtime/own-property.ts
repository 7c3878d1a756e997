/** `table[key]` for a key that came from outside: `toString` and `__proto__` are unknown words like any other. */
export function ownValue<Value>(
  table: Readonly<Record<string, Value>>,
  key: string | null | undefined,
): Value | undefined {
  return Object.hasOwn(table, key ?? '') ? table[key ?? ''] : undefined;
}
