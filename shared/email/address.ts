/**
 * Parses addresses as headers, events and people write them: with display names, quotes, and several at once (RFC
 * 5322).
 */

import { domainToASCII, domainToUnicode } from 'node:url';
import { invisible, invisibleButJoiners, surrounding } from '../runtime/invisible.ts';

/** A longer header is not parsed. */
const maxHeaderLength = 5_000;

/** An address that is canonical already, as nearly every one is. */
const plainAddress = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/** Spellings may be nested, e.g. `mailto:<mailto:jane@example.com>`: at most this many layers are unwrapped. */
const maxLayers = 8;

/** `Jane <Jane@Example.com>` → `jane@example.com`. */
export function addressOf(text: string): string {
  return settled(text, header => {
    const bare = trimmed(withoutComments(header));
    return spelledOut(/<([^<>]+)>$/.exec(bare)?.[1] ?? bare);
  });
}

/**
 * The canonical form of a mailbox: `mailto:"Jane"@Müller.DE.` → `jane@xn--mller-kva.de`. Display names are not removed.
 * The domain is in Punycode; an invalid domain stays as written.
 */
export function mailboxOf(text: string): string {
  return settled(text, spelled => spelledOut(withoutComments(spelled)));
}

/** Repeats `read` until the text no longer changes, so that parsing a canonical form gives the same form. */
function settled(text: string, read: (text: string) => string): string {
  let form = text;
  for (let layer = 0; layer < maxLayers && !isPlainAddress(form); layer += 1) {
    const next = form.length > maxHeaderLength ? form.trim().toLowerCase() : read(form);
    if (next === form) break;
    form = next;
  }
  return form;
}

function spelledOut(text: string): string {
  const spelled = withoutBrackets(withoutScheme(trimmed(text.replace(invisibleButJoiners, ''))));
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*@/.exec(spelled);
  const at = quoted === null ? spelled.lastIndexOf('@') : quoted[0].length - 1;
  if (at < 1) return folded(spelled);
  const local = folded(trimmed(spelled.slice(0, at)));
  return `${quoted === null ? local : unquoted(local)}@${canonicalDomain(trimmed(spelled.slice(at + 1)))}`;
}

function isPlainAddress(text: string): boolean {
  return text.length <= maxHeaderLength && plainAddress.test(text);
}

/** Strips the characters that copy and paste leaves around an address. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && surrounding.test(text[start]!)) start += 1;
  while (end > start && surrounding.test(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}

/** `mailto:jane@example.com?subject=Hello` → `jane@example.com`. */
function withoutScheme(text: string): string {
  const scheme = /^(?:mailto:\s*)+/i.exec(text);
  if (scheme === null) return text;
  const address = text.slice(scheme[0].length);
  const query = address.indexOf('?', address.lastIndexOf('@'));
  return trimmed(query === -1 ? address : address.slice(0, query));
}

/** `<jane@example.com>` → `jane@example.com`. */
function withoutBrackets(text: string): string {
  return trimmed(/^<([^<>]+)>$/.exec(text)?.[1] ?? text);
}

function folded(text: string): string {
  return text.replace(invisible, '').normalize().toLowerCase().normalize();
}

/** Removes quotes and escapes that a quoted local part does not need. */
function unquoted(local: string): string {
  const content = local.slice(1, -1).replace(/\\(.)/g, '$1');
  if (/^[^<>()@\s,;:"\\]+$/.test(content)) return content;
  return `"${content.replace(/["\\]/g, '\\$&')}"`;
}

function canonicalDomain(domain: string): string {
  const written = folded(domain);
  return (asciiDomain(domain) ?? asciiDomain(written) ?? written).replace(/(?<!\.)\.$/, '');
}

const asciiHost = /^[a-z0-9_.-]+$/;

/** A domain in Punycode; null if the text is no domain. */
function asciiDomain(domain: string): string | null {
  const lower = domain.toLowerCase();
  if (asciiHost.test(lower)) return lower;
  // A URL parser would take percent signs for escapes and numbers for IP addresses; an email domain has neither.
  if (/[\x00-\x2c/\x3a-\x40\x5b-\x5e`\x7b-\x7f]/.test(domain)) return null;
  const ascii = domainToASCII(domain);
  return asciiHost.test(ascii) && !/\.\d+$/.test(ascii) ? ascii : null;
}

/** Removes `(comments)`, nested ones too. An unclosed comment leaves the text as it is. */
function withoutComments(text: string): string {
  if (!text.includes('(')) return text;
  let kept = '';
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '\\') {
      if (depth === 0) kept += text.slice(at, at + 2);
      at += 1;
      continue;
    }
    if (character === '"' && depth === 0) isQuoted = !isQuoted;
    if (character === '(' && !isQuoted) depth += 1;
    else if (character === ')' && depth > 0) depth -= 1;
    else if (depth === 0) kept += character;
  }
  return depth === 0 ? kept : text;
}

const european = /^[a-z0-9\u00df-\u00f6\u00f8-\u0130\u0132-\u0137\u0139-\u0148\u014a-\u017e_-]+$/;
const eastAsian = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u30fc0-9-]+$/u;
const ofOneScript = [/^[\p{Script=Cyrillic}0-9-]+$/u, /^[\p{Script=Greek}0-9-]+$/u];

/**
 * A canonical address for people to read, with its domain in letters unless they resemble others. Cyrillic and Greek
 * contain look-alikes of Latin letters: they are shown only if the whole domain is in that script.
 */
export function shownAddress(address: string): string {
  if (!address.includes('xn--')) return address;
  const at = address.lastIndexOf('@') + 1;
  const ascii = address.slice(at);
  const domain = domainToUnicode(ascii);
  const labels = domain.split('.');
  const isUnmistakable =
    labels.every(label => european.test(label) || eastAsian.test(label)) ||
    ofOneScript.some(script => labels.every(label => script.test(label)));
  return isUnmistakable && domainToASCII(domain) === ascii ? address.slice(0, at) + domain : address;
}

/** Whether the text is one address: a local part, quoted or without separators, and a domain. */
export function isAddress(text: string): boolean {
  return /^(?:"[^<>]*"|[^<>()@\s,;:"]+)@(?:[^<>()[\]@\s,;:]+|\[[^\]\s]+\])$/.test(text);
}

/** The addresses of a header such as To, each as written; the whole text if there is none. */
export function addressesIn(header: string): string[] {
  if (header.length > maxHeaderLength) return [header];
  // A comma separates addresses, except within quotes, angle brackets or comments.
  const found = withoutComments(header).match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^",<])+/g) ?? [];
  const addresses = found.filter(part => part.trim() !== '');
  return addresses.length === 0 ? [header] : addresses;
}
