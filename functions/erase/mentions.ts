/** Whether raw text of a provider, which nobody could read, is about whom an erasure is about. */

import type { Erasure } from '../../shared/erase-emails.ts';

/** An escape within an escape is undone as well, as in a link that was clicked; deeper ones are nobody's. */
const mostLayers = 3;

/** How deep JSON may be within texts of JSON. */
const deepest = 8;

/**
 * Tells of a text whether it mentions the address, in whatever case, as it is or escaped as in JSON or in a URL; and
 * within an account, whether it also names the account, as a value of its own.
 */
export function createMentions({ recipient, accountId }: Erasure): (text: string) => boolean {
  const address = addressPattern(recipient);
  const isAbout = (text: string) => layersOf(text).some(layer => address.test(layer.toLowerCase()));
  if (accountId === null) return isAbout;
  // Of what cannot be taken apart: a value in JSON, and not the name of one.
  const account = new RegExp(String.raw`"${literally(accountId)}"(?!\s*:)`);
  return text => isAbout(text) && (holdsValue(text, accountId) || account.test(unescaped(text)));
}

/** The address with nothing before or after it that would make it another one. */
function addressPattern(address: string): RegExp {
  return new RegExp(String.raw`(?<![\p{L}\p{N}_.+-])${literally(address)}(?![\p{L}\p{N}_-]|\.[\p{L}\p{N}])`, 'u');
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The text as it stands there, and with its escapes undone, layer by layer. */
function layersOf(text: string): readonly string[] {
  const layers = new Set([text]);
  // In a form a plus is a space: only there is the at sign escaped, too.
  if (/%40/.test(text)) layers.add(percentDecoded(text.replaceAll('+', ' ')));
  let layer = text;
  for (let depth = 0; depth < mostLayers; depth += 1) {
    layer = percentDecoded(layer);
    layers.add(layer);
    layer = unescaped(layer);
    layers.add(layer);
  }
  return [...layers];
}

function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, run => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
}

/** Without the escapes of JSON, also those of JSON within JSON. */
function unescaped(text: string): string {
  return text.replace(/\\+(?:u([0-9a-f]{4})|(.))/gis, (_, code: string | undefined, character = '') =>
    code === undefined ? (/[bfnrt]/.test(character) ? ' ' : character) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Whether the wanted text is a value in what was sent: in JSON, in a form, in `name:value|name:value`, or in one of these in another. */
function holdsValue(value: unknown, wanted: string, depth = 0): boolean {
  if (depth > deepest) return false;
  if (typeof value === 'number') return String(value) === wanted;
  if (typeof value === 'string') {
    return value === wanted || valuesIn(value).some(inner => holdsValue(inner, wanted, depth + 1));
  }
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(member => holdsValue(member, wanted, depth + 1));
}

function valuesIn(text: string): readonly unknown[] {
  if (/^\s*[[{]/.test(text)) {
    try {
      return [JSON.parse(text)];
    } catch {
      return [];
    }
  }
  if (/^[^\s=&]+=/.test(text)) return [...new URLSearchParams(text).values()];
  return /^[^:|]+:/.test(text) ? text.split('|').map(pair => pair.slice(pair.indexOf(':') + 1).trim()) : [];
}
