import type { Nonce } from '../provider.ts';

/** The verification of a request whose signature covers all of it. */
export const genuine: readonly Nonce[] = [];

/** The secrets that can verify anything: an empty or blank one cannot. */
export function usable(secrets: readonly string[]): readonly string[] {
  return secrets.filter(secret => secret.trim() !== '');
}
