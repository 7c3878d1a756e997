import type { Nonce } from '../provider.ts';

/** The verification of a request whose signature covers all of it. */
export const genuine: readonly Nonce[] = [];

/** The secrets that can verify anything: not the empty and the blank ones. */
export function usable(secrets: readonly string[]): readonly string[] {
  return secrets.filter(secret => secret.trim() !== '');
}
