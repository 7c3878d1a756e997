import { describe, expect, it } from 'vitest';
import { providers } from '../../../shared/providers/registry.ts';
import { timeliness } from '../../../shared/providers/signatures/timestamps.ts';
import { fixture, requestOf } from '../../fixtures/fixtures.ts';
import { signingKeys } from '../../fixtures/signing.ts';
import { noon } from '../../rigs/arbitrary-events.ts';

const minute = 60_000;

describe('a signed time', () => {
  const at = (offset: number, oldest = 5 * minute, furthest?: number) =>
    timeliness(String(noon / 1000), noon + offset, oldest, furthest);

  it('is believed to the very end of its window, and not a millisecond longer', () => {
    expect(at(5 * minute)).toBeNull();
    expect(at(5 * minute + 1)).toBe('stale_timestamp');
    expect(at(0, 0)).toBeNull();
    expect(at(1, 0)).toBe('stale_timestamp');
  });

  it('is believed ten minutes ahead of our clock, or as far as is said, and not a millisecond more', () => {
    expect(at(-10 * minute)).toBeNull();
    expect(at(-10 * minute - 1)).toBe('stale_timestamp');
    expect(at(-2 * minute, 5 * minute, 2 * minute)).toBeNull();
    expect(at(-2 * minute - 1, 5 * minute, 2 * minute)).toBe('stale_timestamp');
  });

  it.each(['', '0', '01767355200', '1767355200.0', '17673552000', ' 1767355200', '-1767355200', '1e9', '12345678'])(
    '%j is none',
    seconds => {
      expect(timeliness(seconds, noon, minute)).toBe('malformed_signature');
    },
  );
});

describe('a signature is in force', () => {
  const hour = 60 * minute;

  /** In milliseconds, how long after its time and how long before it. */
  it.each([
    ['sendgrid', 'delivered', 25 * hour, 10 * minute],
    ['mailgun', 'delivered', 9 * hour, 10 * minute],
    ['resend', 'email.delivered', 5 * minute, 5 * minute],
    ['loops', 'email.delivered', 5 * minute, 5 * minute],
    ['app', 'email.delivered', 5 * minute, 5 * minute],
    ['emailit', 'email.delivered', 5 * minute, 5 * minute],
    ['usesend', 'email.delivered', 5 * minute, 5 * minute],
  ] as const)('%s: to the last millisecond of its window', async (name, fixtureName, after, before) => {
    const { secret, sign } = signingKeys(name);
    const signed = sign(fixture(name, fixtureName), noon);
    const verifiedAt = (receivedAt: number) => providers[name].verify(requestOf(signed, receivedAt), [secret]);
    for (const inForce of [noon + after, noon - before]) expect(verifiedAt(inForce)).toBeInstanceOf(Array);
    for (const stale of [noon + after + 1, noon - before - 1]) expect(verifiedAt(stale)).toBe('stale_timestamp');
  });
});
