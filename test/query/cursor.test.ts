import { describe, expect, it } from 'vitest';
import { createCursors } from '../../functions/query/cursor.ts';
import type { EmailFilter } from '../../shared/email/reader.ts';
import { noon } from '../rigs/arbitrary-events.ts';

const cursors = createCursors(async () => 'the key of the tests');
const filter: EmailFilter = { accountId: 'acme', recipient: 'jane@example.com' };
const position = { at: noon, emailId: '1DZjF2AADY_dcLEkx0RUug' };

describe('a cursor', () => {
  it('can be read for its own list', async () => {
    for (const one of [position, { at: 0, emailId: null }]) {
      expect(await cursors.positionOf(filter, await cursors.of(filter, one))).toEqual(one);
    }
  });

  it('is the same for the same place, so that an unchanged page keeps its ETag', async () => {
    expect(await cursors.of(filter, position)).toBe(await cursors.of({ ...filter }, { ...position }));
  });

  it("reveals nothing about the email at the end of a page, which may be another account's", async () => {
    const text = Buffer.from(await cursors.of(filter, position), 'base64url').toString('latin1');
    expect(text).not.toContain(position.emailId);
    expect(text).not.toContain(String(position.at));
  });

  it('is invalid for another list, under another key, and with any changed character', async () => {
    const cursor = await cursors.of(filter, position);
    const changed = Array.from(cursor, (character, at) =>
      [character === 'A' ? 'B' : 'A', '', `${character}=`].map(
        other => cursor.slice(0, at) + other + cursor.slice(at + 1),
      ),
    ).flat();
    for (const other of ['', 'A', 'A'.repeat(38), ...changed])
      expect(await cursors.positionOf(filter, other)).toBeNull();
    expect(await cursors.positionOf({ ...filter, accountId: 'globex' }, cursor)).toBeNull();
    expect(await cursors.positionOf({ ...filter, attention: 'act' }, cursor)).toBeNull();
    expect(await createCursors(async () => 'another').positionOf(filter, cursor)).toBeNull();
  });

  it('does not count as invalid while its key is unavailable', async () => {
    const cursor = await cursors.of(filter, position);
    const keyless = createCursors(() => Promise.reject(new Error('out of reach')));
    await expect(keyless.positionOf(filter, cursor)).rejects.toThrow('out of reach');
  });
});
