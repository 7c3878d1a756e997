import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import * as z from 'zod/mini';
import { emailIdShape } from '../../shared/email/event.ts';
import type { EmailFilter, Position } from '../../shared/email/reader.ts';

/** The key that cursors are sealed with; rejects while it is out of reach. */
export type CursorKey = () => Promise<string>;

/** Makes and reads cursors: where a list goes on, as opaque text that is good for that very list alone. */
export interface Cursors {
  of(filter: EmailFilter, position: Position): Promise<string>;
  /** null for what {@link Cursors.of} did not give for this filter: changed, another list's or another account's. */
  positionOf(filter: EmailFilter, cursor: string): Promise<Position | null>;
}

const content = z.tuple([z.int().check(z.nonnegative()), z.nullable(z.string().check(z.regex(emailIdShape)))]);

const algorithm = 'aes-256-gcm';
/** Of that algorithm, in bytes. */
const nonceLength = 12;
const tagLength = 16;

/**
 * Cursors are sealed, not only signed: a page may end at an email that its reader may not see, one of another account's
 * to the same recipient.
 */
export function createCursors(key: CursorKey): Cursors {
  return {
    async of(filter, { at, emailId }) {
      const secret = await key();
      const text = JSON.stringify([at, emailId]);
      const bound = boundTo(filter);
      // Out of what it seals: the same place has the same cursor, and so the same page the same ETag.
      const nonce = derived(secret, 'nonce', bound, text).subarray(0, nonceLength);
      const cipher = createCipheriv(algorithm, derived(secret, 'cursor'), nonce).setAAD(Buffer.from(bound));
      return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64url');
    },

    async positionOf(filter, cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      // One place has one text: base64 can be written in several ways.
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

/** A key, or a nonce, of 32 bytes for one purpose. */
function derived(secret: string, ...purpose: readonly string[]): Buffer {
  return createHmac('sha256', secret).update(JSON.stringify(purpose)).digest();
}

/** All that decides which emails a list holds and in which order. */
function boundTo({ accountId, status, attention, recipient, reference, from, to }: EmailFilter): string {
  return JSON.stringify([accountId, status, attention, recipient, reference, from, to].map(part => part ?? null));
}
