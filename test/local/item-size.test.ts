import { describe, expect, it } from 'vitest';
import { itemBytes } from '../../infra/local/services/item-size.ts';

describe('the size of an item', () => {
  it.each([
    ['texts, in UTF-8', { a: { S: 'ü' } }, 3],
    ['numbers, two digits a byte', { a: { N: '1767312000123' } }, 9],
    ['zeros at the ends of numbers, which take no room', { a: { N: '-0.0120' } }, 3],
    ['bytes, also where they are written in base64', { a: { B: new Uint8Array(4) }, b: { B: 'AAAAAA==' } }, 10],
    ['sets', { a: { SS: ['xy', 'z'] } }, 4],
    [
      'maps and lists, with their own bytes',
      { a: { M: { b: { L: [{ BOOL: true }, { NULL: true }] } } } },
      1 + 3 + 1 + 1 + 3 + 4,
    ],
  ])('counts %s', (_what, item, bytes) => {
    expect(itemBytes(item as never)).toBe(bytes);
  });
});
