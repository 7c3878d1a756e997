/** `table[key]` for a key from outside; `toString` and `__proto__` give undefined like any unknown key. */
export function ownValue<Value>(
  table: Readonly<Record<string, Value>>,
  key: string | null | undefined,
): Value | undefined {
  return Object.hasOwn(table, key ?? '') ? table[key ?? ''] : undefined;
}
