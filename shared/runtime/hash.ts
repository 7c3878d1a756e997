import { hash } from 'node:crypto';

/** 22 characters of base64url(SHA-256) over the fields; no two lists of fields give the same input. */
export function shortHash(...fields: readonly (string | number)[]): string {
  return hash('sha256', JSON.stringify(fields), 'base64url').slice(0, 22);
}
