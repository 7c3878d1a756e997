import { freshWithin, isHmacOf, longestHeader, strictBase64, timeliness, usable } from './authentication.ts';
import type { ProviderRequest, Refusal } from './provider.ts';

/**
 * The signature scheme of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`.
 * The header may hold several signatures, separated by spaces, while a secret is rotated; one good one is enough.
 *
 * @param secrets each `whsec_` and base64, or the base64 alone
 * @param prefix of the three headers: `webhook`, or `svix`
 */
export function verifyStandardWebhook(
  { headers, body, receivedAt }: ProviderRequest,
  secrets: readonly string[],
  prefix: 'webhook' | 'svix' = 'webhook',
): Refusal | null {
  const keys = usable(secrets).flatMap(secret => strictBase64(secret.trim().replace(/^whsec_/, '')) ?? []);
  if (keys.length === 0) return 'no_secret_configured';
  const id = headers[`${prefix}-id`] ?? '';
  const timestamp = headers[`${prefix}-timestamp`] ?? '';
  const signatures = headers[`${prefix}-signature`] ?? '';
  if (id.trim() === '' || timestamp.trim() === '' || signatures.trim() === '') return 'missing_signature';
  if (id.length + signatures.length > longestHeader) return 'malformed_signature';
  const untimely = timeliness(timestamp, receivedAt, freshWithin, freshWithin);
  if (untimely !== null) return untimely;

  const given = signatures.split(' ').flatMap(signature => {
    const bytes = signature.startsWith('v1,') ? strictBase64(signature.slice('v1,'.length)) : null;
    return bytes?.length === 32 ? [bytes] : [];
  });
  if (given.length === 0) return 'malformed_signature';
  return isHmacOf(given, 'sha256', keys, `${id}.${timestamp}.`, body) ? null : 'wrong_signature';
}
