/**
 * Makes text from outside safe in messages for people. Mail programs and chats turn some texts into links, mentions or
 * formatting. Machines get the original values in the same message.
 */

import { isAddress, shownAddress } from '../email/address.ts';
import { disguises } from '../runtime/invisible.ts';
import { controlCharacters } from '../runtime/text.ts';

const noncharacters = /\p{Noncharacter_Code_Point}/gu;

/** A part of an address that cannot become a link; it is kept, so that people can copy it. */
const plainPart = /^(?!www\.)[\p{L}\p{M}\p{N}!#$%&'*+=?^_`{|}~.-]+$/iu;

/** An address for people to read. */
export function defangAddress(address: string): string {
  return inertAddress(shownAddress(address));
}

/**
 * Defangs an address so that only the whole of it becomes a link: `"see https://evil.example"@a.example` →
 * `"see https[:]//evil[.]example"@a.example`.
 */
export function inertAddress(address: string): string {
  if (!isAddress(address)) return defangText(address);
  const at = address.lastIndexOf('@');
  return [address.slice(0, at), address.slice(at + 1)]
    .map(part => (plainPart.test(part) ? inert(part) : defangText(part)))
    .join('@');
}

/** Defangs a text so that nothing in it becomes a link: `https://example.com` → `https[:]//example[.]com`. */
export function defangText(text: string): string {
  return inert(text)
    .replaceAll('://', '[:]//')
    .replace(/(?<=[\p{L}\p{M}\p{N}])[.\u3002\uff0e\uff61](?=\p{L}\p{M}*\p{L})|(?<=\bwww)\./giu, '[.]')
    .replace(/\b(mailto|tel|sms|callto|skype|sip|javascript|vbscript|data|blob|file):/gi, '$1[:]');
}

/** Removes mentions and formatting: `<!channel>` → `‹!channel›`. */
function inert(text: string): string {
  return sendableText(text).replace(disguises, '\ufffd').replaceAll('<', '‹').replaceAll('>', '›');
}

/** Replaces the characters that SNS refuses. */
export function sendableText(text: string): string {
  return text.toWellFormed().replace(controlCharacters, ' ').replace(noncharacters, '\ufffd');
}

/** Printable ASCII of at most `maxLength` characters, for a message header. */
export function headerText(text: string, maxLength: number): string {
  const ascii = text
    .replace(/[\u0000-\u001f\u007f\s]+/g, ' ')
    .replace(/[^\x20-\x7e]/gu, '?')
    .trim();
  return ascii.length <= maxLength ? ascii : `${ascii.slice(0, maxLength - 3)}...`;
}
