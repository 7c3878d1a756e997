import type { ProviderRequest, Verification } from '../provider.ts';
import { isOneOf } from './constant-time.ts';
import { maxHeaderLength } from './encodings.ts';
import { genuine, usable } from './verification.ts';

/**
 * A secret of ours in the webhook's URL, `?secret=...`, or in the header `x-webhook-secret`. It is for providers that
 * neither sign nor take user and password.
 */
export function verifyUrlSecret({ url, headers }: ProviderRequest, secrets: readonly string[]): Verification {
  const ours = usable(secrets);
  if (ours.length === 0) return 'no_secret_configured';
  const inUrl = queryOf(url).getAll('secret');
  const given = headers['x-webhook-secret'] ?? inUrl[0] ?? '';
  if (given.trim() === '') return 'missing_signature';
  if (given.length > maxHeaderLength || inUrl.length > 1) return 'malformed_signature';
  return isOneOf(given, ours) ? genuine : 'wrong_signature';
}

/** The parameters of a request's URL. */
export function queryOf(url: string): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}
