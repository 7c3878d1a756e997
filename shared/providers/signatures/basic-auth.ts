import { utf8Text } from '../../runtime/text.ts';
import type { ProviderRequest, Verification } from '../provider.ts';
import { isOneOf } from './constant-time.ts';
import { maxHeaderLength, strictBase64 } from './encodings.ts';
import { genuine, usable } from './verification.ts';

/**
 * HTTP basic authentication (RFC 7617), for providers that sign nothing.
 *
 * @param secrets each `user:password`; the password may hold colons
 */
export function verifyBasicAuth({ headers }: ProviderRequest, secrets: readonly string[]): Verification {
  const pairs = usable(secrets).filter(secret => /^[^:]+:./s.test(secret));
  if (pairs.length === 0) return 'no_secret_configured';
  const header = headers.authorization?.trim();
  if (!header) return 'missing_signature';
  if (header.length > maxHeaderLength) return 'malformed_signature';
  const encoded = /^basic +(\S+)$/i.exec(header)?.[1];
  const bytes = encoded === undefined ? null : strictBase64(encoded);
  const given = bytes && utf8Text(bytes);
  if (!given?.includes(':')) return 'malformed_signature';
  // Comparing whole pairs is exact: a user's name cannot hold a colon.
  return isOneOf(given, pairs) ? genuine : 'wrong_signature';
}
