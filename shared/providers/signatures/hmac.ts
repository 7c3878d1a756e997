import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Verification } from '../provider.ts';
import { hexSha256 } from './encodings.ts';
import { genuine, usable } from './verification.ts';

/**
 * Whether one of `given` is the HMAC of the joined `parts` under one of `keys`. The time that it takes does not tell which.
 */
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

/**
 * A header with the hex HMAC-SHA256 of some text, as many providers sign.
 *
 * @param signature the header's value
 * @param secrets each the key as it is: not decoded, whatever it looks like
 * @param signed the signed parts, one after the other
 */
export function verifyHexHmac(
  signature: string | undefined,
  secrets: readonly string[],
  ...signed: readonly (string | Buffer)[]
): Verification {
  const keys = usable(secrets);
  if (keys.length === 0) return 'no_secret_configured';
  const given = signature?.trim();
  if (!given) return 'missing_signature';
  const bytes = hexSha256(given);
  if (bytes === null) return 'malformed_signature';
  return isHmacOf(bytes, 'sha256', keys, ...signed) ? genuine : 'wrong_signature';
}
