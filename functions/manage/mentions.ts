/** Whether raw text of a provider, which nobody could read, is about whom an erasure is about. */

import { isAscii } from 'node:buffer';
import { domainToUnicode } from 'node:url';
import type { Erasure } from '../../shared/email/eraser.ts';
import { invisible } from '../../shared/runtime/invisible.ts';

/** An escape within an escape is undone as well, as in a link that was clicked; deeper ones are nobody's. */
const mostLayers = 3;

/** How deep JSON may be within texts of JSON. */
const deepest = 8;

/** What raw text says of whom an erasure is about. */
export interface Mentions {
  /**
   * Of one thing that happened to one email: whether it is to be erased.
   *
   * @param provenFor the account whose own secret proved it, which names it as well
   */
  inPiece(piece: unknown, provenFor?: string): boolean;
  /** Of text that may tell of several, or that nobody can take apart: support alone erases it, whatever else is in it. */
  inText(text: string): boolean;
}

/**
 * An address is mentioned in whatever spelling, as it is or escaped as in JSON or in a URL. Within an account a piece has to
 * name the account as well, in the place where an account is named, and no other.
 *
 * @param accountName under which the sender attaches the account to an email
 */
export function createMentions({ recipient, accountId }: Erasure, accountName: string): Mentions {
  const address = addressPattern(recipient);
  const isAbout = (text: string) => layersOf(text).some(layer => spellingsOf(layer).some(form => address.test(form)));
  // The second is that of a registration.
  const names = [accountName, 'accountId'].map(spelled);
  return {
    inText: text => accountId === null && isAbout(text),
    inPiece(piece, provenFor) {
      if (!isAbout(typeof piece === 'string' ? piece : JSON.stringify(piece))) return false;
      if (accountId === null) return true;
      const named = new Set([...accountsIn(piece, names), ...(provenFor === undefined ? [] : [provenFor])]);
      return named.size === 1 && named.has(accountId);
    },
  };
}

/** The address in its spellings, with nothing before or after it that would make it another one. */
function addressPattern(address: string): RegExp {
  const at = address.lastIndexOf('@');
  const local = literally(address.slice(0, at));
  const ascii = address.slice(at + 1);
  const domains = [...new Set([ascii, domainToUnicode(ascii)])].filter(domain => domain !== '').map(literally);
  // Two letters are one in Greek: the one stands at the end of a word.
  const domain = domains.join('|').replace(/[σς]/g, '[σς]');
  return new RegExp(
    String.raw`(?<![\p{L}\p{N}_.+-]|[\p{L}\p{N}]')(?:${local}|"${local}")@(?:${domain})(?![\p{L}\p{N}_-]|\.[\p{L}\p{N}])`,
    'u',
  );
}

/** The text as it is compared: letters of one shape in one form, the dots of domains, and nothing that has no width. */
function spellingsOf(text: string): readonly string[] {
  const lower = text.toLowerCase();
  if (isAscii(Buffer.from(text))) return [lower];
  const seen = text.replace(invisible, '').replace(/[\u3002\uff0e\uff61]/g, '.');
  return [...new Set([lower, seen.normalize().toLowerCase().normalize(), seen.normalize('NFKC').toLowerCase()])];
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

/** Members whose text may hold names and values: any other is what somebody wrote, and names nobody. */
const holders = /tag|meta|custom|var|param|header|arg|data|message|event|payload/i;

/** A name as some providers change it: `X-Account-Id` is `account_id`. */
function spelled(name: string): string {
  return name.toLowerCase().replace(/^x-/, '').replaceAll('-', '_');
}

/** The accounts that are named in what was sent: in JSON, in a form, in `name:value|name:value`, or in one of these in another. */
function accountsIn(value: unknown, names: readonly string[], name = '', depth = 0): readonly string[] {
  if (depth > deepest || value === null) return [];
  const own = names.includes(spelled(name)) && typeof value !== 'object' ? [String(value)] : [];
  const members = membersOf(value, name);
  return [...own, ...members.flatMap(([inner, member]) => accountsIn(member, names, inner, depth + 1))];
}

function membersOf(value: unknown, name: string): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map(member => [name, member] as const);
  if (typeof value === 'string') return name === '' || holders.test(name) ? membersIn(value) : [];
  if (typeof value !== 'object' || value === null) return [];
  const members = Object.entries(value);
  // Some list names and values, each pair an object of its own.
  const pair = Object.fromEntries(members.map(([key, member]) => [key.toLowerCase(), member]));
  const named = pair.name ?? pair.key;
  return typeof named === 'string' ? [...members, [named, pair.value]] : members;
}

function membersIn(text: string): readonly (readonly [string, unknown])[] {
  if (/^\s*[[{]/.test(text)) {
    try {
      return [['', JSON.parse(text)]];
    } catch {
      return [];
    }
  }
  if (/^[^\s=&]+=/.test(text)) return [...new URLSearchParams(text.replaceAll(/,\s*/g, '&'))];
  if (!/^[^:|]+:/.test(text)) return [];
  return text
    .split('|')
    .map(pair => [pair.slice(0, pair.indexOf(':')).trim(), pair.slice(pair.indexOf(':') + 1).trim()]);
}
