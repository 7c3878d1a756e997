/**
 * A request's content as an engineer may see it: names, types, and values that cannot be personal. Only values of an allowed
 * kind are shown; of every other text the length remains.
 */

import { isoMillis } from '../../../shared/runtime/time.ts';

/** The words of one provider's content that may be shown. */
export interface Allowed {
  /** Words of the provider's table of events. */
  readonly words: ReadonlySet<string>;
  /** Whether a word that no table knows is shown where an event's name stands: it is the fault itself. */
  readonly unknownEventNames: boolean;
}

const maxLines = 60;
const maxDepth = 8;
const maxListItems = 3;
const maxNameLength = 40;

/** A name as programs spell one: no address, no token, no text. Digits stand at its end alone. */
const plainName = /^[$@_]?[A-Za-z][A-Za-z_:-]*\d{0,2}$/;

/** Members by which providers say what happened. */
const eventNames =
  /^(?:event|event[_-]?(?:name|type)|type|sub[_-]?type|record[_-]?type|notification[_-]?type|bounce[_-]?type|status|severity)$/i;

/** A word as programs spell one, of letters alone. */
const codeWord = /^(?=.{1,40}$)[A-Za-z]+(?:[._-][A-Za-z]+)*$/;

/** An enhanced status code (RFC 3463), or an SMTP reply code. */
const statusCode = /^[245](?:\.\d{1,3}\.\d{1,3}|\d\d)$/;

const address = /[^\s<>"@]@[^\s<>"@]/;

/** The lines in which a value of JSON is shown, at most 60. */
export function redactedLines(value: unknown, allowed: Allowed): string[] {
  const lines: string[] = [];
  for (const line of linesOf('', value, 0, allowed)) {
    if (lines.length === maxLines) {
      lines.push('…');
      break;
    }
    lines.push(line);
  }
  return lines;
}

function* linesOf(name: string, value: unknown, depth: number, allowed: Allowed): Generator<string> {
  const within = typeof value === 'string' ? jsonIn(value) : null;
  const container = within ?? value;
  const start = `${'  '.repeat(depth)}${name === '' ? '' : `${shownName(name)}: `}${within === null ? '' : 'JSON text '}`;
  if (typeof container !== 'object' || container === null) return yield start + shownScalar(name, value, allowed);
  const isList = Array.isArray(container);
  const members = Object.keys(container);
  const [opening, closing] = isList ? ['[', ']'] : ['{', '}'];
  if (members.length === 0) return yield start + opening + closing;
  if (depth === maxDepth) return yield `${start}<${isList ? 'list' : 'object'} of ${members.length}>`;
  yield start + opening;
  const shown = isList ? members.slice(0, maxListItems) : members;
  for (const member of shown) {
    yield* linesOf(isList ? '' : member, (container as Record<string, unknown>)[member], depth + 1, allowed);
  }
  if (shown.length < members.length) yield `${'  '.repeat(depth + 1)}… ${members.length - shown.length} more`;
  yield `${'  '.repeat(depth)}${closing}`;
}

/** The object or list in a text that is JSON; null for any other text. */
export function jsonIn(text: string): object | null {
  if (!/^\s*[{[]/.test(text)) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function shownName(name: string): string {
  return name.length <= maxNameLength && plainName.test(name) ? `"${name}"` : `<name, ${lengthOf(name)}>`;
}

function shownScalar(name: string, value: unknown, { words, unknownEventNames }: Allowed): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const isAllowed =
    words.has(value) ||
    statusCode.test(value) ||
    !Number.isNaN(isoMillis(value)) ||
    (unknownEventNames && eventNames.test(name) && codeWord.test(value));
  if (value === '' || (isAllowed && /^[ -~]{1,100}$/.test(value))) return `"${value}"`;
  if (address.test(value)) return '<address>';
  if (/^https?:/i.test(value)) return `<URL, ${lengthOf(value)}>`;
  return /^\d+$/.test(value) ? `<string, ${value.length} digits>` : `<string, ${lengthOf(value)}>`;
}

function lengthOf(text: string): string {
  return text.length === 1 ? '1 character' : `${text.length} characters`;
}

const maxMaskedLength = 400;

/** The beginning of a text that is neither JSON nor a form: its punctuation, and no letter or digit of it. */
export function maskedText(text: string): string {
  const beginning = text
    .slice(0, maxMaskedLength)
    .replace(/\s+/g, ' ')
    .replace(/[^\s{}[\]":,<>=&/]/g, '·');
  return `${beginning}${text.length > maxMaskedLength ? '…' : ''} <text, ${lengthOf(text)}>`;
}
