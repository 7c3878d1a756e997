import type { Refusal } from '../provider.ts';
import { hexSha256, isHmacOf, usable } from './constant-time.ts';

/**
 * A header with the hex HMAC-SHA256 of some text, as many providers sign.
 *
 * @param signature the header's value
 * @param secrets each the key as it is: not decoded, whatever it looks like
 * @param signed what is signed, one part after the other
 */
export function verifyHexHmac(
  signature: string | undefined,
  secrets: readonly string[],
  ...signed: readonly (string | Buffer)[]
): Refusal | null {
  const keys = usable(secrets);
  if (keys.length === 0) return 'no_secret_configured';
  const given = signature?.trim();
  if (!given) return 'missing_signature';
  const bytes = hexSha256(given);
  if (bytes === null) return 'malformed_signature';
  return isHmacOf(bytes, 'sha256', keys, ...signed) ? null : 'wrong_signature';
}
