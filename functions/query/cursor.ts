import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import * as z from 'zod/mini';
import { emailIdShape } from '../../shared/email/event.ts';
import type { Position } from '../../shared/email/position.ts';
import type { EmailFilter } from '../../shared/email/reader.ts';

/** The key that seals cursors; rejects while it is unavailable. */
export type CursorKey = () => Promise<string>;

/** Makes and reads cursors: opaque texts that say where a list continues. A cursor is valid only for its own list. */
export interface Cursors {
  of(filter: EmailFilter, position: Position): Promise<string>;
  /**
   * null if {@link Cursors.of} did not make the cursor for this filter: it was altered, or belongs to another list or
   * account.
   */
  positionOf(filter: EmailFilter, cursor: string): Promise<Position | null>;
}

const content = z.tuple([z.int().check(z.nonnegative()), z.nullable(z.string().check(z.regex(emailIdShape)))]);

const algorithm = 'aes-256-gcm';
/** The algorithm's nonce, in bytes. */
const nonceLength = 12;
const tagLength = 16;

/**
 * Cursors are encrypted, not only signed. A page may end at an email that its reader may not see: another account's
 * email to the same recipient.
 */
export function createCursors(key: CursorKey): Cursors {
  return {
    async of(filter, { at, emailId }) {
      const secret = await key();
      const text = JSON.stringify([at, emailId]);
      const bound = boundTo(filter);
      // The nonce is derived from the content: the same position gives the same cursor, and the same page the same
      // ETag.
      const nonce = derived(secret, 'nonce', bound, text).subarray(0, nonceLength);
      const cipher = createCipheriv(algorithm, derived(secret, 'cursor'), nonce).setAAD(Buffer.from(bound));
      return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64url');
    },

    async positionOf(filter, cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      // Only one spelling is valid: base64 can write the same bytes in several ways.
      if (bytes.length < nonceLength + tagLength || bytes.toString('base64url') !== cursor) return null;
      const secret = await key();
      try {
        const decipher = createDecipheriv(algorithm, derived(secret, 'cursor'), bytes.subarray(0, nonceLength), {
          authTagLength: tagLength,
        })
          .setAAD(Buffer.from(boundTo(filter)))
          .setAuthTag(bytes.subarray(-tagLength));
        const text =
          decipher.update(bytes.subarray(nonceLength, -tagLength), undefined, 'utf8') + decipher.final('utf8');
        const [at, emailId] = content.parse(JSON.parse(text));
        return { at, emailId };
      } catch {
        return null;
      }
    },
  };
}

/** A key or nonce of 32 bytes for one purpose. */
function derived(secret: string, ...purpose: readonly string[]): Buffer {
  return createHmac('sha256', secret).update(JSON.stringify(purpose)).digest();
}

/** All values that decide which emails a list holds, and in which order. */
function boundTo({ accountId, status, cause, attention, recipient, reference, from, to }: EmailFilter): string {
  const parts = [accountId, status, cause, attention, recipient, reference, from, to];
  return JSON.stringify(parts.map(part => part ?? null));
}
