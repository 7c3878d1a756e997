import { hash } from 'node:crypto';

/** 22 characters of base64url(SHA-256) over fields that cannot run into each other. */
export function shortHash(...fields: readonly (string | number)[]): string {
  return hash('sha256', JSON.stringify(fields), 'base64url').slice(0, 22);
}
