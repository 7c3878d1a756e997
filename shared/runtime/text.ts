/**
 * Bounds for text from outside. The result is well-formed Unicode. It has no control characters, which could forge a
 * log line or an alert's header. Its length in UTF-8 bytes is limited, so that an item stays far below DynamoDB's 400
 * KB.
 */

import { isAscii } from 'node:buffer';

/** A text that needs no change, as nearly all do: one test instead of four passes. */
const plainAscii = /^[!-~](?:[ -~]*[!-~])?$/;

export const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** Leading whitespace and control characters. */
const leadingBlanks = /^[\s\u0000-\u001f\u007f-\u009f]+/;

/** Blanks beyond this number are not removed, since a long text may be scanned once per recipient. */
const maxBlanks = 10_000;

/** The first characters of a text after its leading blanks, at most `length`. */
export function beginningOf(text: string, length: number): string {
  return text
    .slice(0, maxBlanks + length)
    .replace(leadingBlanks, '')
    .slice(0, length);
}

/** Makes `text` harmless and cuts it to at most `maxBytes` UTF-8 bytes, never inside a character. */
export function boundedText(text: string, maxBytes: number): string {
  if (text.length <= maxBytes && plainAscii.test(text)) return text;
  // Cutting first saves the scan of a megabyte: every character takes at least one byte.
  const inert = beginningOf(text, maxBytes).toWellFormed().replace(controlCharacters, ' ').trim();
  if (inert.length * 3 <= maxBytes || Buffer.byteLength(inert) <= maxBytes) return inert;
  const bytes = Buffer.from(inert);
  let end = maxBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/**
 * Whether `text` can be stored unchanged as an identifier or index key: not empty, within `maxBytes`, no control
 * characters.
 */
export function isPlainText(text: string, maxBytes: number): boolean {
  return text !== '' && text.length <= maxBytes && boundedText(text, maxBytes) === text;
}

/** JSON in ASCII: SNS and SQS refuse some Unicode characters, and they limit bytes. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Decodes UTF-8 without its byte-order mark; null if the bytes are not UTF-8. */
export function utf8Text(bytes: Buffer): string | null {
  if (isAscii(bytes)) return bytes.toString('latin1');
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
