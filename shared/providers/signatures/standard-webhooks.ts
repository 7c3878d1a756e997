import type { ProviderRequest, Verification } from '../provider.ts';
import { maxHeaderLength, strictBase64 } from './encodings.ts';
import { isHmacOf } from './hmac.ts';
import { freshWithinMs, maxClockSkewMs, timeliness } from './timestamps.ts';
import { genuine, usable } from './verification.ts';

/** The ways in which a sender departs from the standard. */
export interface Variant {
  /** The HMAC's key in a secret; null if there is none. The standard's key is base64, with or without `whsec_`. */
  readonly keyOf?: (secret: string) => string | Buffer | null;
  /**
   * The signatures in the header, null for an unusable one. The standard's are `v1,` and base64, separated by spaces.
   */
  readonly signaturesIn?: (header: string) => readonly (Buffer | null)[];
  /** The age that a request may have, in milliseconds: as long as the sender tries with the first try's time. */
  readonly oldest?: number;
}

/**
 * The signature scheme of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`.
 * The header may hold several signatures, separated by spaces, while a secret is rotated; one good one is enough.
 *
 * @param prefix of the three headers: `webhook`, or `svix`
 */
export function verifyStandardWebhook(
  { headers, body, receivedAt }: ProviderRequest,
  secrets: readonly string[],
  prefix: 'webhook' | 'svix' = 'webhook',
  { keyOf = decodedKey, signaturesIn = versionedSignatures, oldest = freshWithinMs }: Variant = {},
): Verification {
  const keys = usable(secrets).flatMap(secret => keyOf(secret) ?? []);
  if (keys.length === 0) return 'no_secret_configured';
  const id = headers[`${prefix}-id`] ?? '';
  const timestamp = headers[`${prefix}-timestamp`] ?? '';
  const signatures = headers[`${prefix}-signature`] ?? '';
  if (id.trim() === '' || timestamp.trim() === '' || signatures.trim() === '') return 'missing_signature';
  if (id.length + signatures.length > maxHeaderLength) return 'malformed_signature';
  const untimely = timeliness(timestamp, receivedAt, oldest, Math.min(oldest, maxClockSkewMs));
  if (untimely !== null) return untimely;

  const given = signaturesIn(signatures).filter(bytes => bytes?.length === 32);
  if (given.length === 0) return 'malformed_signature';
  return isHmacOf(given as Buffer[], 'sha256', keys, `${id}.${timestamp}.`, body) ? genuine : 'wrong_signature';
}

function decodedKey(secret: string): Buffer | null {
  return strictBase64(secret.trim().replace(/^whsec_/, ''));
}

function versionedSignatures(header: string): readonly (Buffer | null)[] {
  return header
    .split(' ')
    .map(signature => (signature.startsWith('v1,') ? strictBase64(signature.slice('v1,'.length)) : null));
}
