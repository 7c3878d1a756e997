import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod/mini';
import { emailIdShape } from '../../shared/event.ts';
import type { EmailFilter, Position } from '../../shared/reader.ts';

/** The key that cursors are signed with; rejects while it is out of reach. */
export type CursorKey = () => Promise<string>;

/** Makes and reads cursors: where a list goes on, as opaque text that is good for that very list alone. */
export interface Cursors {
  of(filter: EmailFilter, position: Position): Promise<string>;
  /** null for what {@link Cursors.of} did not give for this filter: changed, another list's or another account's. */
  positionOf(filter: EmailFilter, cursor: string): Promise<Position | null>;
}

const content = z.tuple([
  z.int().check(z.nonnegative()),
  z.nullable(z.string().check(z.regex(emailIdShape))),
  z.string(),
]);

export function createCursors(key: CursorKey): Cursors {
  const of: Cursors['of'] = async (filter, { at, emailId }) => {
    const signature = createHmac('sha256', await key())
      .update(JSON.stringify([...boundTo(filter), at, emailId]))
      .digest('base64url')
      .slice(0, 22);
    return Buffer.from(JSON.stringify([at, emailId, signature])).toString('base64url');
  };
  return {
    of,
    async positionOf(filter, cursor) {
      const position = positionIn(cursor);
      if (position === null) return null;
      const [given, genuine] = [cursor, await of(filter, position)].map(text => Buffer.from(text));
      return given!.length === genuine!.length && timingSafeEqual(given!, genuine!) ? position : null;
    },
  };
}

/** All that decides which emails a list holds and in which order. */
function boundTo({ accountId, status, attention, recipient, reference, from, to }: EmailFilter) {
  return [accountId, status, attention, recipient, reference, from, to].map(part => part ?? null);
}

function positionIn(cursor: string): Position | null {
  try {
    const [at, emailId] = content.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { at, emailId };
  } catch {
    return null;
  }
}
