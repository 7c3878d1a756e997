import { createPublicKey, type KeyObject } from 'node:crypto';

/** Importing a key costs more than verifying with it. */
const publicKeys = new Map<string, KeyObject | null>();

/** The public key in base64 of its SubjectPublicKeyInfo, with or without PEM armour; null where there is none. */
export function publicKey(spki: string): KeyObject | null {
  const known = publicKeys.get(spki);
  if (known !== undefined) return known;
  const key = importedKey(Buffer.from(spki.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64'));
  publicKeys.set(spki, key);
  return key;
}

function importedKey(der: Buffer): KeyObject | null {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}
