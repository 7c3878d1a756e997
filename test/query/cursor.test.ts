import { describe, expect, it } from 'vitest';
import { createCursors } from '../../functions/query/cursor.ts';
import type { EmailFilter } from '../../shared/email/reader.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const cursors = createCursors(async () => 'the key of the tests');
const filter: EmailFilter = { accountId: 'acme', recipient: 'jane@example.com' };
const position = { at: noon, emailId: '1DZjF2AADY_dcLEkx0RUug' };

describe('a cursor', () => {
  it('is read again for its list', async () => {
    for (const one of [position, { at: 0, emailId: null }]) {
      expect(await cursors.positionOf(filter, await cursors.of(filter, one))).toEqual(one);
    }
  });

  it('is the same for the same place, so that a page that has not changed keeps its ETag', async () => {
    expect(await cursors.of(filter, position)).toBe(await cursors.of({ ...filter }, { ...position }));
  });

  it("tells nothing of the email where a page ended: where nearly all of an address are others', it is one of theirs", async () => {
    const text = Buffer.from(await cursors.of(filter, position), 'base64url').toString('latin1');
    expect(text).not.toContain(position.emailId);
    expect(text).not.toContain(String(position.at));
  });

  it('is nothing to another list, to another key, or with any of its characters changed', async () => {
    const cursor = await cursors.of(filter, position);
    const changed = Array.from(cursor, (character, at) =>
      [character === 'A' ? 'B' : 'A', '', `${character}=`].map(
        other => cursor.slice(0, at) + other + cursor.slice(at + 1),
      ),
    ).flat();
    for (const other of ['', 'A', 'A'.repeat(38), ...changed])
      expect(await cursors.positionOf(filter, other)).toBeNull();
    expect(await cursors.positionOf({ ...filter, accountId: 'globex' }, cursor)).toBeNull();
    expect(await cursors.positionOf({ ...filter, attention: true }, cursor)).toBeNull();
    expect(await createCursors(async () => 'another').positionOf(filter, cursor)).toBeNull();
  });

  it('is not called wrong while its key is out of reach', async () => {
    const cursor = await cursors.of(filter, position);
    const keyless = createCursors(() => Promise.reject(new Error('out of reach')));
    await expect(keyless.positionOf(filter, cursor)).rejects.toThrow('out of reach');
  });
});
