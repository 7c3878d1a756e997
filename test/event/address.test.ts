import { describe, expect, it } from 'vitest';
import { addressesIn, addressOf, isAddress } from '../../shared/address.ts';

const addresses = (header: string) => addressesIn(header).map(addressOf);

describe('the addresses of a header', () => {
  it.each([
    ['jane@example.com', ['jane@example.com']],
    ['Jane <Jane@Example.com>', ['jane@example.com']],
    [
      '"Doe, Jane" <jane@example.com>, joe@example.com,<mei@example.com>',
      ['jane@example.com', 'joe@example.com', 'mei@example.com'],
    ],
    ['jane@example.com (Jane, at work), joe@example.com', ['jane@example.com', 'joe@example.com']],
    ['"a\\"b, c"@example.com', ['"a\\"b, c"@example.com']],
    ['', ['']],
  ])('%j are %j', (header, expected) => {
    expect(addresses(header)).toEqual(expected);
  });

  it.each(['<', '"\\"', '(', ',', 'a@b,'])('many %j take no time', text => {
    const begun = performance.now();
    addressesIn(text.repeat(20_000));
    addressesIn(text.repeat(1_000).slice(0, 5_000));
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

describe('one address', () => {
  it.each([
    'jane@example.com',
    '"odd, name; (x)"@example.com',
    'jane@[192.0.2.1]',
    'jane@[IPv6:2001:db8::1]',
    'ü@bücher.example',
  ])('can be %s', text => {
    expect(isAddress(text)).toBe(true);
  });

  it.each(['', 'jane', '<>', 'a@b.example;', 'team: a@b.example', 'a@b, c@d', 'a b@c', '@example.com', 'jane@'])(
    'cannot be %j',
    text => {
      expect(isAddress(text)).toBe(false);
    },
  );
});
