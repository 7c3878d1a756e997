/** Addresses as headers and events write them: with display names, quotes, and several at once (RFC 5322). */

/** Longer than any header of addresses worth reading apart. */
const longestHeader = 5_000;

/** `Jane <Jane@Example.com>` → `jane@example.com`. */
export function addressOf(text: string): string {
  const bracketed = text.length <= longestHeader ? /<([^<>]+)>\s*$/.exec(text) : null;
  return (bracketed?.[1] ?? text).trim().toLowerCase();
}

/** Whether it can be one address: a local part, quoted or without separators, and a domain. */
export function isAddress(text: string): boolean {
  return /^(?:"[^<>]*"|[^<>()@\s,;:"]+)@(?:[^<>()[\]@\s,;:]+|\[[^\]\s]+\])$/.test(text);
}

/** The addresses of a header such as To, each as it stands there; the text itself where it is none. */
export function addressesIn(header: string): string[] {
  if (header.length > longestHeader) return [header];
  // Commas separate, but not those within quotes, angle brackets or comments.
  const found = header.replace(/\([^()]*\)/g, '').match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^",<])+/g) ?? [];
  const addresses = found.filter(part => part.trim() !== '');
  return addresses.length === 0 ? [header] : addresses;
}
