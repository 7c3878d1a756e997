/** Finds the sender's two ids in the metadata that a provider returns. */

import { ownValue } from '../../runtime/own-property.ts';
import type { MetadataNames } from '../provider.ts';
import { exactJson, isRecord } from './exact-json.ts';

/** The sender's two ids; absent if nothing names one, or if two values do. */
export interface AttachedIds {
  readonly accountId: string | undefined;
  readonly reference: string | undefined;
}

/** A name and its value, such as a header, of which a request may hold several. */
export type NamedValue = readonly [name: string, value: unknown];

/** The two ids that the sender attached to an email, in the metadata that the provider returns. */
export function attachedIds(metadata: unknown, names: MetadataNames): AttachedIds {
  const id = (name: string) => idOf(isRecord(metadata) ? ownValue(metadata, name) : undefined);
  return { accountId: id(names.accountId), reference: id(names.reference) };
}

/** The same from names and values. */
export function idsAmong(pairs: readonly NamedValue[], names: MetadataNames): AttachedIds {
  return attachedIds(unambiguous(pairs), names);
}

/** Ids by name. A name with two values counts as absent, because either may be another person's text. */
export function unambiguous(pairs: readonly NamedValue[]): Readonly<Record<string, string | undefined>> {
  const ids = new Map<string, string | undefined>();
  for (const [name, value] of pairs) {
    const id = idOf(value);
    ids.set(name, ids.has(name) && ids.get(name) !== id ? undefined : id);
  }
  return Object.fromEntries(ids);
}

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || Number.isFinite(value) ? String(value) : undefined;
}

/** The same from tags. A tag holds one name and value such as `account_id:acme`; its value is the whole rest. */
export function idsInTags(tags: readonly unknown[], names: MetadataNames): AttachedIds {
  return idsAmong(namedIn(tags, names), names);
}

/** The same from the message's headers, with names in any case: `X-Account-Id` is `account_id`. */
export function idsInHeaders(
  headers: readonly (readonly [name: string, value: unknown])[],
  { accountId, reference }: MetadataNames,
): AttachedIds {
  const plain = (name: string) => name.toLowerCase().replace(/^x-/, '').replaceAll('-', '_');
  const values = headers.map(([name, value]) => [plain(name), value] as const);
  return idsAmong(values, { accountId: plain(accountId), reference: plain(reference) });
}

/**
 * The same out of the one text that some providers give back: JSON, or names and values such as
 * `account_id:acme|reference:INV-7`.
 *
 * @param plain the meaning of a text that is neither; without it such a text is ignored
 */
export function idsInText(text: string | null | undefined, names: MetadataNames, plain?: 'reference'): AttachedIds {
  const written = text?.trim() ?? '';
  const pairs = pairsInText(written, names);
  const isPlain = plain === 'reference' && pairs.length === 0 && !written.startsWith('{');
  return isPlain ? { accountId: undefined, reference: written || undefined } : idsAmong(pairs, names);
}

/** The names and values in such a text. */
export function pairsInText(text: string, names: MetadataNames): readonly NamedValue[] {
  if (text === '') return [];
  return text.trimStart().startsWith('{') ? membersOf(text, names) : namedIn(text.split('|'), names);
}

function namedIn(texts: readonly unknown[], names: MetadataNames): readonly NamedValue[] {
  const pairs: NamedValue[] = [];
  for (const text of texts) {
    if (typeof text !== 'string') continue;
    const pair = text.trimStart();
    for (const name of [names.accountId, names.reference]) {
      if (pair.startsWith(name) && pair[name.length] === ':') pairs.push([name, pair.slice(name.length + 1).trim()]);
    }
  }
  return pairs;
}

const stringsAndBrackets = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;

/** Whether a quoted name stands more than once in JSON text, as a name or elsewhere. */
function mayRepeat(text: string, name: string): boolean {
  const quoted = `"${name}"`;
  return text.indexOf(quoted) !== text.lastIndexOf(quoted);
}

/**
 * The members of a JSON object's text that have our names. Parsing keeps only the last value of a repeated name: such a
 * name comes with an additional null.
 */
function membersOf(text: string, names: MetadataNames): readonly NamedValue[] {
  const value = exactJson(text);
  if (!isRecord(value)) return [];
  const wanted = [names.accountId, names.reference];
  const members: NamedValue[] = [];
  for (const name of wanted) if (Object.hasOwn(value, name)) members.push([name, value[name]]);
  // An escape may spell a name in another way.
  if (!text.includes('\\') && !wanted.some(name => mayRepeat(text, name))) return members;
  const seen = new Set<string>();
  let depth = 0;
  for (const [token, string, colon] of text.matchAll(stringsAndBrackets)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && string !== undefined && colon !== undefined) {
      const name: string = JSON.parse(string);
      if (seen.has(name)) members.push([name, null]);
      seen.add(name);
    }
  }
  return members;
}
