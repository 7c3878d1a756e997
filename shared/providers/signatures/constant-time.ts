/** What the adapters' `verify` functions share: comparing secrets, reading timestamps and keys, never in a way that leaks. */

import { createHash, createHmac, createPublicKey, type KeyObject, timingSafeEqual } from 'node:crypto';

export const minute = 60_000;
export const hour = 60 * minute;

/** Longer than any real header; what is longer is not looked at. */
export const maxHeaderLength = 4_096;

/** How far off, in both directions, a time may be where each try is signed anew: that of Standard Webhooks' own libraries. */
export const freshWithinMs = 5 * minute;

/** How far ahead of ours a provider's clock may be. */
export const maxClockSkewMs = 10 * minute;

/** Whether two texts are equal, in a time that depends on neither. */
function equalInConstantTime(one: string, other: string): boolean {
  return timingSafeEqual(createHash('sha256').update(one).digest(), createHash('sha256').update(other).digest());
}

/** Whether `given` is one of `texts`, in a time that does not tell which. */
export function isOneOf(given: string, texts: readonly string[]): boolean {
  return texts.map(text => equalInConstantTime(text, given)).includes(true);
}

/** The secrets that can verify anything: not the empty and the blank ones. */
export function usable(secrets: readonly string[]): readonly string[] {
  return secrets.filter(secret => secret.trim() !== '');
}

/**
 * Whether a header's unix time in whole seconds is one to believe.
 *
 * @param maxAgeMs milliseconds before `receivedAt` to which a request is taken; at least as long as the provider retries
 */
export function timeliness(
  seconds: string,
  receivedAt: number,
  maxAgeMs: number,
  maxAheadMs = maxClockSkewMs,
): 'malformed_signature' | 'stale_timestamp' | null {
  if (!/^[1-9]\d{8,9}$/.test(seconds)) return 'malformed_signature';
  const at = Number(seconds) * 1000;
  return at < receivedAt - maxAgeMs || at > receivedAt + maxAheadMs ? 'stale_timestamp' : null;
}

/** Whether one of `given` is the HMAC of the `parts`, one after the other, under one of `keys`; in a time that does not tell which. */
export function isHmacOf(
  given: Buffer | readonly Buffer[],
  algorithm: 'sha1' | 'sha256',
  keys: readonly (string | Buffer)[],
  ...parts: readonly (string | Buffer)[]
): boolean {
  const signatures = [given].flat();
  const matches = keys.flatMap(key => {
    const hmac = createHmac(algorithm, key);
    for (const part of parts) hmac.update(part);
    const expected = hmac.digest();
    return signatures.map(one => one.length === expected.length && timingSafeEqual(one, expected));
  });
  return matches.includes(true);
}

/** The bytes of a SHA-256 in hex; null for anything else. Lower case alone: a signature has one spelling. */
export function hexSha256(text: string): Buffer | null {
  return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : null;
}

/** The bytes of base64 text in its one canonical form; null for anything else, such as trailing junk. */
export function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : null;
}

/** Importing a key costs more than verifying with it. */
const publicKeys = new Map<string, KeyObject | null>();

/** The public key in base64 of its SubjectPublicKeyInfo, with or without PEM armour; null where there is none. */
export function publicKey(spki: string): KeyObject | null {
  const known = publicKeys.get(spki);
  if (known !== undefined) return known;
  const key = importedKey(Buffer.from(spki.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64'));
  publicKeys.set(spki, key);
  return key;
}

function importedKey(der: Buffer): KeyObject | null {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}
