/** Parses JSON so that ids above 2^53 stay exact, and that no text takes more time than a request has. */

import { utf8Text } from '../../runtime/text.ts';

/** The value of JSON text with every integer exact, and whether it nests too deeply. */
export interface ParsedJson<Value = unknown> {
  readonly value: Value;
  readonly tooDeep: boolean;
}

/** Why a text has no value. */
export type NoJson = 'not_utf8' | 'too_many' | 'not_json';

/** A text and its value, whose integers may be inexact. */
interface LooseJson {
  readonly text: string;
  readonly value: unknown;
}

/** Handshake, verification and parser of one request need the same value in turn. */
const bodies = new WeakMap<Buffer, LooseJson | NoJson>();

function looseBody(body: Buffer): LooseJson | NoJson {
  const known = bodies.get(body);
  if (known !== undefined) return known;
  const text = utf8Text(body);
  const json = text === null ? 'not_utf8' : looseJson(text);
  bodies.set(body, json);
  return json;
}

/** The JSON that is a request's whole body. It is parsed once. */
export function bodyJson(body: Buffer): ParsedJson | NoJson {
  return exactly(looseBody(body));
}

/**
 * The same before anything is proved, with less work: integers as `JSON.parse` gives them. Undefined if there is none.
 */
export function bodyValue(body: Buffer): unknown {
  const json = looseBody(body);
  return typeof json === 'string' ? undefined : json.value;
}

/** The JSON in a text. */
export function parsedJson(text: string): ParsedJson | NoJson {
  return exactly(looseJson(text));
}

/** Its value; undefined where there is none. */
export function exactJson(text: string): unknown {
  const json = parsedJson(text);
  return typeof json === 'string' ? undefined : json.value;
}

/** The JSON texts that are the lines of a body. */
export function jsonLines(body: Buffer, maxLines: number): ParsedJson<readonly unknown[]> | NoJson {
  const text = utf8Text(body);
  if (text === null) return 'not_utf8';
  if (hasTooManyNames(text)) return 'too_many';
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '');
  if (lines.length === 0 || lines.length > maxLines) return lines.length === 0 ? 'not_json' : 'too_many';
  const parsed = lines.map(parsedJson).filter(line => typeof line !== 'string');
  // One line that is no JSON would be lost among the others, so the whole body fails.
  if (parsed.length < lines.length) return 'not_json';
  return { value: parsed.map(({ value }) => value), tooDeep: parsed.some(({ tooDeep }) => tooDeep) };
}

function looseJson(text: string): LooseJson | NoJson {
  if (hasTooManyNames(text)) return 'too_many';
  const value = parsedText(text);
  return value === undefined ? 'not_json' : { text, value };
}

function exactly(json: LooseJson | NoJson): ParsedJson | NoJson {
  if (typeof json === 'string') return json;
  const { tooDeep, inexact } = oddities(json.value);
  return { value: inexact ? parsedText(withExactIntegers(json.text)) : json.value, tooDeep };
}

/** Whether a value nests deeper than anything a provider sends. */
export function isTooDeep(value: unknown): boolean {
  return oddities(value).tooDeep;
}

/** Whether a value of JSON is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** More names than any provider's request has. A walk through so many takes longer than a request may. */
const maxNames = 300_000;
const minNameLength = '"":0,'.length;

/** Whether JSON text may have more names than anybody sends. */
function hasTooManyNames(text: string): boolean {
  if (text.length < maxNames * minNameLength) return false;
  let names = 0;
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) names += 1;
  return names > maxNames;
}

const maxDepth = 32;

/**
 * Finds two oddities of a value: nesting deeper than anything a provider sends, and integers that a double cannot hold
 * exactly. It is iterative, so depth itself cannot hurt.
 */
function oddities(value: unknown): { readonly tooDeep: boolean; readonly inexact: boolean } {
  let inexact = isInexact(value);
  let level: object[] = value !== null && typeof value === 'object' ? [value] : [];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxDepth) return { tooDeep: true, inexact };
    const next: object[] = [];
    for (const parent of level) {
      for (const child of Object.values(parent)) {
        if (typeof child === 'number') inexact ||= isInexact(child);
        else if (child !== null && typeof child === 'object') next.push(child);
      }
    }
    level = next;
  }
  return { tooDeep: false, inexact };
}

function isInexact(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** The strings of JSON text, and its numbers of so many digits that a double may not hold them. */
const stringsAndLongNumbers = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\w.+-])-?\d{16,}(?![\d.eE])/g;

/** JSON text in which every integer above 2^53 is a string of its digits, so that two ids stay two ids. */
function withExactIntegers(text: string): string {
  return text.replace(stringsAndLongNumbers, found =>
    found.startsWith('"') || Number.isSafeInteger(Number(found)) ? found : `"${found}"`,
  );
}

function parsedText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
