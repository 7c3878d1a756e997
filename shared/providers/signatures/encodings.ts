/** Signatures as bytes. A signature has one spelling: trailing junk or another letter case is refused. */

/** Longer than any real header. A longer one is refused unread. */
export const maxHeaderLength = 4_096;

/** The bytes of a SHA-256 in hex, in lower case; null for anything else. */
export function hexSha256(text: string): Buffer | null {
  return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : null;
}

/** The bytes of base64 text in its one canonical form; null for anything else. */
export function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : null;
}
