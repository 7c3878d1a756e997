/**
 * Text from outside, made safe to stand in a message that people read: mail programs and chats turn some texts into
 * links, mentions or formatting by themselves. Machines get the true values beside it.
 */

import { controlCharacters } from '../../shared/text.ts';

/** Characters that reorder or hide the text around them. */
const disguises = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** `<!channel>` → `‹!channel›`. An address stays one that can be copied. */
export function readableAddress(text: string): string {
  return text
    .toWellFormed()
    .replace(controlCharacters, ' ')
    .replace(disguises, '\ufffd')
    .replaceAll('<', '‹')
    .replaceAll('>', '›');
}

/** Besides, nothing in it becomes a link: `https://example.com` → `https[:]//example[.]com`. */
export function readableText(text: string): string {
  return readableAddress(text)
    .replaceAll('://', '[:]//')
    .replace(/(?<=[\p{L}\p{N}])\.(?=\p{L}{2})/gu, '[.]')
    .replace(/\b(mailto|tel|sms|javascript|data):/gi, '$1[:]');
}

/** Printable ASCII of at most `maxLength` characters, as a header takes it. */
export function headerText(text: string, maxLength: number): string {
  const ascii = text
    .replace(/[\u0000-\u001f\u007f\s]+/g, ' ')
    .replace(/[^\x20-\x7e]/gu, '?')
    .trim();
  return ascii.length <= maxLength ? ascii : `${ascii.slice(0, maxLength - 3)}...`;
}
