/**
 * Bounds for text that came from outside: well-formed Unicode, no control characters (so that nothing can forge a log
 * line or an alert's header), and at most so many UTF-8 bytes (so that an item stays far below DynamoDB's 400 KB).
 */

import { isAscii } from 'node:buffer';

/** What needs nothing done to it, as nearly every text does: a look instead of four passes. */
const plainAscii = /^[!-~](?:[ -~]*[!-~])?$/;

export const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** Blanks, and what becomes of a control character. */
const leadingBlanks = /^[\s\u0000-\u001f\u007f-\u009f]+/;

/** More blanks than this are not looked at, or one long text that is read for each recipient would take its time. */
const maxBlanks = 10_000;

/** A text's first characters behind the blanks that it begins with, at most `length` of them. */
export function beginningOf(text: string, length: number): string {
  return text
    .slice(0, maxBlanks + length)
    .replace(leadingBlanks, '')
    .slice(0, length);
}

/** `text` made inert and cut to at most `maxBytes` UTF-8 bytes, never inside a character. */
export function boundedText(text: string, maxBytes: number): string {
  if (text.length <= maxBytes && plainAscii.test(text)) return text;
  // Cutting first keeps a megabyte of input from being scanned: no character takes less than one byte.
  const inert = beginningOf(text, maxBytes).toWellFormed().replace(controlCharacters, ' ').trim();
  if (inert.length * 3 <= maxBytes || Buffer.byteLength(inert) <= maxBytes) return inert;
  const bytes = Buffer.from(inert);
  let end = maxBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** Whether `text` can be kept as it is as an identifier or an index key: not empty, within `maxBytes`, no control characters. */
export function isPlainText(text: string, maxBytes: number): boolean {
  return text !== '' && text.length <= maxBytes && boundedText(text, maxBytes) === text;
}

/** JSON in ASCII: SNS and SQS refuse some characters that Unicode and JSON have, and bytes are what their bounds count. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The bytes as text: UTF-8, or null; a byte-order mark is dropped. */
export function utf8Text(bytes: Buffer): string | null {
  if (isAscii(bytes)) return bytes.toString('latin1');
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
