/**
 * A request's content as an engineer may see it: names, types, and values that cannot be personal. Only values of an allowed
 * kind are shown; of every other text the length remains.
 */

import { day, epochMillis, isoMillis } from '../../../shared/runtime/time.ts';
import { counted } from '../cli/counted.ts';
import { jsonIn } from './structured-text.ts';

/** The facts of one provider's content that may be shown. */
export interface Allowed {
  /** Words of the provider's table of events. A `*` at the end stands for any ending. */
  readonly words: ReadonlySet<string>;
  /** Names of members. Any other name may be a person's. */
  readonly names: ReadonlySet<string>;
  /** The arrival in epoch milliseconds: only times within three years of it are shown. NaN allows none. */
  readonly receivedAt: number;
  /** Whether the first event's name that no table knows is shown: it is the fault itself. */
  readonly unknownEventName: boolean;
}

const maxLines = 60;
const maxDepth = 8;
const maxListItems = 3;

/** A longer number may be a phone's, a card's or a customer's. */
const maxShownDigits = 5;

/** A time that is further from the arrival may be a birthday. */
const maxAgeMs = 3 * 365 * day;

/** Members by which providers say what happened, the likeliest first. */
const eventNames = [
  /^(?:event|event[_-]?(?:name|type)|type|record[_-]?type|notification[_-]?type)$/i,
  /^(?:sub[_-]?type|bounce[_-]?type|status|severity)$/i,
] as const;

/** Members in which providers wrap an event. */
const wrappers = /^(?:data|event[_-]data|msg|msys|payload|bounce|[a-z]+_event)$/;
const maxWrappers = 2;

/** A word as programs spell one, of letters alone. */
const codeWord = /^(?=.{1,40}$)[A-Za-z]+(?:[._-][A-Za-z]+)*$/;

/** An enhanced status code (RFC 3463), or an SMTP reply code. */
const statusCode = /^[245](?:\.\d{1,3}\.\d{1,3}|\d\d)$/;

const address = /[^\s<>"@]@[^\s<>"@]/;

/** The lines in which a value of JSON is shown, at most 60. */
export function redactedLines(value: unknown, allowed: Allowed): string[] {
  const lines: string[] = [];
  const unknown = allowed.unknownEventName ? unknownEventName(value, allowed.words) : null;
  const words = unknown === null ? allowed.words : new Set([...allowed.words, unknown]);
  for (const line of linesOf(null, value, 0, { ...allowed, words })) {
    if (lines.length === maxLines) {
      lines.push('…');
      break;
    }
    lines.push(line);
  }
  return lines;
}

function* linesOf(name: string | null, value: unknown, depth: number, allowed: Allowed): Generator<string> {
  const within = typeof value === 'string' ? jsonIn(value) : null;
  const container = within ?? value;
  const start = `${'  '.repeat(depth)}${name === null ? '' : `${shownName(name, allowed)}: `}${within === null ? '' : 'JSON text '}`;
  if (typeof container !== 'object' || container === null) return yield start + shownScalar(value, allowed);
  const isList = Array.isArray(container);
  const members = Object.keys(container);
  const [opening, closing] = isList ? ['[', ']'] : ['{', '}'];
  if (members.length === 0) return yield start + opening + closing;
  if (depth === maxDepth) return yield `${start}<${isList ? 'list' : 'object'} of ${members.length}>`;
  yield start + opening;
  const shown = isList ? members.slice(0, maxListItems) : members;
  for (const member of shown) {
    yield* linesOf(isList ? null : member, (container as Record<string, unknown>)[member], depth + 1, allowed);
  }
  if (shown.length < members.length) yield `${'  '.repeat(depth + 1)}… ${members.length - shown.length} more`;
  yield `${'  '.repeat(depth)}${closing}`;
}

/** The first event's name that no table knows, at the top or in a wrapper; null where it is none, or no plain word. */
function unknownEventName(content: unknown, words: ReadonlySet<string>): string | null {
  const records = recordsOf(content, maxWrappers);
  for (const names of eventNames) {
    for (const record of records) {
      const unknown = Object.entries(record)
        .filter(([name]) => names.test(name))
        .map(([, value]) => (Array.isArray(value) ? value[0] : value))
        .find(value => typeof value === 'string' && !isKnown(value, words));
      if (unknown !== undefined) return codeWord.test(unknown) ? unknown : null;
    }
  }
  return null;
}

/** An event, then the wrappers in it. Of a list, its first event. */
function recordsOf(content: unknown, depth: number): object[] {
  const record = Array.isArray(content) ? content[0] : content;
  if (typeof record !== 'object' || record === null) return [];
  if (depth === 0) return [record];
  const wrapped = Object.entries(record).filter(([name]) => wrappers.test(name));
  return [record, ...wrapped.flatMap(([, value]) => recordsOf(value, depth - 1))];
}

function isKnown(word: string, words: ReadonlySet<string>): boolean {
  return words.has(word) || [...words].some(known => known.endsWith('*') && word.startsWith(known.slice(0, -1)));
}

function shownName(name: string, { names }: Allowed): string {
  return names.has(name) ? `"${name}"` : `<name, ${lengthOf(name)}>`;
}

function shownScalar(value: unknown, allowed: Allowed): string {
  if (typeof value === 'number') return shownNumber(value, allowed);
  if (typeof value !== 'string') return String(value);
  const isAllowed = allowed.words.has(value) || statusCode.test(value) || isNear(isoMillis(value), allowed);
  if (value === '' || (isAllowed && /^[ -~]{1,100}$/.test(value))) return `"${value}"`;
  if (address.test(value)) return '<address>';
  if (/^https?:/i.test(value)) return `<URL, ${lengthOf(value)}>`;
  return `<string, ${/^\d+$/.test(value) ? counted(value.length, 'digit') : lengthOf(value)}>`;
}

function shownNumber(value: number, allowed: Allowed): string {
  if (!Number.isSafeInteger(value)) return '<number>';
  const digits = String(Math.abs(value)).length;
  const isShown = digits <= maxShownDigits || isNear(epochMillis(value), allowed);
  return isShown ? String(value) : `<number, ${digits} digits>`;
}

function isNear(time: number, { receivedAt }: Allowed): boolean {
  return Math.abs(time - receivedAt) <= maxAgeMs;
}

function lengthOf(text: string): string {
  return counted(text.length, 'character');
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
