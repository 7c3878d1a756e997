/** In characters: what fits stays on one line. */
const maxWidth = 100;

/** TypeScript does not know these parts of ES2026 yet: they keep the digits of a number. */
const { parse, rawJSON, isRawJSON } = JSON as unknown as {
  parse(text: string, revive: (name: string, value: unknown, context: { readonly source: string }) => unknown): unknown;
  rawJSON(digits: string): unknown;
  isRawJSON(value: unknown): boolean;
};

/** JSON text in lines for people. Its numbers keep their digits, also those that a double cannot hold. */
export function prettyJson(text: string): string {
  const value = parse(text, (_, part, { source }) => (typeof part === 'number' ? rawJSON(source) : part));
  return linesOf(value, '');
}

function linesOf(value: unknown, indent: string): string {
  const flat = JSON.stringify(value, null, 1).replace(/\n */g, ' ');
  if (typeof value !== 'object' || value === null || isRawJSON(value)) return flat;
  if (indent.length + flat.length <= maxWidth) return flat;
  const within = `${indent}  `;
  const isList = Array.isArray(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${within}${isList ? '' : `${JSON.stringify(name)}: `}${linesOf(member, within)}`,
  );
  const [opening, closing] = isList ? ['[', ']'] : ['{', '}'];
  return `${opening}\n${members.join(',\n')}\n${indent}${closing}`;
}
